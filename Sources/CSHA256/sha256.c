#include "sha256.h"

#include <stdatomic.h>
#include <string.h>

#include "sha256_blocks.h"

static const uint32_t initial[8] = {
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

/// Chosen at the first use; every thread that races here stores the same value.
static serve_sha256_blocks best_blocks(void) {
  static _Atomic(serve_sha256_blocks) chosen;
  serve_sha256_blocks blocks = atomic_load_explicit(&chosen, memory_order_relaxed);
  if (blocks == NULL) {
    blocks = serve_sha256_blocks_accelerated();
    if (blocks == NULL) blocks = serve_sha256_blocks_portable;
    atomic_store_explicit(&chosen, blocks, memory_order_relaxed);
  }
  return blocks;
}

static void pair_in_turn(uint32_t *const states[2], const uint8_t *const blocks[2], size_t count) {
  const serve_sha256_blocks one = best_blocks();
  for (int lane = 0; lane < 2; lane++) one(states[lane], blocks[lane], count);
}

/// As `best_blocks`.
static serve_sha256_pair best_pair(void) {
  static _Atomic(serve_sha256_pair) chosen;
  serve_sha256_pair pair = atomic_load_explicit(&chosen, memory_order_relaxed);
  if (pair == NULL) {
    pair = serve_sha256_pair_accelerated();
    if (pair == NULL) pair = pair_in_turn;
    atomic_store_explicit(&chosen, pair, memory_order_relaxed);
  }
  return pair;
}

static void update(serve_sha256_context *context, const uint8_t *data, size_t length, serve_sha256_blocks blocks) {
  size_t held = context->length % 64;
  context->length += length;
  if (held != 0) {
    size_t take = 64 - held < length ? 64 - held : length;
    memcpy(context->block + held, data, take);
    data += take;
    length -= take;
    if (held + take < 64) return;
    blocks(context->state, context->block, 1);
  }
  if (length >= 64) {
    blocks(context->state, data, length / 64);
    data += length / 64 * 64;
    length %= 64;
  }
  if (length != 0) memcpy(context->block, data, length);
}

static void final(serve_sha256_context *context, uint8_t digest[32], serve_sha256_blocks blocks) {
  uint64_t bits = context->length * 8;
  size_t held = context->length % 64;
  context->block[held++] = 0x80;
  if (held > 56) {
    memset(context->block + held, 0, 64 - held);
    blocks(context->state, context->block, 1);
    held = 0;
  }
  memset(context->block + held, 0, 56 - held);
  for (int i = 0; i < 8; i++) context->block[56 + i] = (uint8_t)(bits >> (56 - 8 * i));
  blocks(context->state, context->block, 1);
  for (int i = 0; i < 8; i++) {
    digest[4 * i] = (uint8_t)(context->state[i] >> 24);
    digest[4 * i + 1] = (uint8_t)(context->state[i] >> 16);
    digest[4 * i + 2] = (uint8_t)(context->state[i] >> 8);
    digest[4 * i + 3] = (uint8_t)context->state[i];
  }
}

void serve_sha256_init(serve_sha256_context *context) {
  memcpy(context->state, initial, sizeof initial);
  context->length = 0;
}

void serve_sha256_update(serve_sha256_context *context, const void *data, size_t length) {
  if (length != 0) update(context, data, length, best_blocks());
}

void serve_sha256_final(serve_sha256_context *context, uint8_t digest[32]) {
  final(context, digest, best_blocks());
}

static void whole(const void *data, size_t length, uint8_t digest[32], serve_sha256_blocks blocks) {
  serve_sha256_context context;
  serve_sha256_init(&context);
  if (length != 0) update(&context, data, length, blocks);
  final(&context, digest, blocks);
}

void serve_sha256(const void *data, size_t length, uint8_t digest[32]) {
  whole(data, length, digest, best_blocks());
}

void serve_sha256_two(
  const void *first, size_t first_length, uint8_t first_digest[32],
  const void *second, size_t second_length, uint8_t second_digest[32]) {
  const size_t together = (first_length < second_length ? first_length : second_length) / 64;
  serve_sha256_context contexts[2];
  for (int lane = 0; lane < 2; lane++) {
    serve_sha256_init(&contexts[lane]);
    contexts[lane].length = 64 * together;
  }
  if (together != 0) {
    uint32_t *const states[2] = {contexts[0].state, contexts[1].state};
    best_pair()(states, (const uint8_t *const[]){first, second}, together);
  }
  serve_sha256_update(&contexts[0], (const uint8_t *)first + 64 * together, first_length - 64 * together);
  serve_sha256_update(&contexts[1], (const uint8_t *)second + 64 * together, second_length - 64 * together);
  serve_sha256_final(&contexts[0], first_digest);
  serve_sha256_final(&contexts[1], second_digest);
}

void serve_sha256_portable(const void *data, size_t length, uint8_t digest[32]) {
  whole(data, length, digest, serve_sha256_blocks_portable);
}
