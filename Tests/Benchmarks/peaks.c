// What one or two threads of this machine reach: fused multiply-adds on f32, and reading memory of a given size.
//
//     clang -O3 -march=native -pthread peaks.c -o peaks && ./peaks THREADS SECONDS KIB...
//
// Prints one JSON object: fma_gflops, and read_gbs by the kibibytes that are read over and over. Each figure is the best of many
// short slices, for a shared machine only ever slows one down. Vectors are 16 lanes wide, as in the plans' kernels; the
// compiler splits them into what the CPU has.
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef float f32x16 __attribute__((vector_size(64)));
typedef uint64_t u64x8 __attribute__((vector_size(64)));

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

// AVX2 has 16 registers of 8 lanes: 6 accumulators of 16 lanes take 12 of them and hide an FMA's latency (4 cycles, two
// a cycle need 8 in flight).
enum { CHAINS = 6, STEPS = 1 << 14 };

// Makes a call whose result is known already happen again.
#define AGAIN __asm__ volatile("" ::: "memory")

// Where chains start, then factor and addend. Their values are hidden behind AGAIN, and lanes and chains differ: the
// compiler would compute equal ones once, and a chain that stands at its fixed point not at all.
f32x16 operands[CHAINS + 2];

__attribute__((noinline)) static float fma_slice(void) {
  AGAIN;
  f32x16 sums[CHAINS], x = operands[CHAINS], y = operands[CHAINS + 1];
  for (int i = 0; i < CHAINS; i++) sums[i] = operands[i];
  for (int step = 0; step < STEPS; step++)
    for (int i = 0; i < CHAINS; i++) sums[i] = __builtin_elementwise_fma(sums[i], x, y);
  f32x16 total = sums[0];
  for (int i = 1; i < CHAINS; i++) total += sums[i];
  float all = 0;
  for (int lane = 0; lane < 16; lane++) all += total[lane];
  return all;
}

__attribute__((noinline)) static uint64_t read_slice(const u64x8 *data, size_t count) {
  AGAIN;
  u64x8 sums[4] = {0};
  for (size_t i = 0; i + 4 <= count; i += 4)
    for (int lane = 0; lane < 4; lane++) sums[lane] ^= data[i + lane];
  u64x8 all = sums[0] ^ sums[1] ^ sums[2] ^ sums[3];
  return all[0] ^ all[7];
}

struct Work {
  size_t bytes;  // 0: multiply and add
  double seconds, best;
  pthread_barrier_t *start;
  uint64_t sink;
};

static void *measure(void *argument) {
  struct Work *work = argument;
  void *data = NULL;
  if (work->bytes) {
    if (posix_memalign(&data, 4096, work->bytes)) abort();
    memset(data, 1, work->bytes);
  }
  // A slice is about 4 MiB: all of a small buffer several times, or the next part of a large one.
  const size_t slice = 4u << 20, part = work->bytes < slice ? work->bytes : slice;
  const size_t repeats = part ? slice / part : 0;
  size_t at = 0;
  pthread_barrier_wait(work->start);
  double end = now() + work->seconds, before;
  do {
    before = now();
    if (work->bytes) {
      for (size_t i = 0; i < repeats; i++) work->sink ^= read_slice((u64x8 *)((char *)data + at), part / sizeof(u64x8));
      at = at + 2 * part <= work->bytes ? at + part : 0;
    } else {
      for (int i = 0; i < 8; i++) work->sink += (uint64_t)fma_slice();
    }
    double amount = work->bytes ? (double)part * (double)repeats : 8.0 * STEPS * CHAINS * 16 * 2;
    double rate = amount / (now() - before);
    if (rate > work->best) work->best = rate;
  } while (before < end);
  free(data);
  return NULL;
}

static double best(size_t bytes, int threads, double seconds) {
  pthread_barrier_t start;
  pthread_barrier_init(&start, NULL, (unsigned)threads);
  pthread_t handles[64];
  struct Work work[64];
  double total = 0;
  for (int i = 0; i < threads; i++) {
    work[i] = (struct Work){.bytes = bytes, .seconds = seconds, .start = &start};
    pthread_create(&handles[i], NULL, measure, &work[i]);
  }
  for (int i = 0; i < threads; i++) {
    pthread_join(handles[i], NULL);
    total += work[i].best;
  }
  pthread_barrier_destroy(&start);
  return total / 1e9;
}

int main(int count, char **arguments) {
  int threads = count > 1 ? atoi(arguments[1]) : 1;
  double seconds = count > 2 ? atof(arguments[2]) : 0.5;
  if (threads < 1 || threads > 64 || !(seconds > 0)) {
    fprintf(stderr, "peaks THREADS SECONDS KIB...\n");
    return 2;
  }
  for (int i = 0; i < CHAINS + 2; i++)
    for (int lane = 0; lane < 16; lane++) operands[i][lane] = 0.5f + 0.01f * (float)(i * 16 + lane) / (CHAINS + 2);
  printf("{\"threads\": %d, \"fma_gflops\": %.1f, \"read_gbs\": {", threads, best(0, threads, seconds));
  for (int i = 3; i < count; i++) {
    size_t kib = strtoul(arguments[i], NULL, 10);
    if (kib) printf("%s\"%zu\": %.1f", i > 3 ? ", " : "", kib, best(kib << 10, threads, seconds));
  }
  printf("}}\n");
  return 0;
}
