/** Has the processor fetch numbers before they are asked for. */
#ifndef READ_AHEAD_H
#define READ_AHEAD_H

#include "row_kernels.h"

/** Floats of a line of the cache on most processors; where lines are longer, some are asked for twice. */
enum { LINE_FLOATS = 16 };

/**
 * Asks for the first numbers of x [n], at most a piece of a row, and goes on without waiting for them.
 * A loop that has read a row and is about to write its result calls this with the next row, because
 * memory would otherwise have nothing to read meanwhile. docs/kernels.md says what it gains.
 */
static inline void read_ahead(const float* x, int64_t n) {
  const int64_t end = n < BLOCK_COLS ? n : BLOCK_COLS;
  for (int64_t i = 0; i < end; i += LINE_FLOATS) {
    /* To read, into the second-level cache: the first is full of the present row. */
    __builtin_prefetch(x + i, 0, 2);
  }
}

#endif
