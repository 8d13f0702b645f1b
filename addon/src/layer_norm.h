/** Layer normalisation of plain arrays; no TensorFlow here. */
#ifndef LAYER_NORM_H
#define LAYER_NORM_H

#include <stdbool.h>
#include <stdint.h>

struct layer_norm {
  int64_t rows; /* ≥ 1 */
  int64_t cols; /* ≥ 1 */
  double epsilon;
  bool center;        /* false: RMS normalisation, the mean is taken to be 0 */
  const float* x;     /* [rows, cols] */
  const float* gamma; /* [cols] or NULL */
  const float* beta;  /* [cols] or NULL */
  float* y;           /* [rows, cols] */
  float* stats;       /* [rows, 2]: mean − the row's first number (0 if not centred), rstd */
};

/** Fills y and stats. Returns false if memory ran out. */
bool layer_norm(const struct layer_norm* call);

struct layer_norm_grad {
  int64_t rows; /* ≥ 1 */
  int64_t cols; /* ≥ 1 */
  double epsilon;
  bool center;
  const float* dy;    /* [rows, cols] */
  const float* x;     /* [rows, cols] */
  const float* stats; /* [rows, 2], as layer_norm gave them */
  const float* gamma; /* [cols] or NULL */
  float* dx;          /* [rows, cols] */
  float* dgamma;      /* [cols] */
  float* dbeta;       /* [cols] */
};

/** Fills dx, dgamma and dbeta. Returns false if memory ran out. */
bool layer_norm_grad(const struct layer_norm_grad* call);

#endif
