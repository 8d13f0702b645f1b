/**
 * The row kernels in float32 vectors. The build compiles this file once for each instruction set,
 * with LANES floats to a vector and ROW_KERNELS the name to export.
 *
 * The vectors are those of GCC and clang, so that one text serves SSE, AVX2, AVX-512 and NEON.
 * Several accumulators run side by side: one alone would wait for its own last addition, and its
 * sum would be longer, thus less exact.
 */
#include <math.h>
#include <stddef.h>

#include "row_kernels.h"
#include "row_stats.h"

#if LANES > 4
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

typedef float vector __attribute__((vector_size(4 * LANES)));

/* A vector in memory: at the address of any float. */
typedef float unaligned_vector __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

#define STRINGIFY(text) #text
#define NAME_OF(instruction_set) STRINGIFY(instruction_set)

static inline vector load(const float* p) { return *(const unaligned_vector*)p; }

static inline void store(float* p, vector v) { *(unaligned_vector*)p = v; }

/**
 * a·b + c, rounded once where the processor can. It is written out where it is wanted: the build
 * forbids the compiler to fuse a product with a sum on its own (addon/binding.gyp says why).
 */
static inline vector multiply_add(vector a, vector b, vector c) {
#if LANES == 16
  return (vector)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif LANES == 8
  return (vector)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#elif defined(__aarch64__)
  return (vector)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
#else
  return a * b + c;
#endif
}

typedef float vector8 __attribute__((vector_size(32)));
typedef float vector4 __attribute__((vector_size(16)));
typedef float unaligned_vector4 __attribute__((vector_size(16), aligned(4), may_alias));

static inline vector4 load4(const float* p) { return *(const unaligned_vector4*)p; }

static inline float sum_of_four(vector4 v) { return (v[0] + v[2]) + (v[1] + v[3]); }

/* It adds halves that stay in registers: to go by way of memory took a sixth of a short row's time. */
static inline float sum_of_lanes(vector v) {
#if LANES == 16
  const union { vector whole; vector8 half[2]; } sixteen = {v};
  const union { vector8 whole; vector4 half[2]; } eight = {sixteen.half[0] + sixteen.half[1]};
  const vector4 four = eight.half[0] + eight.half[1];
#elif LANES == 8
  const union { vector whole; vector4 half[2]; } eight = {v};
  const vector4 four = eight.half[0] + eight.half[1];
#else
  const vector4 four = v;
#endif
  return sum_of_four(four);
}

/**
 * Columns whose float32 sums are put together in double. So no lane adds up more than 128 squares of
 * deviations, or 256 terms of a gradient: of 256 squares of 1 + 2⁻¹⁸ float32 loses 4e-6. A block has more
 * columns than this only where a vector has four lanes.
 */
enum { PIECE_COLS = 512 * LANES };

/** Σd and Σd² of d = x − m. */
struct deviation_sums {
  double d, d2;
};

static inline struct deviation_sums piece_deviations(const float* x, int64_t n, float m) {
  vector s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};
  vector q0 = {0}, q1 = {0}, q2 = {0}, q3 = {0};
  int64_t i = 0;
  for (; i + 4 * LANES <= n; i += 4 * LANES) {
    const vector d0 = load(x + i) - m;
    const vector d1 = load(x + i + LANES) - m;
    const vector d2 = load(x + i + 2 * LANES) - m;
    const vector d3 = load(x + i + 3 * LANES) - m;
    s0 += d0;
    s1 += d1;
    s2 += d2;
    s3 += d3;
    q0 = multiply_add(d0, d0, q0);
    q1 = multiply_add(d1, d1, q1);
    q2 = multiply_add(d2, d2, q2);
    q3 = multiply_add(d3, d3, q3);
  }
  for (; i + LANES <= n; i += LANES) {
    const vector d = load(x + i) - m;
    s0 += d;
    q0 = multiply_add(d, d, q0);
  }
  float rest_d = 0, rest_d2 = 0;
  for (; i < n; i++) {
    const float d = x[i] - m;
    rest_d += d;
    rest_d2 += d * d;
  }
  return (struct deviation_sums){
      .d = sum_of_lanes((s0 + s1) + (s2 + s3)) + rest_d,
      .d2 = sum_of_lanes((q0 + q1) + (q2 + q3)) + rest_d2,
  };
}

