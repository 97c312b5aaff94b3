// Compares every elementary function of the kernels with f64, over all floats or every n-th of them.
//
//   elementary STRIDE NAME=ULP...
//
// Stands behind the kernels' own prelude. Prints the worst error of each function in units in the last place of the exact
// result (of the smallest denormal, below it), and fails where that is above the given bound, or where
//   - the vector form and the scalar form differ in a bit, in one of 16 vectors,
//   - NaN does not come from NaN or from outside the domain alone,
//   - a result leaves the function's range, or an odd function is not odd to the bit,
//   - a function that rises falls where two of its approximations meet.
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef f64 f64x16 __attribute__((ext_vector_type(16)));
typedef i64 i64x16 __attribute__((ext_vector_type(16)));
typedef f64 f64x4 __attribute__((ext_vector_type(4)));

// glibc's vector functions are within 4 ulp of f64, which is 2^-27 of an ulp of f32.
#if defined(__x86_64__)
#define REFERENCE(name)                                                                                    \
  f64x4 _ZGVdN4v_##name(f64x4);                                                                            \
  static f64x16 r_##name(f64x16 x) {                                                                       \
    f64x16 y;                                                                                              \
    y.s0123 = _ZGVdN4v_##name(x.s0123), y.s4567 = _ZGVdN4v_##name(x.s4567);                                \
    y.s89ab = _ZGVdN4v_##name(x.s89ab), y.scdef = _ZGVdN4v_##name(x.scdef);                                \
    return y;                                                                                              \
  }
#else
#define REFERENCE(name)                                                                                    \
  static f64x16 r_##name(f64x16 x) {                                                                       \
    f64x16 y;                                                                                              \
    for (int i = 0; i < 16; i++) y[i] = name(x[i]);                                                        \
    return y;                                                                                              \
  }
#endif
REFERENCE(exp)
REFERENCE(log)
REFERENCE(log1p)
REFERENCE(expm1)
REFERENCE(tanh)
REFERENCE(erf)
REFERENCE(erfc)
REFERENCE(sin)
REFERENCE(cos)
static f64x16 r_absolute(f64x16 x) { return __builtin_elementwise_abs(x); }
static f64x16 r_expNegative(f64x16 x) { return r_exp(-r_absolute(x)); }
static f64x16 r_sigmoid(f64x16 x) { return 1.0 / (1.0 + r_exp(-x)); }
static f64x16 r_softplus(f64x16 x) { return __builtin_elementwise_max(x, (f64x16)0.0) + r_log1p(r_exp(-r_absolute(x))); }
/// The limit of x times a gate at -infinity, where the formulas give NaN.
static f64x16 gated(f64x16 x, f64x16 y) { return x == (f64x16)-INFINITY ? (f64x16)-0.0 : y; }
static f64x16 r_gelu(f64x16 x) { return gated(x, 0.5 * x * r_erfc(x * -0.70710678118654752440)); }
static f64x16 r_silu(f64x16 x) { return gated(x, x / (1.0 + r_exp(-x))); }
static f64x16 r_geluTanh(f64x16 x) {
  return gated(x, x / (1.0 + r_exp(-1.59576912160573071 * x * (1.0 + 0.044715 * x * x))));
}
static f64x16 r_mish(f64x16 x) {
  f64x16 e = r_exp(-r_absolute(x)), below = e * (e + 2.0), above = e + e + 1.0;
  return gated(x, x * (x < 0.0 ? below / (below + 2.0) : above / (above + 2.0 * e * e)));
}
static f64x16 r_elu(f64x16 x) { return x < 0.0 ? r_expm1(x) : x; }
static f64x16 r_sqrt(f64x16 x) { return __builtin_elementwise_sqrt(x); }
static f64x16 r_reciprocal(f64x16 x) { return 1.0 / x; }

