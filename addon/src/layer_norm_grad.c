/**
 * The gradient of layer normalisation. The derivation is in src/reference.ts, whose names are
 * used here.
 *
 * Two passes over each row of x and dy: the sums, then dx together with dgamma and dbeta.
 * Divided by rows, four rows at once make both passes while they are in the cache: memory is read
 * once and written once. Few long rows are divided by columns: first all sums, then all the rest.
 *
 * dgamma and dbeta are sums over the rows. They are taken in an order that the shape alone gives:
 * up to 64 rows one after another, those within a chunk of rows, and the chunks at last. So they
 * are the same bits whatever the number of threads, and exact also for a million rows.
 */
#include <stdlib.h>
#include <string.h>

#include "layer_norm.h"
#include "partition.h"
#include "row_stats.h"
#include "thread_pool.h"

/** Rows that are added up one after another. */
enum { RUN_ROWS = 64 };

/** The statistics that the forward pass saved; taken anew where float32 may not hold them. */
static struct row_stats saved_stats(const struct layer_norm_grad* call, int64_t row) {
  const float* x = call->x + row * call->cols;
  const struct row_stats stats = {
      .x0 = row_x0(x, call->center),
      .m = call->stats[2 * row],
      .rstd = call->stats[2 * row + 1],
  };
  if (row_fits_float(stats.rstd)) return stats;
  return row_stats_measured(x, call->cols, call->epsilon, call->center);
}

/** The row's first g, as the row's kernels round it. */
static double g0_of(const struct layer_norm_grad* call, int64_t row, const struct row_stats* stats) {
  const double g0 = (double)call->dy[row * call->cols] * (call->gamma ? call->gamma[0] : 1);
  return row_fits_float(stats->rstd) ? (float)g0 : g0;
}

static struct gradient_sums sum_block(const struct layer_norm_grad* call, int64_t row,
                                      int64_t first, const struct row_stats* stats) {
  const int64_t at = row * call->cols + first;
  const int64_t n = min_int64(BLOCK_COLS, call->cols - first);
  const float* gamma = call->gamma ? call->gamma + first : NULL;
  return row_kernels_for(stats->rstd)->gradient_sums(call->dy + at, call->x + at, gamma, n, stats,
                                                     g0_of(call, row, stats));
}

static struct gradient_sums sums_combined(struct gradient_sums a, struct gradient_sums b) {
  return (struct gradient_sums){.g = a.g + b.g, .g_xhat = a.g_xhat + b.g_xhat};
}

static struct gradient_row means_of(const struct layer_norm_grad* call, int64_t row,
                                    struct gradient_sums sums, const struct row_stats* stats) {
  return (struct gradient_row){
      .stats = *stats,
      .mean_g = call->center ? g0_of(call, row, stats) + sums.g / call->cols : 0,
      .mean_g_xhat = sums.g_xhat / call->cols,
  };
}

/** The first pass over a row. */
static struct gradient_row sum_row(const struct layer_norm_grad* call, int64_t row) {
  const struct row_stats stats = saved_stats(call, row);
  struct gradient_sums sums = {0};
  for (int64_t first = 0; first < call->cols; first += BLOCK_COLS) {
    sums = sums_combined(sums, sum_block(call, row, first, &stats));
  }
  return means_of(call, row, sums, &stats);
}

/** The second pass over columns first … first + n of a group of rows. dgamma and dbeta ([n]) are
 * added to. */
static void gradient(const struct layer_norm_grad* call, const struct gradient_row* rows,
                     int64_t row, int count, int64_t first, int64_t n, float* dgamma,
                     float* dbeta) {
  const int64_t at = row * call->cols + first;
  struct gradient_block block = {
      .n = n,
      .stride = call->cols,
      .dy = call->dy + at,
      .x = call->x + at,
      .gamma = call->gamma ? call->gamma + first : NULL,
      .dx = call->dx + at,
      .dgamma = dgamma,
      .dbeta = dbeta,
  };
  bool all_fast = true;
  for (int r = 0; r < count; r++) {
    all_fast = all_fast && row_fits_float(rows[r].stats.rstd);
  }
  if (all_fast) {
    row_kernels_fast()->gradient(&block, rows, count);
    return;
  }
  for (int r = 0; r < count; r++) {
    row_kernels_for(rows[r].stats.rstd)->gradient(&block, &rows[r], 1);
    block.dy += block.stride;
    block.x += block.stride;
    block.dx += block.stride;
  }
}

/** Both passes over rows row … end. */
static void gradient_of_rows(const struct layer_norm_grad* call, int64_t row, int64_t end,
                             float* dgamma, float* dbeta) {
  while (row < end) {
    const int count = min_int64(GROUP_ROWS, end - row);
    struct gradient_row rows[GROUP_ROWS];
    for (int r = 0; r < count; r++) rows[r] = sum_row(call, row + r);
    gradient(call, rows, row, count, 0, call->cols, dgamma, dbeta);
    row += count;
  }
}

