#include "host.h"

#if defined(__x86_64__)

#include <cpuid.h>

/// Which register states the operating system saves (XCR0).
static uint64_t saved_states(void) {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t)high << 32 | low;
}

uint32_t serve_cpu_features(void) {
  unsigned a, b, c, d;
  uint32_t features = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d) || (c & bit_OSXSAVE) == 0) return 0;
  const uint64_t saved = saved_states();
  const uint64_t ymm = 0x6, zmm = 0xe6;
  if ((saved & ymm) != ymm) return 0;
  if ((c & bit_FMA) != 0) features |= SERVE_CPU_FMA;
  if ((c & bit_F16C) != 0) features |= SERVE_CPU_F16C;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return features;
  if ((b & bit_AVX2) != 0) features |= SERVE_CPU_AVX2;
  if ((b & bit_BMI2) != 0) features |= SERVE_CPU_BMI2;
  if ((saved & zmm) != zmm) return features;
  if ((b & bit_AVX512F) != 0) features |= SERVE_CPU_AVX512F;
  if ((b & bit_AVX512BW) != 0) features |= SERVE_CPU_AVX512BW;
  if ((b & bit_AVX512CD) != 0) features |= SERVE_CPU_AVX512CD;
  if ((b & bit_AVX512DQ) != 0) features |= SERVE_CPU_AVX512DQ;
  if ((b & bit_AVX512VL) != 0) features |= SERVE_CPU_AVX512VL;
  return features;
}

#elif defined(__aarch64__)

#include <sys/auxv.h>

uint32_t serve_cpu_features(void) {
  const unsigned long capabilities = getauxval(AT_HWCAP);
  const unsigned long asimdhp = 1ul << 10, asimddp = 1ul << 20;  // HWCAP_ASIMDHP, HWCAP_ASIMDDP
  uint32_t features = 0;
  if ((capabilities & asimdhp) != 0) features |= SERVE_CPU_FP16;
  if ((capabilities & asimddp) != 0) features |= SERVE_CPU_DOTPROD;
  return features;
}

#else

uint32_t serve_cpu_features(void) { return 0; }

#endif
