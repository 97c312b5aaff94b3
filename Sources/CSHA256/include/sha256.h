/// SHA-256 (FIPS 180-4): portable, with x86 SHA-NI or the Armv8 instructions where the CPU has them.
#ifndef SERVE_SHA256_H
#define SERVE_SHA256_H

#include <stddef.h>
#include <stdint.h>

/// A digest in progress; a plain value that may be copied to branch after a shared prefix.
typedef struct {
  uint32_t state[8];
  /// Bytes taken so far; the last `length % 64` of them wait in `block`.
  uint64_t length;
  uint8_t block[64];
} serve_sha256_context;

void serve_sha256_init(serve_sha256_context *context);
void serve_sha256_update(serve_sha256_context *context, const void *data, size_t length);
/// Writes the digest; `context` must not be used afterwards.
void serve_sha256_final(serve_sha256_context *context, uint8_t digest[32]);

/// Writes the 32-byte digest of `length` bytes at `data` to `digest`.
void serve_sha256(const void *data, size_t length, uint8_t digest[32]);

/// Digests of two messages at once, which the CPU's instructions do in little more time than one.
void serve_sha256_two(
  const void *first, size_t first_length, uint8_t first_digest[32],
  const void *second, size_t second_length, uint8_t second_digest[32]);

/// The same as `serve_sha256` with the portable code only, so that tests can hold the two against each other.
void serve_sha256_portable(const void *data, size_t length, uint8_t digest[32]);

#endif
