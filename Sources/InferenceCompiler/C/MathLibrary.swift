/// The C that stands before the kernels of every translation unit: types, and elementary functions.
///
/// The functions are branch-free polynomials that are written once and instantiated for `f32` and `f32x16`; both
/// do the same operations in the same order, so a vectorised loop and its scalar tail give the same bits.
/// Coefficients: exp, log, tanh, sin and cos are Cephes' single-precision sets (S. Moshier); erf is N. Juffa's
/// two-interval minimax fit. Errors are at most about 2 ulp; infinities, NaN and denormals come out as C says.
enum MathLibrary {
  static var prelude: String {
    types + instantiate(vectorFunctions, "f32", "i32") + instantiate(vectorFunctions, "f32x16", "i32x16")
      + doubleFunctions + scalarFunctions
  }

  private static func instantiate(_ template: String, _ float: String, _ int: String) -> String {
    var text = ""
    var word = ""
    func flush() {
      text += word == "T" ? float : word == "I" ? int : word
      word = ""
    }
    for character in template {
      if character.isLetter || character.isNumber || character == "_" {
        word.append(character)
      } else {
        flush()
        text.append(character)
      }
    }
    flush()
    return text
  }

  private static let types = """
    typedef unsigned char u8;
    typedef unsigned short u16;
    typedef unsigned int u32;
    typedef unsigned long u64;
    typedef signed char i8;
    typedef short i16;
    typedef int i32;
    typedef long i64;
    typedef _Float16 f16;
    typedef float f32;
    typedef double f64;
    typedef struct { const u8 *bytes; u64 length; } string;
    typedef f32 f32x16 __attribute__((ext_vector_type(16)));
    typedef i32 i32x16 __attribute__((ext_vector_type(16)));
    typedef f32x16 f32x16_unaligned __attribute__((aligned(4)));
    typedef void (*kernel)(void *const *buffers, const i64 *dims);
    #define INLINE __attribute__((always_inline)) static inline
    #define MATH __attribute__((overloadable, always_inline)) static inline

    MATH i32 to_integer(f32 x) { return (i32)x; }
    MATH i32x16 to_integer(f32x16 x) { return __builtin_convertvector(x, i32x16); }
    MATH f32 to_float(i32 x) { return (f32)x; }
    MATH f32x16 to_float(i32x16 x) { return __builtin_convertvector(x, f32x16); }
    MATH f32 from_bits(i32 x) { union { i32 i; f32 f; } u; u.i = x; return u.f; }
    MATH f32x16 from_bits(i32x16 x) { return (f32x16)x; }
    MATH i32 to_bits(f32 x) { union { i32 i; f32 f; } u; u.f = x; return u.i; }
    MATH i32x16 to_bits(f32x16 x) { return (i32x16)x; }
    MATH f64 from_bits(i64 x) { union { i64 i; f64 f; } u; u.i = x; return u.f; }
    MATH i64 to_bits(f64 x) { union { i64 i; f64 f; } u; u.f = x; return u.i; }

    """

