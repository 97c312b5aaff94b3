#define _GNU_SOURCE
#include "host.h"

#include <sched.h>
#include <sys/mman.h>

int serve_cpu_count(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  const int count = CPU_COUNT(&set);
  return count < 1 ? 1 : count;
}

int serve_memory_file(const char *name) { return memfd_create(name, MFD_CLOEXEC); }
