#define _GNU_SOURCE
#include "team.h"

#include "host.h"

#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/// Parts for each thread: one that starts late or loses its core holds up the others by a part at most.
enum { parts_per_thread = 4 };
/// Longest time to wait for the next step, or for the last part of one, without giving up the core: the steps of a
/// request that are not split are seldom longer, and waking a thread takes about a fifth of it.
enum { spin_nanoseconds = 50000 };
/// Kernels keep little on the stack.
enum { stack_bytes = 256 << 10 };

/// Helpers of one step: beyond that many threads the steps of one request are too short.
enum { most_helpers = 63 };

/// The parts that a thread does first. Alone in its cache line: others come here only when theirs are done.
struct share {
  _Alignas(64) _Atomic int64_t next;
};

/// One split step, or the requests of a loop, while they run; on the stack of the thread that runs the program.
struct job {
  /// Of a loop there is none.
  const serve_step *step;
  const serve_requests *requests;
  const int64_t *dims;
  int threads;
  int64_t parts_of_share;
  /// Helpers that may still touch the job, and `awaited` when its owner sleeps until there are none.
  _Alignas(64) _Atomic uint32_t pending;
  /// The owner's and one for each helper.
  struct share shares[most_helpers + 1];
};
static const uint32_t awaited = 1u << 31;

/// What a helper is at: the low bits of the word that it sleeps on. The bits above count its claims, so that nobody
/// takes one claim for another.
enum state { idle, asleep, claimed, ready, running, stopped };
enum { state_bits = 7, one_claim = 8 };

struct helper {
  _Alignas(64) _Atomic uint32_t word;
  /// Written by the thread that claimed the helper, before the state becomes ready.
  struct job *job;
  int share;
  serve_team *team;
  unsigned char *scratch;
  void **buffers;
  pthread_t thread;
};

struct serve_team {
  /// Threads that run programs: what helpers look at while they wait.
  _Alignas(64) _Atomic int callers;
  int cores;
  int helper_count;
  size_t scratch_bytes;
  unsigned char *scratch;
  void **buffers;
  /// Callers, and helpers that are claimed: every step changes it.
  _Alignas(64) _Atomic int busy;
  struct helper helpers[];
};

static void futex_wait(_Atomic uint32_t *word, uint32_t value) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void futex_wake(_Atomic uint32_t *word) { syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0); }

