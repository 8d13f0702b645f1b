/** The statistics of a row from the moments of its pieces. */
#ifndef ROW_STATS_H
#define ROW_STATS_H

#include "row_kernels.h"

static inline int64_t min_int64(int64_t a, int64_t b) { return a < b ? a : b; }

/** Number of pieces of a row. */
int64_t block_count(int64_t cols);

/** Moments of two pieces together, of a_n and b_n numbers. */
struct moments moments_combined(struct moments a, int64_t a_n, struct moments b, int64_t b_n);

/** x₀, which the statistics are relative to: the row's first number, or 0 without centring. */
static inline float row_x0(const float* x, bool center) { return center ? x[0] : 0; }

/**
 * The statistics of a whole row, given its moments from the fast kernels; they are measured again in
 * double where those would not do. rstd = 1/√(m2/n + epsilon), and 0 where that sum is 0: a constant
 * row without epsilon, whose x̂ is 0.
 */
struct row_stats row_stats_of(struct moments moments, const float* x, int64_t cols, double epsilon,
                              bool center);

/** The statistics of a whole row, from x alone. */
struct row_stats row_stats_measured(const float* x, int64_t cols, double epsilon, bool center);

#endif
