/**
 * Layer normalisation.
 *
 * Divided by rows, two passes over each row (deviations, normalise), which stays in the
 * first-level cache up to 4096 columns: memory is read once and written once. Longer rows are
 * measured in pieces of that size, so that they are read twice. Few long rows are divided by
 * columns: all pieces are measured, then all are normalised.
 */
#include "layer_norm.h"

#include <stdlib.h>

#include "partition.h"
#include "read_ahead.h"
#include "row_stats.h"
#include "thread_pool.h"

static void normalize(const struct layer_norm* call, int64_t row, int64_t first, int64_t n,
                      const struct row_stats* stats) {
  const int64_t at = row * call->cols + first;
  const float* gamma = call->gamma ? call->gamma + first : NULL;
  const float* beta = call->beta ? call->beta + first : NULL;
  row_kernels_for(stats->rstd)->normalize(call->x + at, n, stats, gamma, beta, call->y + at);
}

static void save_stats(const struct layer_norm* call, int64_t row, const struct row_stats* stats) {
  call->stats[2 * row] = stats->m;
  call->stats[2 * row + 1] = stats->rstd;
}

/** A task: the rows of one chunk. */
static void normalize_chunk(const void* context, int64_t chunk) {
  const struct layer_norm* call = context;
  const int64_t end = chunk_start(call->rows, chunk + 1);
  for (int64_t row = chunk_start(call->rows, chunk); row < end; row++) {
    const float* x = call->x + row * call->cols;
    const struct row_stats stats = row_stats_measured(x, call->cols, call->epsilon, call->center);
    if (row + 1 < end) read_ahead(x + call->cols, call->cols);
    normalize(call, row, 0, call->cols, &stats);
    save_stats(call, row, &stats);
  }
}

struct wide_layer_norm {
  const struct layer_norm* call;
  int64_t blocks;
  struct moments* moments; /* [rows, blocks] */
  struct row_stats* stats; /* [rows] */
};

/** A task: the moments of one piece of one row. */
static void measure_block(const void* context, int64_t task) {
  const struct wide_layer_norm* wide = context;
  const struct layer_norm* call = wide->call;
  const int64_t row = task / wide->blocks;
  const int64_t first = task % wide->blocks * BLOCK_COLS;
  const int64_t n = min_int64(BLOCK_COLS, call->cols - first);
  wide->moments[task] =
      row_kernels_fast()->moments(call->x + row * call->cols + first, n, call->center);
}

/** A task: the same columns of all rows, so that gamma and beta are read once. */
static void normalize_block(const void* context, int64_t block) {
  const struct wide_layer_norm* wide = context;
  const struct layer_norm* call = wide->call;
  const int64_t first = block * BLOCK_COLS;
  const int64_t n = min_int64(BLOCK_COLS, call->cols - first);
  for (int64_t row = 0; row < call->rows; row++) {
    normalize(call, row, first, n, &wide->stats[row]);
  }
}

static void combine_blocks(const struct wide_layer_norm* wide) {
  const struct layer_norm* call = wide->call;
  for (int64_t row = 0; row < call->rows; row++) {
    struct moments moments = {0};
    for (int64_t block = 0; block < wide->blocks; block++) {
      const int64_t first = block * BLOCK_COLS;
      const int64_t n = min_int64(BLOCK_COLS, call->cols - first);
      moments = moments_combined(moments, first, wide->moments[row * wide->blocks + block], n);
    }
    wide->stats[row] =
        row_stats_of(moments, call->x + row * call->cols, call->cols, call->epsilon, call->center);
    save_stats(call, row, &wide->stats[row]);
  }
}

static bool layer_norm_wide(const struct layer_norm* call) {
  const int64_t blocks = block_count(call->cols);
  const struct wide_layer_norm wide = {
      .call = call,
      .blocks = blocks,
      .moments = malloc(call->rows * blocks * sizeof(struct moments)),
      .stats = malloc(call->rows * sizeof(struct row_stats)),
  };
  const bool ok = wide.moments && wide.stats;
  if (ok) {
    const int64_t elements = call->rows * call->cols;
    run_tasks(call->rows * blocks, elements, measure_block, &wide);
    combine_blocks(&wide);
    run_tasks(blocks, elements, normalize_block, &wide);
  }
  free(wide.moments);
  free(wide.stats);
  return ok;
}

bool layer_norm(const struct layer_norm* call) {
  if (is_wide(call->rows, call->cols)) return layer_norm_wide(call);
  run_tasks(chunk_count(call->rows), call->rows * call->cols, normalize_chunk, call);
  return true;
}
