/**
 * Runs the C kernels, without TensorFlow, on random shapes and hard numbers, and compares with plain
 * loops in double. scripts/sanitize_addon.ts builds it with the sanitizers.
 *
 *     fuzz SEED CASES
 *
 * Every instruction set of this processor takes its turn. Buffers are as long as they must be, so
 * that AddressSanitizer sees a step beyond; three threads call at once, so that ThreadSanitizer
 * sees the pool at work; memory runs out, so that LeakSanitizer sees what is left behind.
 */
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/add_layer_norm.h"
#include "../src/layer_norm.h"
#include "../src/row_kernels.h"
#include "../src/thread_pool.h"

enum { CALLERS = 3, POOL_THREADS = 4 };

/* The linker has every malloc of the kernels call this one (--wrap=malloc). */
void* __real_malloc(size_t size);
static _Thread_local int mallocs_to_failure; /* 0: none fails */

void* __wrap_malloc(size_t size) {
  return mallocs_to_failure > 0 && --mallocs_to_failure == 0 ? NULL : __real_malloc(size);
}

static _Thread_local uint64_t random_state;

/** xorshift64. */
static uint64_t random_bits(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state;
}

static int64_t random_below(int64_t end) { return random_bits() % end; }

/** Uniform in [-1, 1). */
static float random_float(void) { return (float)(random_bits() >> 40) / (1 << 23) - 1; }

/** What a row may be like: mean + spread · uniform. */
static const struct {
  float mean, spread;
} kinds[] = {{0.5f, 2},   {1e4f, 1},   {0, 1e18f}, {0, 1e30f},
             {0, 1e-18f}, {1234, 0},   {0, 0},     {NAN, 1}};

/** Numbers in a buffer of its own: `n` floats, [n]. Exits where there is no memory. */
static float* buffer(int64_t n) {
  float* p = __real_malloc(n * sizeof(float));
  if (!p) exit(2);
  memset(p, 0xff, n * sizeof(float)); /* NaN: what is never written shows */
  return p;
}

static float* random_buffer(int64_t n) {
  float* p = buffer(n);
  for (int64_t i = 0; i < n; i++) p[i] = random_float();
  return p;
}

static float* random_rows(int64_t rows, int64_t cols) {
  float* x = buffer(rows * cols);
  for (int64_t row = 0; row < rows; row++) {
    const int64_t kind = random_below(2) ? 0 : random_below(sizeof kinds / sizeof *kinds);
    for (int64_t i = 0; i < cols; i++) {
      x[row * cols + i] = kinds[kind].mean + kinds[kind].spread * random_float();
    }
  }
  return x;
}

static const char* shape_text(const struct layer_norm* call) {
  static _Thread_local char text[100];
  snprintf(text, sizeof text, "[%lld, %lld] %s%s%s, epsilon %g, %s", (long long)call->rows,
           (long long)call->cols, call->center ? "centred" : "RMS", call->gamma ? ", gamma" : "",
           call->beta ? ", beta" : "", call->epsilon, row_kernels_fast()->instruction_set);
  return text;
}

/** Exits unless |actual − expected| ≤ tolerance, or both are no numbers. */
static void expect_close(const struct layer_norm* call, const char* name, int64_t index,
                         float actual, double expected, double tolerance) {
  if (isfinite(expected) ? fabs(actual - expected) <= tolerance : !isfinite(actual)) return;
  fprintf(stderr, "%s of %s: at %lld %g was expected ± %g, %g is there\n", name, shape_text(call),
          (long long)index, expected, tolerance, actual);
  exit(1);
}

/** Sums over the rows, and of their absolute values: [cols] each. */
struct column_sums {
  double *dgamma, *dgamma_size, *dbeta, *dbeta_size;
};

/** One row in double, and with it the check of y and dx; what it adds to dgamma and dbeta. */
static void check_row(const struct layer_norm* call, const struct layer_norm_grad* grad,
                      int64_t row, const struct column_sums* columns) {
  const int64_t cols = call->cols;
  const float *x = call->x + row * cols, *dy = grad->dy + row * cols;
  double sum = 0, variance = 0, mean_g = 0, mean_g_xhat = 0, y_size = 0, g_size = 0;
  for (int64_t i = 0; i < cols && call->center; i++) sum += x[i];
  const double mean = sum / cols;
  for (int64_t i = 0; i < cols; i++) variance += (x[i] - mean) * (x[i] - mean) / cols;
  const double v = variance + call->epsilon;
  const double rstd = v == 0 ? 0 : 1 / sqrt(v);

  double* y = __real_malloc(3 * cols * sizeof(double));
  double *xhat = y + cols, *g = y + 2 * cols;
  for (int64_t i = 0; i < cols; i++) {
    xhat[i] = (x[i] - mean) * rstd;
    g[i] = (double)dy[i] * (call->gamma ? call->gamma[i] : 1);
    const double scaled = xhat[i] * (call->gamma ? call->gamma[i] : 1);
    const double beta = call->beta ? call->beta[i] : 0;
    y[i] = scaled + beta;
    y_size = fmax(y_size, fabs(scaled) + fabs(beta));
    g_size = fmax(g_size, fabs(g[i]));
    if (call->center) mean_g += g[i] / cols;
    mean_g_xhat += g[i] * xhat[i] / cols;
  }
  for (int64_t i = 0; i < cols; i++) {
    const double dx = rstd * (g[i] - mean_g - xhat[i] * mean_g_xhat);
    expect_close(call, "y", row * cols + i, call->y[row * cols + i], y[i], 2e-6 * y_size);
    expect_close(call, "dx", row * cols + i, grad->dx[row * cols + i], dx, 1e-5 * rstd * g_size);
    columns->dgamma[i] += dy[i] * xhat[i];
    columns->dgamma_size[i] += fabs(dy[i] * xhat[i]) + fabs(dy[i]);
    columns->dbeta[i] += dy[i];
    columns->dbeta_size[i] += fabs(dy[i]);
  }
  free(y);
}