static inline struct deviation_sums sum_deviations(const float* x, int64_t n, float m) {
  struct deviation_sums sums = {0};
  for (int64_t first = 0; first < n; first += PIECE_COLS) {
    const struct deviation_sums piece =
        piece_deviations(x + first, min_int64(PIECE_COLS, n - first), m);
    sums.d += piece.d;
    sums.d2 += piece.d2;
  }
  return sums;
}

/** The mean of sixteen numbers, four at each of four places in the row; of fewer than four, of all. */
static inline float sample_mean(const float* x, int64_t n) {
  if (n < 4) {
    float sum = 0;
    for (int64_t i = 0; i < n; i++) sum += x[i];
    return sum / n;
  }
  const int64_t step = (n - 4) / 3;
  const vector4 sample = (load4(x) + load4(x + step)) + (load4(x + 2 * step) + load4(x + 3 * step));
  return sum_of_four(sample) / 16;
}

/**
 * The moments, from the sums of d = x − m for a number m near the mean: m2 = Σd² − (Σd)²/n. That is
 * exact for any m, and has as many digits as its two terms differ in. Where m was further from the mean
 * than two thirds of a standard deviation, the sums are taken anew about the mean that they gave.
 */
static struct moments moments(const float* x, int64_t n, bool center) {
  float m = center ? sample_mean(x, n) : 0;
  for (int attempt = 0; attempt < 2; attempt++) {
    const struct deviation_sums sums = sum_deviations(x, n, m);
    const double shift = center ? sums.d / n : 0;
    const double m2 = sums.d2 - shift * sums.d;
    if (m2 >= 0.7 * sums.d2) return (struct moments){.mean = m + shift, .m2 = m2};
    m += shift;
  }
  /* The spread is below the rounding of the mean: double must do. */
  return (struct moments){.mean = m, .m2 = NAN};
}

/** It is inlined with constants for `scale` and `offset`, so that each case has a loop without tests. */
static inline __attribute__((always_inline)) void normalize_as(
    const float* x, int64_t n, const struct row_stats* stats, const float* gamma, bool scale,
    const float* beta, bool offset, float* y) {
  const float x0 = stats->x0;
  const float m = stats->m;
  const float rstd = stats->rstd;
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    vector v = ((load(x + i) - x0) - m) * rstd;
    if (scale) v *= load(gamma + i);
    if (offset) v += load(beta + i);
    store(y + i, v);
  }
  for (; i < n; i++) {
    float v = ((x[i] - x0) - m) * rstd;
    if (scale) v *= gamma[i];
    if (offset) v += beta[i];
    y[i] = v;
  }
}

static void normalize(const float* x, int64_t n, const struct row_stats* stats, const float* gamma,
                      const float* beta, float* y) {
  if (gamma && beta) {
    normalize_as(x, n, stats, gamma, true, beta, true, y);
  } else if (gamma) {
    normalize_as(x, n, stats, gamma, true, NULL, false, y);
  } else if (beta) {
    normalize_as(x, n, stats, NULL, false, beta, true, y);
  } else {
    normalize_as(x, n, stats, NULL, false, NULL, false, y);
  }
}

/** Sums, lane by lane. */
struct gradient_lanes {
  vector g, g_xhat;
};

/** A row's statistics and first g in float32. */
struct gradient_origin {
  float x0, m, rstd, g0;
};

/** Adds one vector of x and of g to the sums. */
static inline void add_lanes(struct gradient_lanes* lanes, vector x, vector g,
                             struct gradient_origin row) {
  const vector xhat = ((x - row.x0) - row.m) * row.rstd;
  lanes->g += g - row.g0;
  lanes->g_xhat = multiply_add(g, xhat, lanes->g_xhat);
}

static inline __attribute__((always_inline)) vector g_at(const float* dy, const float* gamma,
                                                         bool scale, int64_t i) {
  vector g = load(dy + i);
  if (scale) g *= load(gamma + i);
  return g;
}

