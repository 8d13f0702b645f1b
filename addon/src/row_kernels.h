/**
 * What is done to a piece of a row, in one place for each instruction set.
 *
 * The files layer_norm.c and layer_norm_grad.c divide [rows, cols] into pieces and put together
 * what comes back; only the functions here touch every element. A piece is at most `BLOCK_COLS`
 * columns of one row, so that a sum in float32 never gets long: sums of pieces are added up in
 * double.
 */
#ifndef ROW_KERNELS_H
#define ROW_KERNELS_H

#include <stdbool.h>
#include <stdint.h>

/** Columns of a piece: 16 KB, which stay in the first-level cache from one pass to the next. */
enum { BLOCK_COLS = 4096 };

/** Rows that `gradient` takes at once, so that it loads gamma, dgamma and dbeta once for all. */
enum { GROUP_ROWS = 4 };

/**
 * The mean of some numbers, and m2 = Σ(x − mean)². Without centring the mean is 0. m2 is infinite or NaN
 * where float32 cannot tell, or where the numbers themselves are infinite or NaN. Two doubles are returned
 * in registers; a third would send them all by way of memory.
 */
struct moments {
  double mean;
  double m2;
};

/**
 * The statistics of a row: x̂ = ((x − x0) − m)·rstd; src/kernels/contract.ts says why. They are passed
 * by address: a copy would be read by halves that overlap what was just written, which waits.
 */
struct row_stats {
  float x0;    /* the row's first number, or 0 without centring */
  double m;    /* mean − x0 */
  double rstd;
};

/**
 * Sums over a piece of a row, with g = gamma·dy. The mean of g is taken about the row's first g, g0,
 * so that it is exactly that number where all of them are.
 */
struct gradient_sums {
  double g;      /* Σ(g − g0) */
  double g_xhat; /* Σg·x̂ */
};

/** What `gradient` must know of a row. */
struct gradient_row {
  struct row_stats stats;
  double mean_g;
  double mean_g_xhat;
};

/** The buffers of `gradient`, each at the first row and column that it is to work on. */
struct gradient_block {
  int64_t n;           /* columns */
  int64_t stride;      /* from a row to the next in dy, x and dx */
  const float* dy;     /* [rows, n] */
  const float* x;      /* [rows, n] */
  const float* gamma;  /* [n] or NULL: all 1 */
  float* dx;           /* [rows, n] */
  float* dgamma;       /* [n], added to */
  float* dbeta;        /* [n], added to */
};

struct row_kernels {
  const char* instruction_set;

  struct moments (*moments)(const float* x, int64_t n, bool center);

  /** y = gamma·x̂ + beta; gamma or beta may be NULL. */
  void (*normalize)(const float* x, int64_t n, const struct row_stats* stats, const float* gamma,
                    const float* beta, float* y);

  /** gamma may be NULL. */
  struct gradient_sums (*gradient_sums)(const float* dy, const float* x, const float* gamma,
                                        int64_t n, const struct row_stats* stats, double g0);

  /** dx of `count` ≤ GROUP_ROWS rows, and what they add to dgamma and dbeta. */
  void (*gradient)(const struct gradient_block* block, const struct gradient_row* rows, int count);
};

/** The kernels in double, which are slow: for the rare row whose squares do not fit a float32. */
extern const struct row_kernels row_kernels_double;

/** The fastest that this processor can run. */
const struct row_kernels* row_kernels_fast(void);

/** Whether no square of x − mean, and no x̂, leaves the range of float32. NaN is in no bounds. */
static inline bool row_fits_float(double rstd) { return rstd > 1e-18 && rstd < 1e15; }

/** The kernels to use for a row with this rstd. */
static inline const struct row_kernels* row_kernels_for(double rstd) {
  return row_fits_float(rstd) ? row_kernels_fast() : &row_kernels_double;
}

/** Uses another instruction set from now on. Returns false if this processor has none so named. */
bool row_kernels_select(const char* instruction_set);

#endif
