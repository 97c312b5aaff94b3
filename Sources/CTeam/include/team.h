/// A team of threads that run parts of kernels on cores that are idle.
///
/// There is one team in a process. Threads that run programs say when they are busy; a step is split over as many more
/// threads as the process has cores that nobody uses at that moment, so there are never more running than cores.
#ifndef SERVE_TEAM_H
#define SERVE_TEAM_H

#include <plan_abi.h>
#include <stddef.h>
#include <stdint.h>

typedef struct serve_team serve_team;

/// A kernel with the memory that it runs on.
typedef struct {
  serve_kernel run;
  void *const *buffers;
  uint32_t buffer_count;
  /// Which of the buffers are in the scratch of the thread that runs a part.
  uint32_t scratch_count;
  const uint32_t *scratch_buffers;
  /// Where the caller's scratch begins, to which those buffers point.
  unsigned char *scratch;
} serve_step;

/// One call of a request loop.
typedef struct {
  serve_kernel run;
  /// The first of its pointers in the loop's table.
  uint32_t first;
} serve_call;

/// Calls that are made for one request after the other. The pointers of all of them stand in one table, of which every
/// thread has its own: `serve_point` fills it for a request.
typedef struct {
  const serve_call *calls;
  uint32_t call_count;
  uint32_t buffer_count;
  /// For request 0 on the thread of the program.
  void *const *buffers;
  /// Bytes to the same buffer of the next request; 0 where requests share it.
  const size_t *strides;
  /// Which of the buffers are in the scratch of the thread that runs the request.
  const uint32_t *scratch_buffers;
  uint32_t scratch_count;
  /// Where the scratch of the thread of the program begins, to which those buffers point.
  unsigned char *scratch;
  /// That thread's table.
  void **table;
} serve_requests;

/// Lets a table of `buffer_count` pointers point to request `request`, on the thread with that scratch.
void serve_point(const serve_requests *requests, void **table, unsigned char *scratch, int64_t request);

/// A team for `cores` cores (at least 2): one thread less sleeps until there is work, each with `scratch_bytes` of
/// memory and room for `most_buffers` pointers. NULL when that cannot be had.
serve_team *serve_team_create(int cores, size_t scratch_bytes, uint32_t most_buffers);

/// Ends the threads. Nothing may be running.
void serve_team_destroy(serve_team *team);

/// The calling thread uses a core from now on, until `serve_team_leave`.
void serve_team_enter(serve_team *team);
void serve_team_leave(serve_team *team);

/// Runs a step whose kernel can be split, on the calling thread, which has entered, and up to `most_threads - 1` others.
/// Threads of the team that wait for work take part; `wakes` says whether the work is worth waking sleeping ones for.
/// Returns how many threads took part.
int serve_team_run(serve_team *team, const serve_step *step, const int64_t *dims, int most_threads, int wakes);

/// Runs requests `0 ..< n` of a loop on the calling thread, which has entered, and on others, a request on one thread,
/// and returns n: as many of the `count` as the threads share evenly, none where there is one request or one thread.
int64_t serve_team_run_requests(serve_team *team, const serve_requests *requests, const int64_t *dims, int64_t count);

#endif
