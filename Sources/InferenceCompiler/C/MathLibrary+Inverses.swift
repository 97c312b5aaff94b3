extension MathLibrary {
  /// Inverse and hyperbolic functions, by their textbook identities in f64; within a few ulp of f64, so that f32 is
  /// rounded correctly but for rare ties. The series of atan has |u| <= tan(pi / 8).
  static let inverseFunctions = """
    MATH f64 m_atan(f64 x) {
      f64 a = m_absolute(x), t = a > 1.0 ? 1.0 / a : a;
      f64 u = t > 0.41421356237309503 ? (t - 1.0) / (t + 1.0) : t, z = -u * u, p = 0.0;
      for (i32 k = 45; k > 0; k -= 2) p = __builtin_elementwise_fma(p, z, 1.0 / k);
      f64 y = t > 0.41421356237309503 ? 0.78539816339744828 + u * p : u * p;
      y = a > 1.0 ? 1.5707963267948966 - y : y;
      return x != x ? x : x < 0.0 ? -y : y;
    }
    MATH f64 m_asin(f64 x) { return m_atan(x / m_sqrt((1.0 - x) * (1.0 + x))); }
    MATH f64 m_acos(f64 x) { return 2.0 * m_atan(m_sqrt((1.0 - x) / (1.0 + x))); }
    MATH f64 m_sinh(f64 x) {
      f64 a = m_absolute(x), t = m_expm1(a > 709.0 ? 709.0 : a), h = m_exp(0.5 * a);
      f64 y = a > 709.0 ? 0.5 * h * h : 0.5 * (t + t / (t + 1.0));
      return x != x ? x : x < 0.0 ? -y : y;
    }
    MATH f64 m_cosh(f64 x) {
      f64 a = m_absolute(x), e = m_exp(a > 709.0 ? 709.0 : a), h = m_exp(0.5 * a);
      return x != x ? x : a > 709.0 ? 0.5 * h * h : 0.5 * (e + 1.0 / e);
    }
    MATH f64 m_asinh(f64 x) {
      f64 a = m_absolute(x), r = m_sqrt(a * a + 1.0);
      f64 y = a > 1.0e8 ? m_log(a) + 0.69314718055994531 : m_log1p(a + a * a / (1.0 + r));
      return x != x ? x : x < 0.0 ? -y : y;
    }
    MATH f64 m_acosh(f64 x) {
      f64 t = x - 1.0, y = x > 1.0e8 ? m_log(x) + 0.69314718055994531 : m_log1p(t + m_sqrt(2.0 * t + t * t));
      return x < 1.0 ? __builtin_nan("") : y;
    }
    MATH f64 m_atanh(f64 x) {
      f64 a = m_absolute(x), y = 0.5 * m_log1p(2.0 * a / (1.0 - a));
      return x != x ? x : x < 0.0 ? -y : y;
    }
    MATH f32 m_atan(f32 x) { return (f32)m_atan((f64)x); }
    MATH f32 m_asin(f32 x) { return (f32)m_asin((f64)x); }
    MATH f32 m_acos(f32 x) { return (f32)m_acos((f64)x); }
    MATH f32 m_sinh(f32 x) { return (f32)m_sinh((f64)x); }
    MATH f32 m_cosh(f32 x) { return (f32)m_cosh((f64)x); }
    MATH f32 m_asinh(f32 x) { return (f32)m_asinh((f64)x); }
    MATH f32 m_acosh(f32 x) { return (f32)m_acosh((f64)x); }
    MATH f32 m_atanh(f32 x) { return (f32)m_atanh((f64)x); }

    """
}
