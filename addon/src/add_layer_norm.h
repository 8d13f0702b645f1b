/** Layer normalisation of the sum of two plain arrays; no TensorFlow here. */
#ifndef ADD_LAYER_NORM_H
#define ADD_LAYER_NORM_H

#include "layer_norm.h"

struct add_layer_norm {
  const float* x;        /* [rows, cols] */
  const float* residual; /* [rows, cols] */
  float* sum;            /* [rows, cols] */
  /** What is done with the sum: its `x` is `sum`. */
  struct layer_norm norm;
};

/** Fills sum, and y and stats of `norm`. Returns false if memory ran out. */
bool add_layer_norm(const struct add_layer_norm* call);

#endif
