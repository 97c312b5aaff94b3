#include "sha256_blocks.h"

#if defined(__aarch64__)

#include <arm_neon.h>
#include <sys/auxv.h>

__attribute__((target("sha2")))
static void blocks_armv8(uint32_t state[8], const uint8_t *blocks, size_t count) {
  uint32x4_t abcd = vld1q_u32(&state[0]);
  uint32x4_t efgh = vld1q_u32(&state[4]);
  for (; count != 0; count--, blocks += 64) {
    const uint32x4_t abcd_before = abcd, efgh_before = efgh;
    uint32x4_t w[4];
    for (int i = 0; i < 4; i++) w[i] = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(blocks + 16 * i)));
    for (int i = 0; i < 16; i++) {
      const uint32x4_t sum = vaddq_u32(w[i & 3], vld1q_u32(&serve_sha256_k[4 * i]));
      if (i < 12) {
        const uint32x4_t part = vsha256su0q_u32(w[i & 3], w[(i + 1) & 3]);
        w[i & 3] = vsha256su1q_u32(part, w[(i + 2) & 3], w[(i + 3) & 3]);
      }
      const uint32x4_t before = abcd;
      abcd = vsha256hq_u32(abcd, efgh, sum);
      efgh = vsha256h2q_u32(efgh, before, sum);
    }
    abcd = vaddq_u32(abcd, abcd_before);
    efgh = vaddq_u32(efgh, efgh_before);
  }
  vst1q_u32(&state[0], abcd);
  vst1q_u32(&state[4], efgh);
}

serve_sha256_blocks serve_sha256_blocks_accelerated(void) {
  const unsigned long sha2 = 1ul << 6;  // HWCAP_SHA2
  return (getauxval(AT_HWCAP) & sha2) != 0 ? blocks_armv8 : NULL;
}

serve_sha256_pair serve_sha256_pair_accelerated(void) { return NULL; }

#elif !defined(__x86_64__)

serve_sha256_blocks serve_sha256_blocks_accelerated(void) { return NULL; }

serve_sha256_pair serve_sha256_pair_accelerated(void) { return NULL; }

#endif
