/**
 * What an x64 processor can do, and the system lets a program do. The compilers' own question for
 * this, `__builtin_cpu_supports`, is always answered with no where zig has linked the program.
 */
#ifndef X64_H
#define X64_H

#include <cpuid.h>
#include <stdbool.h>

/** Whether the system saves these registers where it changes from thread to thread: bits of XCR0. */
static inline bool x64_saves(unsigned int registers) {
  unsigned int a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE)) return false;
  unsigned int saved, upper;
  __asm__("xgetbv" : "=a"(saved), "=d"(upper) : "c"(0));
  return (saved & registers) == registers;
}

/** Whether there are all of these features of leaf 7. */
static inline bool x64_has(unsigned int features) {
  unsigned int a, b, c, d;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & features) == features;
}

/** AVX2 with its fused multiply-add. */
static inline bool x64_has_avx2(void) {
  enum { XMM_AND_YMM = 0x6 };
  unsigned int a, b, c, d;
  const bool has_fma = __get_cpuid(1, &a, &b, &c, &d) && (c & bit_FMA);
  return has_fma && x64_has(bit_AVX2) && x64_saves(XMM_AND_YMM);
}

/** The parts of AVX-512 that the kernels want: F, VL and DQ. */
static inline bool x64_has_avx512(void) {
  enum { XMM_YMM_AND_ZMM = 0xe6 };
  return x64_has(bit_AVX512F | bit_AVX512VL | bit_AVX512DQ) && x64_saves(XMM_YMM_AND_ZMM);
}

#endif