  private static let vectorFunctions = """
    MATH T m_fma(T a, T b, T c) { return __builtin_elementwise_fma(a, b, c); }
    MATH T m_absolute(T x) { return __builtin_elementwise_abs(x); }
    MATH T m_negate(T x) { return -x; }
    MATH T m_sqrt(T x) { return __builtin_elementwise_sqrt(x); }
    MATH T m_floor(T x) { return __builtin_elementwise_floor(x); }
    MATH T m_ceil(T x) { return __builtin_elementwise_ceil(x); }
    MATH T m_round(T x) { return __builtin_elementwise_roundeven(x); }
    MATH T m_reciprocal(T x) { return (T)(1.0f) / x; }
    MATH T m_square(T x) { return x * x; }
    MATH T m_minimum(T a, T b) { T m = a < b ? a : b; return a != a ? a : m; }
    MATH T m_maximum(T a, T b) { T m = a > b ? a : b; return a != a ? a : m; }
    MATH T m_relu(T x) { return (T)(0.0f) > x ? (T)(0.0f) : x; }
    MATH T m_sign(T x) {
      T s = x > 0.0f ? (T)(1.0f) : (T)(0.0f);
      T t = x < 0.0f ? (T)(-1.0f) : s;
      return x != x ? x : t;
    }
    MATH T m_exp(T x) {
      T c = x < -104.0f ? (T)(-104.0f) : x;
      c = c > 89.0f ? (T)(89.0f) : c;
      c = x != x ? (T)(0.0f) : c;
      T n = m_round(c * 1.44269504f);
      T r = m_fma(n, (T)(-0.693359375f), c);
      r = m_fma(n, (T)(2.12194440e-4f), r);
      T p = m_fma((T)(1.9875691500e-4f), r, (T)(1.3981999507e-3f));
      p = m_fma(p, r, (T)(8.3334519073e-3f));
      p = m_fma(p, r, (T)(4.1665795894e-2f));
      p = m_fma(p, r, (T)(1.6666665459e-1f));
      p = m_fma(p, r, (T)(5.0000001201e-1f));
      p = m_fma(p, r * r, r) + 1.0f;
      I e = to_integer(n);
      I h = e >> 1;
      T y = p * from_bits((h + 127) << 23) * from_bits((e - h + 127) << 23);
      return x != x ? x : y;
    }
    MATH T m_log(T x) {
      T s = x < 1.17549435e-38f ? x * 8388608.0f : x;
      I b = to_bits(s);
      I e = (b - 0x3f3504f3) >> 23;
      T m = from_bits(b - (e << 23)) - 1.0f;
      T n = to_float(e) - (x < 1.17549435e-38f ? (T)(23.0f) : (T)(0.0f));
      T z = m * m;
      T p = m_fma((T)(7.0376836292e-2f), m, (T)(-1.1514610310e-1f));
      p = m_fma(p, m, (T)(1.1676998740e-1f));
      p = m_fma(p, m, (T)(-1.2420140846e-1f));
      p = m_fma(p, m, (T)(1.4249322787e-1f));
      p = m_fma(p, m, (T)(-1.6668057665e-1f));
      p = m_fma(p, m, (T)(2.0000714765e-1f));
      p = m_fma(p, m, (T)(-2.4999993993e-1f));
      p = m_fma(p, m, (T)(3.3333331174e-1f));
      T y = m * z * p;
      y = m_fma(n, (T)(-2.12194440e-4f), y);
      y = m_fma(z, (T)(-0.5f), y);
      y = m_fma(n, (T)(0.693359375f), m + y);
      y = x == __builtin_inff() ? x : y;
      y = x < 0.0f ? (T)(__builtin_nanf("")) : y;
      y = x == 0.0f ? (T)(-__builtin_inff()) : y;
      return x != x ? x : y;
    }
    MATH T m_log1p(T x) {
      T u = x + 1.0f;
      T y = m_log(u) + (x - (u - 1.0f)) / u;
      y = x == -1.0f ? (T)(-__builtin_inff()) : y;
      y = x == __builtin_inff() ? x : y;
      return u == 1.0f ? x : y;
    }
    MATH T m_tanh(T x) {
      T a = m_absolute(x);
      T z = x * x;
      T p = m_fma((T)(-5.70498872745e-3f), z, (T)(2.06390887954e-2f));
      p = m_fma(p, z, (T)(-5.37397155531e-2f));
      p = m_fma(p, z, (T)(1.33314422036e-1f));
      p = m_fma(p, z, (T)(-3.33332819422e-1f));
      T small = m_fma(p * z, x, x);
      T c = a > 10.0f ? (T)(10.0f) : a;
      T large = 1.0f - 2.0f / (m_exp(c + c) + 1.0f);
      large = x < 0.0f ? -large : large;
      T y = a < 0.625f ? small : large;
      return x != x ? x : y;
    }
    MATH T m_sigmoid(T x) {
      T e = m_exp(-m_absolute(x));
      return (x >= 0.0f ? (T)(1.0f) : e) / (e + 1.0f);
    }
    MATH T m_erf(T x) {
      T a = m_absolute(x);
      T t = a > 4.0f ? (T)(4.0f) : a;
      T s = t * t;
      T r = m_fma((T)(-1.72853470e-5f), t, (T)(3.83197126e-4f));
      T u = m_fma((T)(-3.88396438e-3f), t, (T)(2.42546219e-2f));
      r = m_fma(r, s, u);
      r = m_fma(r, t, (T)(-1.06777877e-1f));
      r = m_fma(r, t, (T)(-6.34846687e-1f));
      r = m_fma(r, t, (T)(-1.28717512e-1f));
      r = m_fma(r, t, -t);
      r = 1.0f - m_exp(r);
      r = x < 0.0f ? -r : r;
      T q = m_fma((T)(-5.96761703e-4f), s, (T)(4.99119423e-3f));
      q = m_fma(q, s, (T)(-2.67681349e-2f));
      q = m_fma(q, s, (T)(1.12819925e-1f));
      q = m_fma(q, s, (T)(-3.76125336e-1f));
      q = m_fma(q, s, (T)(1.28379166e-1f));
      q = m_fma(q, x, x);
      T y = t > 0.927734375f ? r : q;
      return x != x ? x : y;
    }
    MATH T m_softplus(T x) { return m_maximum(x, (T)(0.0f)) + m_log1p(m_exp(-m_absolute(x))); }
    MATH T m_softsign(T x) { return x / (m_absolute(x) + 1.0f); }
    MATH T m_gelu(T x) { return x * 0.5f * (m_erf(x * 0.707106781f) + 1.0f); }
    MATH T m_geluTanh(T x) {
      return x * 0.5f * (m_tanh((x * x * x * 0.044715f + x) * 0.797884561f) + 1.0f);
    }
    MATH T m_silu(T x) { return x * m_sigmoid(x); }
    MATH T m_hardSigmoid(T x, f32 alpha, f32 beta) {
      return m_minimum(m_maximum(x * alpha + beta, (T)(0.0f)), (T)(1.0f));
    }
    MATH T m_hardSwish(T x) { return x * m_hardSigmoid(x, 0.166666667f, 0.5f); }
    MATH T m_mish(T x) { return x * m_tanh(m_softplus(x)); }
    MATH T m_leakyRelu(T x, f32 alpha) { return x < 0.0f ? x * alpha : x; }
    MATH T m_prelu(T x, T slope) { return x < 0.0f ? x * slope : x; }
    MATH T m_expm1(T x) {
      T p = m_fma((T)(1.9841270e-4f), x, (T)(1.3888889e-3f));
      p = m_fma(p, x, (T)(8.3333333e-3f));
      p = m_fma(p, x, (T)(4.1666667e-2f));
      p = m_fma(p, x, (T)(1.6666667e-1f));
      p = m_fma(p, x, (T)(0.5f));
      T small = m_fma(p, x * x, x);
      return m_absolute(x) < 0.3f ? small : m_exp(x) - 1.0f;
    }
    MATH T m_elu(T x, f32 alpha) { return x < 0.0f ? m_expm1(x) * alpha : x; }
    MATH T m_selu(T x, f32 alpha, f32 gamma) { return (x <= 0.0f ? m_expm1(x) * alpha : x) * gamma; }
    MATH T m_sinReduced(T x, I offset) {
      T n = m_round(x * 0.636619772f);
      n = m_absolute(n) < 1.0e9f ? n : (T)(0.0f);
      T r = m_fma(n, (T)(-1.5707855225f), x);
      r = m_fma(n, (T)(-1.0804273188e-5f), r);
      r = m_fma(n, (T)(-6.0770999344e-11f), r);
      I q = to_integer(n) + offset;
      T z = r * r;
      T s = m_fma((T)(-1.9515295891e-4f), z, (T)(8.3321608736e-3f));
      s = m_fma(s, z, (T)(-1.6666654611e-1f));
      s = m_fma(s * z, r, r);
      T c = m_fma((T)(2.443315711809948e-5f), z, (T)(-1.388731625493765e-3f));
      c = m_fma(c, z, (T)(4.166664568298827e-2f));
      c = m_fma(c * z, z, m_fma(z, (T)(-0.5f), (T)(1.0f)));
      T y = (q & 1) != 0 ? c : s;
      y = (q & 2) != 0 ? -y : y;
      return x - x != 0.0f ? (T)(__builtin_nanf("")) : y;
    }
    MATH T m_sin(T x) { return m_sinReduced(x, (I)(0)); }
    MATH T m_cos(T x) { return m_sinReduced(x, (I)(1)); }

    """