// Name, expression, least and largest value, whether odd.
#define FUNCTIONS(F)                                                                                       \
  F(exp, m_exp(x), 0, INFINITY, 0)                                                                         \
  F(expNegative, m_expNegative(-m_absolute(x)), 0, 1, 0)                                                   \
  F(log, m_log(x), -INFINITY, INFINITY, 0)                                                                 \
  F(log1p, m_log1p(x), -INFINITY, INFINITY, 0)                                                             \
  F(sqrt, m_sqrt(x), -0.0f, INFINITY, 0)                                                                   \
  F(reciprocal, m_reciprocal(x), -INFINITY, INFINITY, 1)                                                   \
  F(sin, m_sin(x), -1, 1, 1)                                                                               \
  F(cos, m_cos(x), -1, 1, 0)                                                                               \
  F(tanh, m_tanh(x), -1, 1, 1)                                                                             \
  F(sigmoid, m_sigmoid(x), 0, 1, 0)                                                                        \
  F(erf, m_erf(x), -1, 1, 1)                                                                               \
  F(softplus, m_softplus(x), 0, INFINITY, 0)                                                               \
  F(elu, m_elu(x, 1.0f), -1, INFINITY, 0)                                                                  \
  F(gelu, m_gelu(x), -0.170041f, INFINITY, 0)                                                              \
  F(geluTanh, m_geluTanh(x), -0.170041f, INFINITY, 0)                                                      \
  F(silu, m_silu(x), -0.278465f, INFINITY, 0)                                                              \
  F(mish, m_mish(x), -0.308844f, INFINITY, 0)
#define DEFINE(name, value, low, high, odd)                                                                \
  __attribute__((noinline)) static f32x16 v_##name(f32x16 x) { return value; }                             \
  __attribute__((noinline)) static f32 s_##name(f32 x) { return value; }
FUNCTIONS(DEFINE)

static const struct function {
  const char *name;
  f32x16 (*vector)(f32x16);
  f32 (*scalar)(f32);
  f64x16 (*reference)(f64x16);
  f32 low, high;
  int odd;
} functions[] = {
#define ROW(name, value, low, high, odd) {#name, v_##name, s_##name, r_##name, low, high, odd},
    FUNCTIONS(ROW)};

/// Where two approximations of a rising function meet.
static const struct join {
  f32 (*function)(f32);
  const char *name;
  f32 at;
} joins[] = {{s_tanh, "tanh", 9.02f}, {s_erf, "erf", 0.927734375f}, {s_erf, "erf", 4.0f},
    {s_log1p, "log1p", 1.4142135f}, {s_exp, "exp", 0.34657359f}, {s_sigmoid, "sigmoid", 87.0f}, {s_sigmoid, "sigmoid", -87.0f}};

struct job {
  const struct function *function;
  u64 from, below, stride;
  f64 worst;
  f32 worst_at, fault_at;
  const char *fault;
};

static void fail(struct job *job, const char *what, f32 x) {
  if (!job->fault) job->fault = what, job->fault_at = x;
}

/// One unit in the last place of a result of this size.
static f64 unit(f64 y) {
  i64 exponent = (to_bits(y) >> 52) & 2047;
  if (exponent < 1023 - 126) exponent = 1023 - 126;
  return from_bits((exponent - 23) << 52);
}

static void compare(struct job *job, f32 x, f32 found, f64 exact) {
  const struct function *f = job->function;
  const f32 nearest = (f32)exact;
  if (exact != exact || found != found) {
    if (exact == exact || found == found) fail(job, "NaN", x);
    return;
  }
  if (!(found >= f->low && found <= f->high)) fail(job, "leaves its range", x);
  if (nearest - nearest != 0.0f || found - found != 0.0f) {
    // Where the exact result is within a unit of overflow either is right.
    const f64 size = exact < 0 ? -exact : exact, limit = 0x1.fffffep127;
    if (nearest != found && (size < limit - 0x1p104 || size > limit + 0x1p105)) fail(job, "overflow", x);
    return;
  }
  if (found == 0.0f && nearest == 0.0f && to_bits(found) != to_bits(nearest)) fail(job, "sign of zero", x);
  f64 error = (f64)found - exact;
  error = (error < 0 ? -error : error) / unit(exact);
  if (error > job->worst) job->worst = error, job->worst_at = x;
}

/// Whether some lane is worth a closer look: a larger error than any before, or anything out of the ordinary.
static int stands_out(const struct job *job, f32x16 y, f64x16 exact) {
  const f64x16 found = __builtin_convertvector(y, f64x16), error = r_absolute(found - exact);
  i64x16 exponent = ((i64x16)exact >> 52) & 2047;
  exponent = exponent < 1023 - 126 ? (i64x16)(1023 - 126) : exponent;
  const f64x16 units = (f64x16)((exponent - 23) << 52);
  const i64x16 plain = (error <= units * job->worst) & (r_absolute(found) < 0x1p127) & (found != 0.0) &
                       (found >= (f64)job->function->low) & (found <= (f64)job->function->high);
  return __builtin_reduce_and(plain) == 0;
}