static void pause_briefly(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/// Waits until a word changes, a moment at most; false when `spin_nanoseconds` have passed since `start`, which is 0 for
/// the first call.
static int spin(const _Atomic uint32_t *word, uint32_t value, int64_t *start) {
  for (int i = 0; i < 32; i++) {
    if (atomic_load_explicit(word, memory_order_relaxed) != value) return 1;
    pause_briefly();
  }
  const int64_t time = now();
  if (*start == 0) *start = time;
  return time - *start < spin_nanoseconds;
}

/// Where a thread takes its next part from: its own share of a job, then what is left of the others'. A thread has the
/// same share of every step, so that it finds in its own caches what it wrote in the last step.
struct source {
  int share;
  int shares_left;
};

/// The number of a part that nobody else runs; -1 when none is left.
static int64_t next_part(struct job *job, struct source *source) {
  while (source->shares_left > 0) {
    // Relaxed: the number alone says which part this is, and what parts write is published by `pending`.
    const int64_t at = atomic_fetch_add_explicit(&job->shares[source->share].next, 1, memory_order_relaxed);
    if (at < job->parts_of_share) return source->share * job->parts_of_share + at;
    source->share = (source->share + 1) % job->threads;
    source->shares_left--;
  }
  return -1;
}

static void run_parts(struct job *job, int share, void *const *buffers) {
  struct source source = {share, job->threads};
  const int64_t parts = job->threads * job->parts_of_share;
  for (int64_t part; (part = next_part(job, &source)) >= 0;) job->step->run(buffers, job->dims, part, parts);
}

void serve_point(const serve_requests *requests, void **table, unsigned char *scratch, int64_t request) {
  for (uint32_t i = 0; i < requests->buffer_count; i++) {
    table[i] = (unsigned char *)requests->buffers[i] + requests->strides[i] * (size_t)request;
  }
  for (uint32_t i = 0; i < requests->scratch_count; i++) {
    const uint32_t at = requests->scratch_buffers[i];
    table[at] = scratch + ((unsigned char *)requests->buffers[at] - requests->scratch);
  }
}

/// Runs whole requests until none is left. A part's number is the request's.
static void run_requests(struct job *job, int share, void **table, unsigned char *scratch) {
  const serve_requests *requests = job->requests;
  struct source source = {share, job->threads};
  for (int64_t request; (request = next_part(job, &source)) >= 0;) {
    serve_point(requests, table, scratch, request);
    for (uint32_t i = 0; i < requests->call_count; i++) {
      requests->calls[i].run(table + requests->calls[i].first, job->dims, 0, 1);
    }
  }
}

/// Runs what is left of a job with this helper's scratch.
static void help(struct helper *self, struct job *job) {
  const serve_step *step = job->step;
  if (step == NULL) {
    run_requests(job, self->share, self->buffers, self->scratch);
    return;
  }
  void *const *buffers = step->buffers;
  if (step->scratch_count > 0) {
    memcpy(self->buffers, step->buffers, step->buffer_count * sizeof(void *));
    for (uint32_t i = 0; i < step->scratch_count; i++) {
      const uint32_t at = step->scratch_buffers[i];
      self->buffers[at] = self->scratch + ((unsigned char *)step->buffers[at] - step->scratch);
    }
    buffers = self->buffers;
  }
  run_parts(job, self->share, buffers);
}

static void *live(void *argument) {
  struct helper *self = argument;
  int64_t start = 0;
  for (;;) {
    uint32_t word = atomic_load_explicit(&self->word, memory_order_relaxed);
    switch ((enum state)(word & state_bits)) {
      case ready:
        // Fails when the job is taken back. Acquire: the job and everything that its owner wrote are there.
        if (!atomic_compare_exchange_strong_explicit(
                &self->word, &word, word - ready + running, memory_order_acquire, memory_order_relaxed))
          break;
        struct job *job = self->job;
        help(self, job);
        // Free for others before the job's owner can go on: its next claim finds as many helpers as it gave back.
        atomic_store_explicit(&self->word, word - ready + idle, memory_order_release);
        // The last touch of the job. Its owner may be gone when the wake-up comes: to the kernel it is only an address.
        if (atomic_fetch_sub_explicit(&job->pending, 1, memory_order_release) == (awaited | 1))
          futex_wake(&job->pending);
        start = 0;
        break;
      case idle:
        // Nobody can claim a helper while every core has a program to run.
        if (!spin(&self->word, word, &start) ||
            atomic_load_explicit(&self->team->callers, memory_order_relaxed) >= self->team->cores)
          atomic_compare_exchange_strong_explicit(
              &self->word, &word, word - idle + asleep, memory_order_relaxed, memory_order_relaxed);
        break;
      case asleep:
        futex_wait(&self->word, word);
        start = 0;
        break;
      // Becomes ready within a few instructions of the thread that claimed it.
      case claimed: pause_briefly(); break;
      case stopped: return NULL;
      case running: break;
    }
  }
}

serve_team *serve_team_create(int cores, size_t scratch_bytes, uint32_t most_buffers) {
  const int count = cores - 1;
  if (count < 1) return NULL;
  scratch_bytes = (scratch_bytes + 4095) / 4096 * 4096;
  if (scratch_bytes > SIZE_MAX / 2 / (size_t)count) return NULL;
  const size_t bytes = sizeof(serve_team) + (size_t)count * sizeof(struct helper);
  serve_team *team = aligned_alloc(64, (bytes + 63) / 64 * 64);
  if (team == NULL) return NULL;
  memset(team, 0, bytes);
  team->cores = cores;
  team->scratch_bytes = scratch_bytes;
  team->buffers = calloc((size_t)count * (most_buffers + 1), sizeof(void *));
  if (scratch_bytes > 0) {
    team->scratch = mmap(
        NULL, scratch_bytes * (size_t)count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  }
  pthread_attr_t attributes;
  if (team->buffers == NULL || team->scratch == MAP_FAILED || pthread_attr_init(&attributes) != 0) {
    if (team->scratch == MAP_FAILED) team->scratch = NULL;
    serve_team_destroy(team);
    return NULL;
  }
  pthread_attr_setstacksize(&attributes, stack_bytes > PTHREAD_STACK_MIN ? stack_bytes : PTHREAD_STACK_MIN);
  int failed = 0;
  for (int i = 0; i < count; i++) {
    struct helper *helper = &team->helpers[i];
    helper->team = team;
    helper->scratch = team->scratch == NULL ? NULL : team->scratch + (size_t)i * scratch_bytes;
    helper->buffers = team->buffers + (size_t)i * most_buffers;
    failed = pthread_create(&helper->thread, &attributes, live, helper) != 0;
    if (failed) break;
    serve_move_elsewhere(helper->thread);
    team->helper_count = i + 1;
  }
  pthread_attr_destroy(&attributes);
  if (failed) {
    serve_team_destroy(team);
    return NULL;
  }
  return team;
}

void serve_team_destroy(serve_team *team) {
  for (int i = 0; i < team->helper_count; i++) {
    atomic_store_explicit(&team->helpers[i].word, stopped, memory_order_release);
    futex_wake(&team->helpers[i].word);
  }
  for (int i = 0; i < team->helper_count; i++) pthread_join(team->helpers[i].thread, NULL);
  if (team->scratch != NULL) munmap(team->scratch, team->scratch_bytes * (size_t)(team->cores - 1));
  free(team->buffers);
  free(team);
}

static void count_caller(serve_team *team, int change) {
  atomic_fetch_add_explicit(&team->callers, change, memory_order_relaxed);
  atomic_fetch_add_explicit(&team->busy, change, memory_order_relaxed);
}

void serve_team_enter(serve_team *team) { count_caller(team, 1); }

void serve_team_leave(serve_team *team) { count_caller(team, -1); }

/// Takes up to `wanted` of the cores that nobody uses.
static int reserve(serve_team *team, int wanted) {
  int busy = atomic_load_explicit(&team->busy, memory_order_relaxed);
  for (;;) {
    const int left = team->cores - busy;
    const int taken = left < wanted ? left : wanted;
    if (taken <= 0) return 0;
    if (atomic_compare_exchange_weak_explicit(
            &team->busy, &busy, busy + taken, memory_order_relaxed, memory_order_relaxed))
      return taken;
  }
}

/// A helper that works on a job, and the word that says it has not begun.
struct claim {
  struct helper *helper;
  uint32_t word;
};

/// Starts helpers on a job, `count` at most, and returns how many. Those that sleep are left alone unless `wakes`.
static int start(serve_team *team, struct job *job, struct claim *claims, int count, int wakes) {
  int found = 0;
  for (int i = 0; i < team->helper_count && found < count; i++) {
    struct helper *helper = &team->helpers[i];
    uint32_t word = atomic_load_explicit(&helper->word, memory_order_relaxed);
    const uint32_t before = word & state_bits;
    if (before != idle && !(wakes && before == asleep)) continue;
    const uint32_t next = word - before + one_claim;
    // Acquire: the helper has read its last job before the next one is written.
    if (!atomic_compare_exchange_strong_explicit(
            &helper->word, &word, next + claimed, memory_order_acquire, memory_order_relaxed))
      continue;
    helper->job = job;
    helper->share = found + 1;
    atomic_store_explicit(&helper->word, next + ready, memory_order_release);
    if (before == asleep) futex_wake(&helper->word);
    claims[found++] = (struct claim){helper, next + ready};
  }
  return found;
}

/// Takes the job back from helpers that have not begun, and waits for the others. Returns how many began.
static int finish(struct job *job, const struct claim *claims, int count) {
  int began = count;
  for (int i = 0; i < count; i++) {
    uint32_t word = claims[i].word;
    if (!atomic_compare_exchange_strong_explicit(
            &claims[i].helper->word, &word, word - ready + idle, memory_order_relaxed, memory_order_relaxed))
      continue;
    atomic_fetch_sub_explicit(&job->pending, 1, memory_order_relaxed);
    began--;
  }
  int64_t time = 0;
  for (;;) {
    // Acquire: what the helpers wrote is visible after this.
    uint32_t pending = atomic_load_explicit(&job->pending, memory_order_acquire);
    if ((pending & ~awaited) == 0) return began;
    if (pending & awaited) {
      futex_wait(&job->pending, pending);
    } else if (!spin(&job->pending, pending, &time)) {
      atomic_compare_exchange_strong_explicit(
          &job->pending, &pending, pending | awaited, memory_order_relaxed, memory_order_relaxed);
    }
  }
}

/// Reserves helpers for work that up to `most_threads` threads can share.
static int helpers_for(serve_team *team, int64_t most_threads) {
  const int most = most_threads - 1 < team->helper_count ? (int)most_threads - 1 : team->helper_count;
  return most > 0 ? reserve(team, most < most_helpers ? most : most_helpers) : 0;
}

/// Runs a job on the calling thread and on up to `count` reserved helpers, which are free again afterwards. Returns how
/// many of them began; -1 when none could be started, and nothing has run.
static int run(serve_team *team, struct job *job, int count, int64_t parts_of_share, int wakes) {
  job->threads = count + 1;
  job->parts_of_share = parts_of_share;
  for (int i = 0; i <= count; i++) atomic_init(&job->shares[i].next, 0);
  atomic_init(&job->pending, (uint32_t)count);
  struct claim claims[most_helpers];
  const int started = start(team, job, claims, count, wakes);
  int began = -1;
  if (started > 0) {
    atomic_fetch_sub_explicit(&job->pending, (uint32_t)(count - started), memory_order_relaxed);
    if (job->step != NULL) {
      run_parts(job, 0, job->step->buffers);
    } else {
      run_requests(job, 0, job->requests->table, job->requests->scratch);
    }
    began = finish(job, claims, started);
  }
  atomic_fetch_sub_explicit(&team->busy, count, memory_order_relaxed);
  return began;
}

int serve_team_run(serve_team *team, const serve_step *step, const int64_t *dims, int most_threads, int wakes) {
  const int count = helpers_for(team, most_threads);
  if (count > 0) {
    struct job job;
    job.step = step;
    job.dims = dims;
    const int began = run(team, &job, count, parts_per_thread, wakes);
    if (began >= 0) return began + 1;
  }
  step->run(step->buffers, dims, 0, 1);
  return 1;
}

int64_t serve_team_run_requests(serve_team *team, const serve_requests *requests, const int64_t *dims, int64_t count) {
  const int helpers = count > 1 ? helpers_for(team, count) : 0;
  if (helpers == 0) return 0;
  struct job job;
  job.step = NULL;
  job.requests = requests;
  job.dims = dims;
  const int64_t each = count / (helpers + 1);
  return run(team, &job, helpers, each, 1) < 0 ? 0 : each * (helpers + 1);
}