  /// f64: exp and log from series that converge below an ulp; the rest follows from them.
  private static let doubleFunctions = """
    MATH f64 m_absolute(f64 x) { return __builtin_elementwise_abs(x); }
    MATH f64 m_negate(f64 x) { return -x; }
    MATH f64 m_sqrt(f64 x) { return __builtin_elementwise_sqrt(x); }
    MATH f64 m_floor(f64 x) { return __builtin_elementwise_floor(x); }
    MATH f64 m_ceil(f64 x) { return __builtin_elementwise_ceil(x); }
    MATH f64 m_round(f64 x) { return __builtin_elementwise_roundeven(x); }
    MATH f64 m_reciprocal(f64 x) { return 1.0 / x; }
    MATH f64 m_square(f64 x) { return x * x; }
    MATH f64 m_minimum(f64 a, f64 b) { return a != a ? a : a < b ? a : b; }
    MATH f64 m_maximum(f64 a, f64 b) { return a != a ? a : a > b ? a : b; }
    MATH f64 m_relu(f64 x) { return 0.0 > x ? 0.0 : x; }
    MATH f64 m_sign(f64 x) { return x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : x; }
    MATH f64 m_exp(f64 x) {
      f64 c = x < -746.0 ? -746.0 : x > 710.0 ? 710.0 : x != x ? 0.0 : x;
      f64 n = m_round(c * 1.4426950408889634);
      f64 r = __builtin_elementwise_fma(n, -6.93147180369123816490e-01, c);
      r = __builtin_elementwise_fma(n, -1.90821492927058770002e-10, r);
      f64 p = 1.0;
      for (i32 k = 13; k > 0; k--) p = __builtin_elementwise_fma(p, r / k, 1.0);
      i64 e = (i64)n, h = e >> 1;
      f64 y = p * from_bits((h + 1023) << 52) * from_bits((e - h + 1023) << 52);
      return x != x ? x : y;
    }
    MATH f64 m_log(f64 x) {
      f64 s = x < 2.2250738585072014e-308 ? x * 4503599627370496.0 : x;
      i64 b = to_bits(s), e = (b - 0x3fe6a09e667f3bcd) >> 52;
      f64 m = from_bits(b - (e << 52));
      f64 n = (f64)e - (x < 2.2250738585072014e-308 ? 52.0 : 0.0);
      f64 q = (m - 1.0) / (m + 1.0), z = q * q, p = 0.0;
      for (i32 k = 23; k > 0; k -= 2) p = __builtin_elementwise_fma(p, z, 1.0 / k);
      f64 y = __builtin_elementwise_fma(n, 1.90821492927058770002e-10, 2.0 * q * p);
      y = __builtin_elementwise_fma(n, 6.93147180369123816490e-01, y);
      return x != x ? x : x < 0.0 ? __builtin_nan("") : x == 0.0 ? -__builtin_inf() : x == __builtin_inf() ? x : y;
    }
    MATH f64 m_log1p(f64 x) {
      f64 u = x + 1.0;
      return u == 1.0 || x == __builtin_inf() ? x : u == 0.0 ? -__builtin_inf() : m_log(u) + (x - (u - 1.0)) / u;
    }
    MATH f64 m_sigmoid(f64 x) { f64 e = m_exp(-m_absolute(x)); return (x >= 0.0 ? 1.0 : e) / (e + 1.0); }
    MATH f64 m_tanh(f64 x) {
      f64 e = m_exp(-2.0 * m_absolute(x)), y = (1.0 - e) / (1.0 + e);
      return x < 0.0 ? -y : y;
    }
    MATH f64 m_power(f64 x, f64 y) {
      f64 r = m_exp(y * m_log(m_absolute(x)));
      f64 half = y * 0.5;
      i32 integral = m_floor(y) == y, odd = integral && m_floor(half) != half;
      r = x < 0.0 && !integral ? __builtin_nan("") : (x < 0.0 && odd ? -r : r);
      return y == 0.0 || x == 1.0 ? 1.0 : r;
    }
    MATH f32 m_power(f32 x, f32 y) { return (f32)m_power((f64)x, (f64)y); }

    """

