. "$HERE/lib.sh"
# Counts calls of the allocator in two runs of different length: the difference is what requests cost.
cat >count.c <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
static atomic_long calls;
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
void *malloc(size_t n) { calls++; return __libc_malloc(n); }
void *calloc(size_t n, size_t m) { calls++; return __libc_calloc(n, m); }
void *realloc(void *p, size_t n) { calls++; return __libc_realloc(p, n); }
void *aligned_alloc(size_t a, size_t n) { calls++; return __libc_memalign(a, n); }
int posix_memalign(void **p, size_t a, size_t n) { calls++; *p = __libc_memalign(a, n); return *p ? 0 : 12; }
__attribute__((destructor)) static void report(void) {
  FILE *file = fopen("calls", "w");
  fprintf(file, "%ld\n", calls);
  fclose(file);
}
C
"${SERVEC_CLANG:-clang}" -O1 -shared -fPIC count.c -o count.so
# measure SECONDS : prints calls and requests of one run.
measure() {
  LD_PRELOAD=$PWD/count.so start --threads 1
  requests=$("$SERVE_LOAD" --url "$url/v1/recommender" --connections 4 --seconds "$1" --body-file "$REQUEST" \
    --format json | sed -nE 's/.*"requests":([0-9]+).*/\1/p')
  stop INT
  echo "$(cat calls) $requests"
}
read -r calls1 requests1 < <(measure 0.5)
read -r calls2 requests2 < <(measure 1.5)
each=$(((calls2 - calls1) / (requests2 - requests1)))
echo "$each allocations a request"
[ "$each" -le 24 ] || fail "more than 24"
