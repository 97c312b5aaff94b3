#include "sha256_blocks.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

/// The SHA extensions keep the state as (a, b, e, f) and (c, d, g, h) and do two rounds an instruction
/// (Intel SDM volume 2, SHA256RNDS2).
///
/// One message is bound by the latency of that instruction, which is twice its reciprocal throughput (4 and 2 cycles on
/// Zen and Ice Lake, uops.info): two messages side by side take little more time than one. A third spills registers.
__attribute__((target("sha,sse4.1,ssse3"), always_inline))
static inline void fold(uint32_t *const states[], const uint8_t *const messages[], size_t count, const int lanes) {
  const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0bULL, 0x0405060700010203ULL);
  __m128i abef[2], cdgh[2];
  for (int lane = 0; lane < lanes; lane++) {
    const __m128i low = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)&states[lane][0]), 0xb1);
    const __m128i high = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)&states[lane][4]), 0x1b);
    abef[lane] = _mm_alignr_epi8(low, high, 8);
    cdgh[lane] = _mm_blend_epi16(high, low, 0xf0);
  }
  for (size_t block = 0; block < count; block++) {
    __m128i abef_before[2], cdgh_before[2], w[2][4];
    for (int lane = 0; lane < lanes; lane++) {
      abef_before[lane] = abef[lane];
      cdgh_before[lane] = cdgh[lane];
#pragma clang loop unroll(full)
      for (int i = 0; i < 4; i++) {
        const __m128i *words = (const __m128i *)(messages[lane] + 64 * block + 16 * i);
        w[lane][i] = _mm_shuffle_epi8(_mm_loadu_si128(words), big_endian);
      }
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i++) {
      const __m128i k = _mm_loadu_si128((const __m128i *)&serve_sha256_k[4 * i]);
#pragma clang loop unroll(full)
      for (int lane = 0; lane < lanes; lane++) {
        const __m128i current = w[lane][i & 3];
        const __m128i sum = _mm_add_epi32(current, k);
        cdgh[lane] = _mm_sha256rnds2_epu32(cdgh[lane], abef[lane], sum);
        abef[lane] = _mm_sha256rnds2_epu32(abef[lane], cdgh[lane], _mm_shuffle_epi32(sum, 0x0e));
        if (i < 12) {
          // w[t] of the rounds four groups ahead, from the groups t-16, t-12, t-8 and t-4.
          const __m128i tail = _mm_alignr_epi8(w[lane][(i + 3) & 3], w[lane][(i + 2) & 3], 4);
          const __m128i next = _mm_add_epi32(_mm_sha256msg1_epu32(current, w[lane][(i + 1) & 3]), tail);
          w[lane][i & 3] = _mm_sha256msg2_epu32(next, w[lane][(i + 3) & 3]);
        }
      }
    }
    for (int lane = 0; lane < lanes; lane++) {
      abef[lane] = _mm_add_epi32(abef[lane], abef_before[lane]);
      cdgh[lane] = _mm_add_epi32(cdgh[lane], cdgh_before[lane]);
    }
  }
  for (int lane = 0; lane < lanes; lane++) {
    const __m128i low = _mm_shuffle_epi32(abef[lane], 0x1b);
    const __m128i high = _mm_shuffle_epi32(cdgh[lane], 0xb1);
    _mm_storeu_si128((__m128i *)&states[lane][0], _mm_blend_epi16(low, high, 0xf0));
    _mm_storeu_si128((__m128i *)&states[lane][4], _mm_alignr_epi8(high, low, 8));
  }
}

__attribute__((target("sha,sse4.1,ssse3")))
static void one_sha_ni(uint32_t state[8], const uint8_t *blocks, size_t count) {
  fold((uint32_t *const[]){state}, (const uint8_t *const[]){blocks}, count, 1);
}

__attribute__((target("sha,sse4.1,ssse3")))
static void two_sha_ni(uint32_t *const states[2], const uint8_t *const blocks[2], size_t count) {
  fold(states, blocks, count, 2);
}

static int has_sha_ni(void) {
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
  if ((c & bit_SSE4_1) == 0 || (c & bit_SSSE3) == 0) return 0;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
  const unsigned sha = 1u << 29;
  return (b & sha) != 0;
}

serve_sha256_blocks serve_sha256_blocks_accelerated(void) { return has_sha_ni() ? one_sha_ni : NULL; }

serve_sha256_pair serve_sha256_pair_accelerated(void) { return has_sha_ni() ? two_sha_ni : NULL; }

#endif