  private static let scalarFunctions = """
    MATH f32 load_half(f16 x) { return (f32)x; }
    MATH f32 load_bfloat(u16 x) { return from_bits((i32)((u32)x << 16)); }
    MATH u16 store_bfloat(f32 x) {
      u32 b = (u32)to_bits(x);
      return x != x ? (u16)((b >> 16) | 64) : (u16)((b + 0x7fff + ((b >> 16) & 1)) >> 16);
    }
    MATH f32 round_half(f32 x) { return (f32)(f16)x; }
    MATH f32 round_half(f64 x) { return (f32)(f16)x; }
    MATH f32 round_bfloat(f32 x) { return load_bfloat(store_bfloat(x)); }
    MATH f32x16 load_lanes(const f32 *p, i64 count) {
      f32x16 v = 0.0f;
      for (i64 i = 0; i < count; i++) v[i] = p[i];
      return v;
    }
    MATH void store_lanes(f32 *p, f32x16 v, i64 count) {
      for (i64 i = 0; i < count; i++) p[i] = v[i];
    }
    /// Sums the lanes in a fixed order.
    MATH f32 sum_lanes(f32x16 v) {
      for (i32 i = 0; i < 8; i++) v[i] += v[i + 8];
      for (i32 i = 0; i < 4; i++) v[i] += v[i + 4];
      return (v[0] + v[2]) + (v[1] + v[3]);
    }
    typedef struct { f32 threshold; u32 link; } tree_node;
    typedef struct { u32 target; f32 weight; } tree_entry;
    INLINE const tree_node *tree_step(const tree_node *p, const f32 *x, i32 bits) {
      u32 link = p->link;
      return p + (link & ((1u << bits) - 1)) + (x[link >> bits] > p->threshold);
    }
    typedef struct { f32 threshold; u32 tree; u32 mask; } tree_split;
    /// Clears leaves of the rows that fail a split's test; returns whether there is such a row.
    INLINE i32 rule_out(const tree_split *s, f32x16 x, i32 *alive) {
      i32x16 fails = x > s->threshold;
      if (__builtin_reduce_or(fails) == 0) return 0;
      i32x16 *word = (i32x16 *)(alive + s->tree * 16);
      *word &= ~fails | (i32)s->mask;
      return 1;
    }
    INLINE f32 tree_value(const tree_node *p) { return p->threshold; }
    INLINE u32 entry_target(const tree_entry *e) { return e->target; }
    INLINE f32 entry_weight(const tree_entry *e) { return e->weight; }
    INLINE f32 m_probit(f32 p) {
      f64 x = 2.0 * p - 1.0, l = m_log((1.0 - x) * (1.0 + x));
      f64 v = 2.0 / (3.14159265358979323846 * 0.147) + 0.5 * l;
      f64 y = m_sqrt(m_sqrt(v * v - l / 0.147) - v);
      return (f32)(1.4142135623730951 * (x < 0.0 ? -y : y));
    }
    INLINE void scores_softmax(f32 *s, i64 stride, i64 n) {
      f32 peak = s[0], total = 0.0f;
      for (i64 i = 1; i < n; i++) peak = s[i * stride] > peak ? s[i * stride] : peak;
      for (i64 i = 0; i < n; i++) { s[i * stride] = m_exp(s[i * stride] - peak); total += s[i * stride]; }
      for (i64 i = 0; i < n; i++) s[i * stride] /= total;
    }
    INLINE void scores_softmax_zero(f32 *s, i64 stride, i64 n) {
      f32 peak = s[0], total = 0.0f;
      for (i64 i = 1; i < n; i++) peak = s[i * stride] > peak ? s[i * stride] : peak;
      f32 scale = m_exp(-peak);
      for (i64 i = 0; i < n; i++) {
        f32 x = s[i * stride];
        u8 counts = m_absolute(x) > 1e-7f;
        s[i * stride] = counts ? m_exp(x - peak) : x * scale;
        total += counts ? s[i * stride] : 0.0f;
      }
      for (i64 i = 0; i < n; i++) s[i * stride] /= total;
    }
    MATH i64 saturate(f64 x, f64 low, f64 high, i64 minimum, i64 maximum) {
      return x != x ? 0 : x <= low ? minimum : x >= high ? maximum : (i64)x;
    }
    MATH u64 saturate_u64(f64 x) {
      return !(x > 0.0) ? 0 : x >= 18446744073709551616.0 ? ~0UL : (u64)x;
    }
    MATH i64 divide(i64 a, i64 b) { return b == 0 ? 0 : b == -1 ? (i64)-(u64)a : a / b; }
    MATH u64 divide(u64 a, u64 b) { return b == 0 ? 0 : a / b; }
    MATH i64 remainder_truncated(i64 a, i64 b) { return b == 0 || b == -1 ? 0 : a % b; }
    MATH u64 remainder_truncated(u64 a, u64 b) { return b == 0 ? 0 : a % b; }
    MATH i64 remainder_floored(i64 a, i64 b) {
      i64 r = remainder_truncated(a, b);
      return r != 0 && (r < 0) != (b < 0) ? r + b : r;
    }
    MATH u64 remainder_floored(u64 a, u64 b) { return remainder_truncated(a, b); }
    MATH f64 remainder_truncated(f64 a, f64 b) {
      f64 q = a / b;
      return a - __builtin_elementwise_trunc(q) * b;
    }
    MATH f64 remainder_floored(f64 a, f64 b) { return a - m_floor(a / b) * b; }
    MATH u64 power_integer(u64 base, u64 exponent) {
      u64 r = 1;
      for (; exponent > 0; exponent >>= 1, base *= base)
        if (exponent & 1) r *= base;
      return r;
    }
    MATH i64 power_integer(i64 base, i64 exponent) {
      i64 r = 1;
      if (exponent < 0) return base == 1 ? 1 : base == -1 ? (exponent & 1 ? -1 : 1) : 0;
      for (; exponent > 0; exponent >>= 1, base = (i64)((u64)base * (u64)base))
        if (exponent & 1) r = (i64)((u64)r * (u64)base);
      return r;
    }
    MATH u64 mix(u64 h) {
      h ^= h >> 30; h *= 0xbf58476d1ce4e5b9UL;
      h ^= h >> 27; h *= 0x94d049bb133111ebUL;
      return h ^ (h >> 31);
    }
    MATH i64 hash_bucket(u64 x, u64 buckets) {
      u64 h = 0xcbf29ce484222325UL;
      for (i32 i = 0; i < 8; i++) h = (h ^ ((x >> (8 * i)) & 255)) * 0x100000001b3UL;
      return (i64)(mix(h) % buckets);
    }
    MATH i64 hash_bucket(string x, u64 buckets) {
      u64 h = 0xcbf29ce484222325UL;
      for (u64 i = 0; i < x.length; i++) h = (h ^ x.bytes[i]) * 0x100000001b3UL;
      return (i64)(mix(h) % buckets);
    }
    MATH u8 equal_strings(string a, string b) {
      u8 same = a.length == b.length;
      for (u64 i = 0; same && i < a.length; i++) same = a.bytes[i] == b.bytes[i];
      return same;
    }
    MATH i64 bucketize(f64 x, const f64 *boundaries, i64 count) {
      i64 n = 0;
      for (i64 i = 0; i < count; i++) n += x >= boundaries[i];
      return n;
    }

    """
}
