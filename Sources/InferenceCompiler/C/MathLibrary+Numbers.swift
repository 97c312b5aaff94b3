extension MathLibrary {
  /// Conversions, integer arithmetic, hashes and strings.
  static let numberFunctions = """
    MATH f32 load_half(f16 x) { return (f32)x; }
    MATH f32 load_bfloat(u16 x) { return from_bits((i32)((u32)x << 16)); }
    MATH u16 store_bfloat(f32 x) {
      u32 b = (u32)to_bits(x);
      return x != x ? (u16)((b >> 16) | 64) : (u16)((b + 0x7fff + ((b >> 16) & 1)) >> 16);
    }
    MATH f32 round_half(f32 x) { return (f32)(f16)x; }
    /// The neighbour with an odd last bit where `x` is no f32: rounding that again rounds `x` once.
    MATH f32 round_odd(f64 x) {
      f32 y = (f32)x;
      i32 b = to_bits(y);
      return y == y && (f64)y != x ? from_bits((b - ((f64)m_absolute(y) > m_absolute(x))) | 1) : y;
    }
    MATH f32 round_half(f64 x) { return (f32)(f16)round_odd(x); }
    MATH f32 round_bfloat(f32 x) { return load_bfloat(store_bfloat(x)); }
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
    /// By exact steps of division: every multiple of the divisor that is subtracted is a power of two of it.
    MATH f64 remainder_truncated(f64 a, f64 b) {
      f64 r = m_absolute(a), m = m_absolute(b), t = m;
      if (!(m > 0.0) || !(r < __builtin_inf())) return __builtin_nan("");
      while (t <= r * 0.5) t += t;
      for (; t >= m && t < __builtin_inf(); t *= 0.5) r = r >= t ? r - t : r;
      return a < 0.0 ? -r : r;
    }
    MATH f64 remainder_floored(f64 a, f64 b) {
      f64 r = remainder_truncated(a, b);
      return r != 0.0 && (r < 0.0) != (b < 0.0) ? r + b : r;
    }
    MATH i64 shift_left(i64 a, i64 b, i64 width) { return b < 0 || b >= width ? 0 : (i64)((u64)a << b); }
    MATH u64 shift_left(u64 a, u64 b, i64 width) { return b >= (u64)width ? 0 : a << b; }
    MATH i64 shift_right(i64 a, i64 b, i64 width) { return a >> (b < 0 || b >= width ? 63 : b); }
    MATH u64 shift_right(u64 a, u64 b, i64 width) { return b >= (u64)width ? 0 : a >> b; }
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
    MATH i64 clamp_index(i64 i, i64 count) {
      i = i < count ? i : count - 1;
      return i < 0 ? 0 : i;
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
      // Halving pays where comparing with all does not fit a few vectors.
      for (; count > 32; count -= count >> 1) n += x >= boundaries[n + (count >> 1) - 1] ? count >> 1 : 0;
      for (i64 i = n, end = n + count; i < end; i++) n += x >= boundaries[i];
      return n;
    }

    """
}
