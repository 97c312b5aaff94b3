#define _GNU_SOURCE
#include "host.h"

#include <dlfcn.h>
#include <link.h>
#include <sched.h>
#include <sys/mman.h>

int serve_cpu_count(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  const int count = CPU_COUNT(&set);
  return count < 1 ? 1 : count;
}

// Nothing here must succeed: otherwise the thread is late. To the C library one that has ended already is the caller,
// which then moves for a moment and keeps its own mask, for that is what the thread inherited.
void serve_move_elsewhere(pthread_t thread) {
  cpu_set_t all, others;
  const int here = sched_getcpu();
  if (here < 0 || pthread_getaffinity_np(thread, sizeof all, &all) != 0) return;
  others = all;
  CPU_CLR((size_t)here, &others);
  if (CPU_COUNT(&others) > 0 && pthread_setaffinity_np(thread, sizeof others, &others) == 0)
    pthread_setaffinity_np(thread, sizeof all, &all);
}

int serve_memory_file(const char *name) { return memfd_create(name, MFD_CLOEXEC); }

size_t serve_symbol_size(const void *address) {
  Dl_info info;
  const ElfW(Sym) *symbol = NULL;
  if (dladdr1(address, &info, (void **)&symbol, RTLD_DL_SYMENT) == 0) return 0;
  if (symbol == NULL || info.dli_saddr != address) return 0;
  return symbol->st_size;
}
