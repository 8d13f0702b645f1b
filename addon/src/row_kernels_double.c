/**
 * The row kernels in double, for rows whose squares overflow or vanish in float32 (|x| about 1e18
 * and more, or a spread of 1e-15 and less), and for rows that hold NaN or infinity.
 */
#include <stddef.h>

#include "row_kernels.h"

static struct moments moments(const float* x, int64_t n, bool center) {
  double sum = 0;
  for (int64_t i = 0; center && i < n; i++) sum += x[i];
  const double mean = sum / n;

  double m2 = 0;
  for (int64_t i = 0; i < n; i++) m2 += (x[i] - mean) * (x[i] - mean);
  return (struct moments){.mean = mean, .m2 = m2};
}

static double xhat_of(float x, const struct row_stats* stats) {
  return (((double)x - stats->x0) - stats->m) * stats->rstd;
}

static void normalize(const float* x, int64_t n, const struct row_stats* stats, const float* gamma,
                      const float* beta, float* y) {
  for (int64_t i = 0; i < n; i++) {
    y[i] = xhat_of(x[i], stats) * (gamma ? gamma[i] : 1) + (beta ? beta[i] : 0);
  }
}

static struct gradient_sums gradient_sums(const float* dy, const float* x, const float* gamma,
                                          int64_t n, const struct row_stats* stats, double g0) {
  struct gradient_sums sums = {0};
  for (int64_t i = 0; i < n; i++) {
    const double xhat = xhat_of(x[i], stats);
    const double g = (double)dy[i] * (gamma ? gamma[i] : 1);
    sums.g += g - g0;
    sums.g_xhat += g * xhat;
  }
  return sums;
}

static void gradient(const struct gradient_block* block, const struct gradient_row* rows,
                     int count) {
  for (int r = 0; r < count; r++) {
    const struct gradient_row row = rows[r];
    const float* dy = block->dy + r * block->stride;
    const float* x = block->x + r * block->stride;
    float* dx = block->dx + r * block->stride;
    for (int64_t i = 0; i < block->n; i++) {
      const double xhat = xhat_of(x[i], &row.stats);
      const double g = (double)dy[i] * (block->gamma ? block->gamma[i] : 1);
      dx[i] = row.stats.rstd * (g - row.mean_g - xhat * row.mean_g_xhat);
      block->dgamma[i] += dy[i] * xhat;
      block->dbeta[i] += dy[i];
    }
  }
}

const struct row_kernels row_kernels_double = {
    .instruction_set = "double",
    .moments = moments,
    .normalize = normalize,
    .gradient_sums = gradient_sums,
    .gradient = gradient,
};
