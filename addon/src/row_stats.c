#include "row_stats.h"

#include <math.h>

int64_t block_count(int64_t cols) { return (cols + BLOCK_COLS - 1) / BLOCK_COLS; }

/* Chan, Golub, LeVeque 1979, "Updating formulae and a pairwise algorithm for computing sample
 * variances". */
struct moments moments_combined(struct moments a, int64_t a_n, struct moments b, int64_t b_n) {
  const int64_t n = a_n + b_n;
  const double delta = b.mean - a.mean;
  return (struct moments){
      .mean = a.mean + delta * b_n / n,
      .m2 = a.m2 + b.m2 + delta * delta * ((double)a_n * b_n / n),
  };
}

static struct row_stats stats_of(struct moments moments, float x0, int64_t cols, double epsilon) {
  const double v = moments.m2 / cols + epsilon;
  return (struct row_stats){
      .x0 = x0,
      .m = moments.mean - x0,
      .rstd = v == 0 ? 0 : 1 / sqrt(v),
  };
}

struct row_stats row_stats_of(struct moments moments, const float* x, int64_t cols, double epsilon,
                              bool center) {
  const float x0 = row_x0(x, center);
  const struct row_stats stats = stats_of(moments, x0, cols, epsilon);
  if (row_fits_float(stats.rstd)) return stats;
  return stats_of(row_kernels_double.moments(x, cols, center), x0, cols, epsilon);
}

struct row_stats row_stats_measured(const float* x, int64_t cols, double epsilon, bool center) {
  const struct row_kernels* kernels = row_kernels_fast();
  struct moments moments = kernels->moments(x, min_int64(BLOCK_COLS, cols), center);
  for (int64_t first = BLOCK_COLS; first < cols; first += BLOCK_COLS) {
    const int64_t n = min_int64(BLOCK_COLS, cols - first);
    moments = moments_combined(moments, first, kernels->moments(x + first, n, center), n);
  }
  return row_stats_of(moments, x, cols, epsilon, center);
}
