/// The binary contract between generated kernels and the runtime that calls them.
///
/// A kernel is a freestanding C function. It sees only what stands here: pointers that the runtime
/// resolved once when the plan was loaded, and the values of the program's symbolic dimensions.
#ifndef SERVE_PLAN_ABI_H
#define SERVE_PLAN_ABI_H

#include <stdint.h>

/// One string element of a tensor: UTF-8 bytes owned by the request, not terminated.
typedef struct {
  const uint8_t *bytes;
  uint64_t length;
} serve_string;

/// Runs one step, or part `part` of `parts` of it. `buffers[i]` is the i-th argument of the step (arena, weight or
/// scratch memory, resolved at load); `dims[s]` is the value of the program's symbol `s` (batch, cand, ...) for this
/// call.
///
/// All parts together write what part 0 of 1 does, bit for bit, and no part reads what another writes: they may run at
/// the same time, in any order. A step that its program does not call split is run as part 0 of 1 only.
typedef void (*serve_kernel)(void *const *buffers, const int64_t *dims, int64_t part, int64_t parts);

/// The entry of the kernel table that each code object exports as `serve_kernels`.
typedef struct {
  serve_kernel run;
} serve_kernel_entry;

#endif
