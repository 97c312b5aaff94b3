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

int serve_memory_file(const char *name) { return memfd_create(name, MFD_CLOEXEC); }

size_t serve_symbol_size(const void *address) {
  Dl_info info;
  const ElfW(Sym) *symbol = NULL;
  if (dladdr1(address, &info, (void **)&symbol, RTLD_DL_SYMENT) == 0) return 0;
  if (symbol == NULL || info.dli_saddr != address) return 0;
  return symbol->st_size;
}
