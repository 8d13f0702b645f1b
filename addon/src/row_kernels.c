/** Chooses the row kernels by what the processor can run. */
#include "row_kernels.h"

#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

extern const struct row_kernels row_kernels_portable;

#ifdef __x86_64__
#include "x64.h"

extern const struct row_kernels row_kernels_avx2;
extern const struct row_kernels row_kernels_avx512;
#endif

/** The i-th of the kernels, from fast to slow; NULL where this processor cannot run them. */
static const struct row_kernels* candidate(int i) {
  switch (i) {
#ifdef __x86_64__
    case 0:
      return x64_has_avx512() ? &row_kernels_avx512 : NULL;
    case 1:
      return x64_has_avx2() ? &row_kernels_avx2 : NULL;
#endif
    case 2:
      return &row_kernels_portable;
    default:
      return NULL;
  }
}

enum { CANDIDATES = 3 };

static _Atomic(const struct row_kernels*) selected;

const struct row_kernels* row_kernels_fast(void) {
  const struct row_kernels* kernels = atomic_load_explicit(&selected, memory_order_relaxed);
  for (int i = 0; !kernels && i < CANDIDATES; i++) kernels = candidate(i);
  atomic_store_explicit(&selected, kernels, memory_order_relaxed);
  return kernels;
}

bool row_kernels_select(const char* instruction_set) {
  for (int i = 0; i < CANDIDATES; i++) {
    const struct row_kernels* kernels = candidate(i);
    if (kernels && strcmp(kernels->instruction_set, instruction_set) == 0) {
      atomic_store_explicit(&selected, kernels, memory_order_relaxed);
      return true;
    }
  }
  return false;
}
