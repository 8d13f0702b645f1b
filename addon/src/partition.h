/** How [rows, cols] is divided into tasks: by the shape alone, never by the number of threads. */
#ifndef PARTITION_H
#define PARTITION_H

#include <stdbool.h>
#include <stdint.h>

#include "row_kernels.h"

/** Few long rows are divided by columns, all others by rows. */
static inline bool is_wide(int64_t rows, int64_t cols) { return rows < 16 && cols > BLOCK_COLS; }

/** Chunks of rows: at most 32, of at least 8 rows. */
static inline int64_t chunk_count(int64_t rows) {
  const int64_t chunks = rows / 8;
  return chunks < 1 ? 1 : chunks > 32 ? 32 : chunks;
}

/** First row of a chunk; that of the chunk after the last is `rows`. */
static inline int64_t chunk_start(int64_t rows, int64_t chunk) {
  return rows * chunk / chunk_count(rows);
}

#endif
