#include "row_stats.h"

#include <math.h>

int64_t block_count(int64_t cols) { return (cols + BLOCK_COLS - 1) / BLOCK_COLS; }

/* Chan, Golub, LeVeque 1979, "Updating formulae and a pairwise algorithm for computing sample
 * variances". */
struct moments moments_combined(struct moments a, struct moments b) {
  const int64_t n = a.n + b.n;
  const double delta = b.mean - a.mean;
  return (struct moments){
      .n = n,
      .mean = a.mean + delta * b.n / n,
      .m2 = a.m2 + b.m2 + delta * delta * ((double)a.n * b.n / n),
  };
}

static struct row_stats stats_of(struct moments moments, float x0, double epsilon) {
  const double v = moments.m2 / moments.n + epsilon;
  return (struct row_stats){
      .x0 = x0,
      .m = moments.mean - x0,
      .rstd = v == 0 ? 0 : 1 / sqrt(v),
  };
}

struct row_stats row_stats_of(struct moments moments, const float* x, double epsilon,
                              bool center) {
  const float x0 = row_x0(x, center);
  const struct row_stats stats = stats_of(moments, x0, epsilon);
  if (row_kernels_for(stats.rstd) != &row_kernels_double) return stats;
  return stats_of(row_kernels_double.moments(x, moments.n, center), x0, epsilon);
}

struct row_stats row_stats_measured(const float* x, int64_t cols, double epsilon, bool center) {
  const struct row_kernels* kernels = row_kernels_fast();
  struct moments moments = kernels->moments(x, min_int64(BLOCK_COLS, cols), center);
  for (int64_t first = BLOCK_COLS; first < cols; first += BLOCK_COLS) {
    const int64_t n = min_int64(BLOCK_COLS, cols - first);
    moments = moments_combined(moments, kernels->moments(x + first, n, center));
  }
  return row_stats_of(moments, x, epsilon, center);
}
