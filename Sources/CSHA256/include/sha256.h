/// SHA-256 (FIPS 180-4), portable and with x86 SHA-NI where the CPU has it.
#ifndef SERVE_SHA256_H
#define SERVE_SHA256_H
#include <stddef.h>
#include <stdint.h>
/// Writes the 32-byte digest of `length` bytes at `data` to `digest`.
void serve_sha256(const void *data, size_t length, uint8_t digest[32]);
#endif
