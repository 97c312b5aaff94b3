extension MathLibrary {
  /// f64: exp and log from series that converge below an ulp; the rest follows from them.
  static let doubleFunctions = """
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
}
