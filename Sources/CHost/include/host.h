/// What the machine under this process can do, and the system calls that Swift's Glibc module leaves out.
#ifndef SERVE_HOST_H
#define SERVE_HOST_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

enum {
  SERVE_CPU_AVX2 = 1 << 0,
  SERVE_CPU_FMA = 1 << 1,
  SERVE_CPU_F16C = 1 << 2,
  SERVE_CPU_BMI2 = 1 << 3,
  SERVE_CPU_AVX512F = 1 << 4,
  SERVE_CPU_AVX512BW = 1 << 5,
  SERVE_CPU_AVX512CD = 1 << 6,
  SERVE_CPU_AVX512DQ = 1 << 7,
  SERVE_CPU_AVX512VL = 1 << 8,
  SERVE_CPU_FP16 = 1 << 9,
  SERVE_CPU_DOTPROD = 1 << 10,
};

/// The bits above that hold here; AVX bits only where the operating system saves the registers.
uint32_t serve_cpu_features(void);

/// CPUs that the scheduler may run this process on; at least 1.
int serve_cpu_count(void);

/// Moves a thread that was just started to another CPU than the caller's, where there is one, and leaves it free to go
/// anywhere. One that the scheduler puts beside its busy creator would wait for the end of a time slice, 3 ms.
void serve_move_elsewhere(pthread_t thread);

/// A file in memory that can be mapped executable and is closed on exec, or -1 with errno (memfd_create).
int serve_memory_file(const char *name);

/// Bytes of the data symbol at exactly `address` in a loaded shared object, or 0 when there is none.
size_t serve_symbol_size(const void *address);

#endif