static void add(float* total, const float* part, int64_t n) {
  for (int64_t i = 0; i < n; i++) total[i] += part[i];
}

struct tall_layer_norm_grad {
  const struct layer_norm_grad* call;
  float* sums; /* [chunks, 2 (total, run), 2 (dgamma, dbeta), cols] */
};

/** A task: dx of the rows of one chunk, and their dgamma and dbeta. */
static void gradient_of_chunk(const void* context, int64_t chunk) {
  const struct tall_layer_norm_grad* tall = context;
  const struct layer_norm_grad* call = tall->call;
  const int64_t cols = call->cols;
  float* total = tall->sums + chunk * 4 * cols; /* [2, cols] */
  float* run = total + 2 * cols;                /* [2, cols] */
  memset(total, 0, 2 * cols * sizeof(float));

  const int64_t end = chunk_start(call->rows, chunk + 1);
  for (int64_t row = chunk_start(call->rows, chunk); row < end; row += RUN_ROWS) {
    memset(run, 0, 2 * cols * sizeof(float));
    gradient_of_rows(call, row, min_int64(row + RUN_ROWS, end), run, run + cols);
    add(total, run, 2 * cols);
  }
}

static bool layer_norm_grad_tall(const struct layer_norm_grad* call) {
  const int64_t chunks = chunk_count(call->rows);
  const int64_t cols = call->cols;
  const struct tall_layer_norm_grad tall = {
      .call = call,
      .sums = malloc(chunks * 4 * cols * sizeof(float)),
  };
  if (!tall.sums) return false;
  run_tasks(chunks, call->rows * cols, gradient_of_chunk, &tall);

  memcpy(call->dgamma, tall.sums, cols * sizeof(float));
  memcpy(call->dbeta, tall.sums + cols, cols * sizeof(float));
  for (int64_t chunk = 1; chunk < chunks; chunk++) {
    const float* total = tall.sums + chunk * 4 * cols;
    add(call->dgamma, total, cols);
    add(call->dbeta, total + cols, cols);
  }
  free(tall.sums);
  return true;
}

struct wide_layer_norm_grad {
  const struct layer_norm_grad* call;
  int64_t blocks;
  struct gradient_sums* sums; /* [rows, blocks] */
  struct gradient_row* rows;  /* [rows] */
};

/** A task: the sums of one piece of one row. */
static void sum_wide_block(const void* context, int64_t task) {
  const struct wide_layer_norm_grad* wide = context;
  const int64_t row = task / wide->blocks;
  const int64_t first = task % wide->blocks * BLOCK_COLS;
  wide->sums[task] = sum_block(wide->call, row, first, &wide->rows[row].stats);
}

/** A task: the same columns of all rows. */
static void gradient_of_wide_block(const void* context, int64_t block) {
  const struct wide_layer_norm_grad* wide = context;
  const struct layer_norm_grad* call = wide->call;
  const int64_t first = block * BLOCK_COLS;
  const int64_t n = min_int64(BLOCK_COLS, call->cols - first);
  memset(call->dgamma + first, 0, n * sizeof(float));
  memset(call->dbeta + first, 0, n * sizeof(float));
  for (int64_t row = 0; row < call->rows; row += GROUP_ROWS) {
    const int count = min_int64(GROUP_ROWS, call->rows - row);
    gradient(call, wide->rows + row, row, count, first, n, call->dgamma + first,
             call->dbeta + first);
  }
}

static void combine_wide_blocks(const struct wide_layer_norm_grad* wide) {
  for (int64_t row = 0; row < wide->call->rows; row++) {
    struct gradient_sums sums = {0};
    for (int64_t block = 0; block < wide->blocks; block++) {
      sums = sums_combined(sums, wide->sums[row * wide->blocks + block]);
    }
    wide->rows[row] = means_of(wide->call, row, sums, &wide->rows[row].stats);
  }
}

static bool layer_norm_grad_wide(const struct layer_norm_grad* call) {
  const int64_t blocks = block_count(call->cols);
  const struct wide_layer_norm_grad wide = {
      .call = call,
      .blocks = blocks,
      .sums = malloc(call->rows * blocks * sizeof(struct gradient_sums)),
      .rows = malloc(call->rows * sizeof(struct gradient_row)),
  };
  const bool ok = wide.sums && wide.rows;
  if (ok) {
    const int64_t elements = call->rows * call->cols;
    for (int64_t row = 0; row < call->rows; row++) wide.rows[row].stats = saved_stats(call, row);
    run_tasks(call->rows * blocks, elements, sum_wide_block, &wide);
    combine_wide_blocks(&wide);
    run_tasks(blocks, elements, gradient_of_wide_block, &wide);
  }
  free(wide.sums);
  free(wide.rows);
  return ok;
}

bool layer_norm_grad(const struct layer_norm_grad* call) {
  return is_wide(call->rows, call->cols) ? layer_norm_grad_wide(call) : layer_norm_grad_tall(call);
}