/// What every stride must meet: zeros, denormals, ones, the ends of ranges, infinities, NaN.
static const u32 special[16] = {0, 0x80000000, 1, 0x80000001, 0x7fffff, 0x807fffff, 0x800000, 0x80800000, 0x3f800000, 0xbf800000,
    0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00000};

static void *run(void *argument) {
  struct job *job = argument;
  const struct function *f = job->function;
  int untilAlone = 1;
  for (u64 first = job->from, turn = 0; first < job->below; first += turn++ ? 16 * job->stride : 0) {
    f32x16 x;
    for (int i = 0; i < 16; i++)
      x[i] = from_bits((i32)(turn == 0 ? special[i] : (u32)(first + (u64)i * job->stride)));
    const f32x16 y = f->vector(x);
    f64x16 exact = f->reference(__builtin_convertvector(x, f64x16));
    const int alsoAlone = --untilAlone == 0;
    if (alsoAlone) untilAlone = 16;
    for (int i = 0; i < 16 && alsoAlone; i++) {
      const f32 alone = f->scalar(x[i]);
      if (to_bits(alone) != to_bits(y[i]) && (alone == alone || y[i] == y[i])) fail(job, "scalar and vector differ", x[i]);
    }
    if (f->odd) {
      const f32x16 mirrored = f->vector(-x);
      if (__builtin_reduce_or((to_bits(mirrored) != (to_bits(y) ^ (i32)0x80000000)) & (y == y))) fail(job, "is not odd", x[0]);
    }
    // The limit of x times a gate that closes.
    if (turn == 0 && f->low > -1 && f->low < 0) exact[13] = -0.0;
    if (stands_out(job, y, exact))
      for (int i = 0; i < 16; i++) compare(job, x[i], y[i], exact[i]);
  }
  return NULL;
}

static int checkJoins(void) {
  int faults = 0;
  for (unsigned j = 0; j < sizeof joins / sizeof *joins; j++) {
    for (i32 k = -4096; k < 4096; k++) {
      const i32 at = to_bits(joins[j].at) + k;
      if (joins[j].at == 0.0f && k < 0) continue;
      const f32 x = from_bits(at), further = from_bits(at + 1);
      if (joins[j].function(x < 0 ? further : x) <= joins[j].function(x < 0 ? x : further)) continue;
      printf("%s falls at %a, near %g\n", joins[j].name, from_bits(at), joins[j].at);
      faults++;
      break;
    }
  }
  return faults;
}

int main(int count, char **arguments) {
  const u64 stride = strtoull(arguments[1], NULL, 10), all = 1ull << 32;
  enum { most_threads = 64 };
  long threads = sysconf(_SC_NPROCESSORS_ONLN);
  threads = threads < 1 ? 1 : threads > most_threads ? most_threads : threads;
  int faults = checkJoins();
  for (unsigned k = 0; k < sizeof functions / sizeof *functions; k++) {
    struct job jobs[most_threads];
    pthread_t started[most_threads];
    f64 bound = -1;
    const size_t length = strlen(functions[k].name);
    for (int i = 2; i < count; i++)
      if (!strncmp(arguments[i], functions[k].name, length) && arguments[i][length] == '=')
        bound = strtod(arguments[i] + length + 1, NULL);
    for (long t = 0; t < threads; t++) {
      jobs[t] = (struct job){&functions[k], all / threads * t, t == threads - 1 ? all : all / threads * (t + 1), stride};
      pthread_create(&started[t], NULL, run, &jobs[t]);
    }
    struct job worst = jobs[0];
    for (long t = 0; t < threads; t++) {
      pthread_join(started[t], NULL);
      if (t == 0 || jobs[t].worst > worst.worst) worst.worst = jobs[t].worst, worst.worst_at = jobs[t].worst_at;
      if (jobs[t].fault) worst.fault = jobs[t].fault, worst.fault_at = jobs[t].fault_at;
    }
    const int bad = worst.fault != NULL || worst.worst > bound;
    printf("%-12s %.3f ulp at %a, bound %g%s", functions[k].name, worst.worst, worst.worst_at, bound, bad ? "  FAILED" : "");
    if (worst.fault) printf(": %s at %a", worst.fault, worst.fault_at);
    printf("\n");
    fflush(stdout);
    faults += bad;
  }
  return faults > 0;
}
