/**
 * Layer normalisation of a sum.
 *
 * Divided by rows, a row is added, and normalised in two passes while it is in the first-level cache, up
 * to 4096 columns: memory is read twice and written twice. Few long rows are added first, divided by
 * columns, and then normalised as any others.
 */
#include "add_layer_norm.h"

#include "partition.h"
#include "row_stats.h"
#include "thread_pool.h"

static void add(const struct add_layer_norm* call, int64_t first, int64_t n) {
  const float* x = call->x + first;
  const float* residual = call->residual + first;
  float* restrict sum = call->sum + first;
  for (int64_t i = 0; i < n; i++) sum[i] = x[i] + residual[i];
}

/** A task: the rows of one chunk. */
static void add_and_normalize_chunk(const void* context, int64_t chunk) {
  const struct add_layer_norm* call = context;
  const struct layer_norm* norm = &call->norm;
  const int64_t end = chunk_start(norm->rows, chunk + 1);
  for (int64_t row = chunk_start(norm->rows, chunk); row < end; row++) {
    const int64_t at = row * norm->cols;
    add(call, at, norm->cols);
    const struct row_stats stats =
        row_stats_measured(norm->x + at, norm->cols, norm->epsilon, norm->center);
    row_kernels_for(stats.rstd)
        ->normalize(norm->x + at, norm->cols, &stats, norm->gamma, norm->beta, norm->y + at);
    norm->stats[2 * row] = stats.m;
    norm->stats[2 * row + 1] = stats.rstd;
  }
}

/** A task: one piece of all the numbers, whatever rows it is of. */
static void add_block(const void* context, int64_t block) {
  const struct add_layer_norm* call = context;
  const int64_t first = block * BLOCK_COLS;
  add(call, first, min_int64(BLOCK_COLS, call->norm.rows * call->norm.cols - first));
}

bool add_layer_norm(const struct add_layer_norm* call) {
  const struct layer_norm* norm = &call->norm;
  const int64_t elements = norm->rows * norm->cols;
  if (is_wide(norm->rows, norm->cols)) {
    run_tasks(block_count(elements), elements, add_block, call);
    return layer_norm(norm);
  }
  run_tasks(chunk_count(norm->rows), elements, add_and_normalize_chunk, call);
  return true;
}