static void check(const struct layer_norm* call, const struct layer_norm_grad* grad) {
  const int64_t cols = call->cols;
  double* sums = calloc(4 * cols, sizeof(double));
  const struct column_sums columns = {sums, sums + cols, sums + 2 * cols, sums + 3 * cols};
  for (int64_t row = 0; row < call->rows; row++) check_row(call, grad, row, &columns);
  for (int64_t i = 0; i < cols; i++) {
    expect_close(call, "dgamma", i, grad->dgamma[i], columns.dgamma[i],
                 2e-6 * columns.dgamma_size[i]);
    expect_close(call, "dbeta", i, grad->dbeta[i], columns.dbeta[i], 2e-6 * columns.dbeta_size[i]);
  }
  free(sums);
}

/** Exits unless the addition in one gives what it gives apart, to the last bit. */
static void check_sum(const struct layer_norm* call, const float* residual) {
  const int64_t n = call->rows * call->cols;
  struct add_layer_norm adding = {
      .x = call->x, .residual = residual, .sum = buffer(n), .norm = *call};
  struct layer_norm apart = *call;
  adding.norm.x = apart.x = adding.sum;
  adding.norm.y = buffer(n);
  adding.norm.stats = buffer(call->rows * 2);
  apart.y = buffer(n);
  apart.stats = buffer(call->rows * 2);

  mallocs_to_failure = random_below(3);
  while (!add_layer_norm(&adding)) mallocs_to_failure = 0;
  mallocs_to_failure = 0;
  layer_norm(&apart);
  for (int64_t i = 0; i < n; i++) {
    expect_close(call, "the sum", i, adding.sum[i], call->x[i] + residual[i], 0);
    expect_close(call, "y of the sum", i, adding.norm.y[i], apart.y[i], 0);
  }
  for (int64_t i = 0; i < call->rows * 2; i++) {
    expect_close(call, "the statistics of the sum", i, adding.norm.stats[i], apart.stats[i], 0);
  }
  float* buffers[] = {adding.sum, adding.norm.y, adding.norm.stats, apart.y, apart.stats};
  for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++) free(buffers[i]);
}

/** Small shapes, most of the time; else those that are divided by columns, or among threads. */
static void random_shape(int64_t* rows, int64_t* cols) {
  const int64_t kind = random_below(8);
  *rows = kind == 0 ? 1 + random_below(15) : kind == 1 ? 1 + random_below(700) : 1 + random_below(40);
  *cols = kind == 0   ? 4090 + random_below(20000)
          : kind == 1 ? 200 + random_below(500)
                      : 1 + random_below(100);
}

static void run_case(void) {
  int64_t rows, cols;
  random_shape(&rows, &cols);
  float* gamma = random_below(2) ? random_buffer(cols) : NULL;
  float* beta = random_below(2) ? random_buffer(cols) : NULL;
  const struct layer_norm call = {
      .rows = rows,
      .cols = cols,
      .epsilon = random_below(4) ? 1e-3 : 0,
      .center = random_below(2),
      .x = random_rows(rows, cols),
      .gamma = gamma,
      .beta = beta,
      .y = buffer(rows * cols),
      .stats = buffer(rows * 2),
  };
  const struct layer_norm_grad grad = {
      .rows = rows,
      .cols = cols,
      .epsilon = call.epsilon,
      .center = call.center,
      .dy = random_buffer(rows * cols),
      .x = call.x,
      .stats = call.stats,
      .gamma = gamma,
      .dx = buffer(rows * cols),
      .dgamma = buffer(cols),
      .dbeta = buffer(cols),
  };

  /* The first or the second malloc fails; there may be none, then all is well. */
  mallocs_to_failure = random_below(3);
  while (!layer_norm(&call)) mallocs_to_failure = 0;
  mallocs_to_failure = random_below(3);
  while (!layer_norm_grad(&grad)) mallocs_to_failure = 0;
  mallocs_to_failure = 0;
  check(&call, &grad);
  check_sum(&call, grad.dy);

  float* buffers[] = {gamma,           beta,    (float*)call.x, call.y,     call.stats,
                      (float*)grad.dy, grad.dx, grad.dgamma,    grad.dbeta};
  for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++) free(buffers[i]);
}

struct caller {
  pthread_t thread;
  uint64_t seed;
  int cases;
};

static void* run_caller(void* context) {
  const struct caller* caller = context;
  random_state = caller->seed * 0x9e3779b97f4a7c15; /* anything but 0 */
  for (int i = 0; i < caller->cases; i++) run_case();
  return NULL;
}

static void run_callers(uint64_t seed, int cases) {
  struct caller callers[CALLERS];
  for (int i = 0; i < CALLERS; i++) {
    callers[i] = (struct caller){.seed = seed * CALLERS + i + 1, .cases = cases};
    if (pthread_create(&callers[i].thread, NULL, run_caller, &callers[i]) != 0) exit(2);
  }
  for (int i = 0; i < CALLERS; i++) pthread_join(callers[i].thread, NULL);
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const uint64_t seed = strtoull(argv[1], NULL, 10);
  const int cases = atoi(argv[2]);
  const char* const sets[] = {"portable", "avx2", "avx512"};
  set_thread_count(POOL_THREADS);
  for (int i = 0; i < 3; i++) {
    if (!row_kernels_select(sets[i])) {
      printf("%s: not on this processor\n", sets[i]);
      continue;
    }
    run_callers(seed, cases);
    printf("%s: %d cases\n", sets[i], cases * CALLERS);
  }
  return 0;
}