static inline __attribute__((always_inline)) struct gradient_sums gradient_sums_as(
    const float* dy, const float* x, const float* gamma, bool scale, int64_t n,
    const struct row_stats* stats, double g0) {
  const struct gradient_origin row = {.x0 = stats->x0, .m = stats->m, .rstd = stats->rstd, .g0 = g0};
  struct gradient_lanes even = {0}, odd = {0};
  int64_t i = 0;
  for (; i + 2 * LANES <= n; i += 2 * LANES) {
    add_lanes(&even, load(x + i), g_at(dy, gamma, scale, i), row);
    add_lanes(&odd, load(x + i + LANES), g_at(dy, gamma, scale, i + LANES), row);
  }
  for (; i + LANES <= n; i += LANES) {
    add_lanes(&even, load(x + i), g_at(dy, gamma, scale, i), row);
  }
  struct gradient_sums sums = {
      .g = sum_of_lanes(even.g + odd.g),
      .g_xhat = sum_of_lanes(even.g_xhat + odd.g_xhat),
  };
  for (; i < n; i++) {
    const float xhat = ((x[i] - row.x0) - row.m) * row.rstd;
    const float g = scale ? dy[i] * gamma[i] : dy[i];
    sums.g += g - row.g0;
    sums.g_xhat += (double)g * xhat;
  }
  return sums;
}

static struct gradient_sums gradient_sums(const float* dy, const float* x, const float* gamma,
                                          int64_t n, const struct row_stats* stats, double g0) {
  struct gradient_sums sums = {0};
  for (int64_t first = 0; first < n; first += PIECE_COLS) {
    const int64_t cols = min_int64(PIECE_COLS, n - first);
    const struct gradient_sums piece =
        gamma ? gradient_sums_as(dy + first, x + first, gamma + first, true, cols, stats, g0)
              : gradient_sums_as(dy + first, x + first, NULL, false, cols, stats, g0);
    sums.g += piece.g;
    sums.g_xhat += piece.g_xhat;
  }
  return sums;
}

/** A `gradient_row` in float32. */
struct row_factors {
  float x0, m, rstd, mean_g, mean_g_xhat;
};

static inline struct row_factors factors_of(const struct gradient_row* row) {
  return (struct row_factors){
      .x0 = row->stats.x0,
      .m = row->stats.m,
      .rstd = row->stats.rstd,
      .mean_g = row->mean_g,
      .mean_g_xhat = row->mean_g_xhat,
  };
}

static inline __attribute__((always_inline)) void gradient_as(const struct gradient_block* block,
                                                              bool scale,
                                                              const struct gradient_row* rows,
                                                              const int count) {
  struct row_factors row[GROUP_ROWS];
  for (int r = 0; r < count; r++) row[r] = factors_of(&rows[r]);

  int64_t i = 0;
  for (; i + LANES <= block->n; i += LANES) {
    vector dgamma = load(block->dgamma + i);
    vector dbeta = load(block->dbeta + i);
    for (int r = 0; r < count; r++) {
      const int64_t at = r * block->stride + i;
      const vector dy = load(block->dy + at);
      const vector xhat = ((load(block->x + at) - row[r].x0) - row[r].m) * row[r].rstd;
      vector g = dy;
      if (scale) g *= load(block->gamma + i);
      store(block->dx + at, row[r].rstd * ((g - row[r].mean_g) - xhat * row[r].mean_g_xhat));
      dgamma = multiply_add(dy, xhat, dgamma);
      dbeta += dy;
    }
    store(block->dgamma + i, dgamma);
    store(block->dbeta + i, dbeta);
  }
  for (; i < block->n; i++) {
    for (int r = 0; r < count; r++) {
      const int64_t at = r * block->stride + i;
      const float dy = block->dy[at];
      const float xhat = ((block->x[at] - row[r].x0) - row[r].m) * row[r].rstd;
      const float g = scale ? dy * block->gamma[i] : dy;
      block->dx[at] = row[r].rstd * ((g - row[r].mean_g) - xhat * row[r].mean_g_xhat);
      block->dgamma[i] += dy * xhat;
      block->dbeta[i] += dy;
    }
  }
}

static void gradient(const struct gradient_block* block, const struct gradient_row* rows,
                     int count) {
  const bool scale = block->gamma != NULL;
  if (count == GROUP_ROWS && scale) {
    gradient_as(block, true, rows, GROUP_ROWS);
  } else if (count == GROUP_ROWS) {
    gradient_as(block, false, rows, GROUP_ROWS);
  } else {
    gradient_as(block, scale, rows, count);
  }
}

const struct row_kernels ROW_KERNELS = {
    .instruction_set = NAME_OF(INSTRUCTION_SET),
    .moments = moments,
    .normalize = normalize,
    .gradient_sums = gradient_sums,
    .gradient = gradient,
};
