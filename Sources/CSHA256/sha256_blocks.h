#ifndef SERVE_SHA256_BLOCKS_H
#define SERVE_SHA256_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

/// Folds `count` blocks of 64 bytes into `state`.
typedef void (*serve_sha256_blocks)(uint32_t state[8], const uint8_t *blocks, size_t count);

/// Folds `count` blocks of each of two messages into the state of each.
typedef void (*serve_sha256_pair)(uint32_t *const states[2], const uint8_t *const blocks[2], size_t count);

void serve_sha256_blocks_portable(uint32_t state[8], const uint8_t *blocks, size_t count);

/// The fastest that this CPU runs, or NULL where only the portable one does.
serve_sha256_blocks serve_sha256_blocks_accelerated(void);

/// NULL where two messages take as long side by side as one after the other.
serve_sha256_pair serve_sha256_pair_accelerated(void);

/// The round constants of FIPS 180-4, section 4.2.2.
extern const uint32_t serve_sha256_k[64];

#endif
