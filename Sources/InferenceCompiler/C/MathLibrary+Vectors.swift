extension MathLibrary {
  /// Written once for `T` (and its integers `I`), instantiated for single floats and for vectors.
  static let vectorFunctions = """
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
    /// With a bound that is a number, which is one instruction.
    MATH T m_atMost(T x, T bound) { return bound < x ? bound : x; }
    MATH T m_atLeast(T x, T bound) { return bound > x ? bound : x; }
    MATH T m_relu(T x) { return (T)(0.0f) > x ? (T)(0.0f) : x; }
    MATH T m_sign(T x) {
      T s = x > 0.0f ? (T)(1.0f) : (T)(0.0f);
      T t = x < 0.0f ? (T)(-1.0f) : s;
      return x != x ? x : t;
    }
    MATH T m_expPolynomial(T r) {
      T p = m_fma((T)(1.3814318e-3f), r, (T)(8.3688516e-3f));
      p = m_fma(p, r, (T)(4.1668400e-2f));
      p = m_fma(p, r, (T)(1.6666520e-1f));
      p = m_fma(p, r, (T)(4.9999994e-1f));
      return m_fma(p, r, (T)(1.0f));
    }
    MATH T m_scaled(T x, T n) {
      I e = to_integer(n);
      I h = e >> 1;
      return x * from_bits((h + 127) << 23) * from_bits((e - h + 127) << 23);
    }
    MATH T m_exp(T x) {
      T c = x < -104.0f ? (T)(-104.0f) : x;
      c = c > 89.0f ? (T)(89.0f) : c;
      c = c != c ? (T)(0.0f) : c;
      T n = m_round(c * 1.44269504f);
      T r = m_fma(n, (T)(-0.693359375f), c);
      r = m_fma(n, (T)(2.12194440e-4f), r);
      T y = m_scaled(m_fma(m_expPolynomial(r), r, (T)(1.0f)), n);
      return x != x ? x : y;
    }
    /// exp of what is not above 0. 1.5 * 2^23 + 191 added rounds to an integer n and leaves n + 64 with an exponent's bias
    /// in the low bits, so 2^n is reached over 2^(n + 64), which is normal, and rounds once where it is not.
    MATH T m_expNegative(T x) {
      T c = -104.0f > x ? (T)(-104.0f) : x;
      T z = m_fma(c, (T)(1.44269504f), (T)(12583103.0f));
      T n = z - 12583103.0f;
      T r = m_fma(n, (T)(-0.693359375f), c);
      r = m_fma(n, (T)(2.12194440e-4f), r);
      T y = m_fma(m_expPolynomial(r), r, (T)(1.0f));
      return y * from_bits(to_bits(z) << 23) * 5.42101086e-20f;
    }
    MATH T m_tail(T x, T rest, T factor) {
      T c = x < -110.0f ? (T)(-110.0f) : x;
      c = c != c ? (T)(0.0f) : c;
      T n = m_round(c * 1.44269504f);
      T r = m_fma(n, (T)(-0.693359375f), c) + m_fma(n, (T)(2.12194440e-4f), rest);
      return m_scaled(m_fma(m_expPolynomial(r) * r, factor, factor), n);
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
    /// (exp(2 |x|) - 1) / (exp(2 |x|) + 1): no second approximation near 0, since the numerator has no cancellation.
    /// r, p and e are halves of what 2 |x| would give, exactly, so |x| is not doubled first. Adding 1.5 * 2^23 + 127 rounds
    /// to an integer n and leaves n with an exponent's bias in the lowest bits.
    MATH T m_tanh(T x) {
      T c = m_atMost(m_absolute(x), (T)(9.02f));
      T t = m_fma(c, (T)(2.88539008f), (T)(12583039.0f));
      T n = t - 12583039.0f;
      T r = m_fma(n, (T)(-0.3466796875f), c);
      r = m_fma(n, (T)(1.06097220e-4f), r);
      T p = m_fma((T)(4.4484272e-2f), r, (T)(1.3381216e-1f));
      p = m_fma(p, r, (T)(3.3333483e-1f));
      p = m_fma(p, r, (T)(6.6666304e-1f));
      p = m_fma(p, r, (T)(1.0f));
      p = m_fma(p, r * r, r);
      T s = from_bits(to_bits(t) << 23);
      T e = m_fma(p, s, m_fma(s, (T)(0.5f), (T)(-0.5f)));
      T y = e / (e + 1.0f);
      return from_bits(to_bits(y) | (to_bits(x) & (I)(1 << 31)));
    }
    /// 1 / (1 + exp(-x)) as 2^-64 / (2^-64 + 2^-64 exp(-x)): no power of 2 is beyond the normal numbers, and the quotient
    /// rounds once where it is below them. It is 1 from 40 on, and 0 at -110. NaN passes through both bounds.
    /// Adding 1.5 * 2^23 + 63 rounds to an integer n and leaves n - 64 with an exponent's bias in the lowest bits.
    MATH T m_sigmoid(T x) {
      T c = m_atLeast(m_atMost(x, (T)(40.0f)), (T)(-110.0f));
      T t = m_fma(c, (T)(-1.44269504f), (T)(12582975.0f));
      T n = t - 12582975.0f;
      T r = m_fma(n, (T)(-0.693359375f), -c);
      r = m_fma(n, (T)(2.12194440e-4f), r);
      T s = from_bits(to_bits(t) << 23);
      return 5.42101086e-20f / m_fma(m_fma(m_expPolynomial(r), r, (T)(1.0f)), s, (T)(5.42101086e-20f));
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
    /// max(x, 0) - t Φ(-t) at t = |x|. The clamp also takes NaN out of t, and NaN stays in x; a sign of zero does too.
    /// Powers of 2 as in m_expNegative, of -t² / 2 log2(e) with what rounding took from t² and from the constant.
    MATH T m_gelu(T x) {
      T t = m_absolute(x);
      t = t < 15.0f ? t : (T)(15.0f);
      T v = t / (t + 2.890625f);
      T u = v - 0.5f;
      T p = m_fma((T)(-0.0824520513f), u, (T)(-0.089675121f));
      p = m_fma(p, u, (T)(0.114788562f));
      p = m_fma(p, u, (T)(0.176822126f));
      p = m_fma(p, u, (T)(-0.220835298f));
      p = m_fma(p, u, (T)(-0.266881615f));
      p = m_fma(p, u, (T)(0.838125348f));
      p = m_fma(p, u, (T)(-0.989341676f));
      p = m_fma(p, u, (T)(0.724905968f));
      p = p * v;
      T s = t * t;
      T z = m_fma(s, (T)(-0.72134751f), (T)(12583103.0f));
      T n = z - 12583103.0f;
      T r = m_fma(s, (T)(-0.72134751f), -n);
      r = m_fma(s, (T)(-9.62981517e-9f), r);
      r = m_fma(m_fma(t, t, -s), (T)(-0.72134751f), r);
      T q = m_fma((T)(0.000153533707f), r, (T)(0.00133988739f));
      q = m_fma(q, r, (T)(0.00961843692f));
      q = m_fma(q, r, (T)(0.0555033237f));
      q = m_fma(q, r, (T)(0.240226477f));
      q = m_fma(q, r, (T)(0.693147182f));
      T tail = m_fma(q * r, p, p) * from_bits(to_bits(z) << 23) * 5.42101086e-20f;
      return (-0.0f > x ? (T)(-0.0f) : x) - tail;
    }
    MATH T m_geluTanh(T x) {
      T t = m_absolute(x);
      t = t > 11.5f ? (T)(11.5f) : t;
      T s = t * t;
      T a = s * 0.0713548139f;
      T b = a + 1.59576917f;
      T c = b - a;
      T rest = (a - (b - c)) + (1.59576917f - c);
      rest += m_fma(s, (T)(0.0713548139f), -a);
      rest += m_fma(s, (T)(2.3988324e-9f), m_fma(t, t, -s) * 0.0713548139f);
      rest += -4.534068e-8f;
      T y = t * b;
      rest = -m_fma(t, rest, m_fma(t, b, -y));
      T e = m_tail(-y, rest, (T)(1.0f));
      T z = x >= 0.0f ? x : -m_tail(-y, rest, t);
      z = z * (1.0f - e / (e + 1.0f));
      return x != x ? x : z;
    }
    MATH T m_silu(T x) {
      T a = -m_absolute(x);
      T e = m_exp(a);
      T y = x >= 0.0f ? x : m_tail(a, (T)(0.0f), a < -110.0f ? (T)(-110.0f) : a);
      y = y * (1.0f - e / (e + 1.0f));
      return x != x ? x : y;
    }
    MATH T m_hardSigmoid(T x, f32 alpha, f32 beta) {
      return m_minimum(m_maximum(x * alpha + beta, (T)(0.0f)), (T)(1.0f));
    }
    MATH T m_hardSwish(T x) { return x * m_hardSigmoid(x, 0.166666667f, 0.5f); }
    MATH T m_mish(T x) {
      T a = -m_absolute(x);
      T e = m_exp(a);
      T n = e * 2.0f + 1.0f;
      T tail = m_tail(a, (T)(0.0f), (a < -110.0f ? (T)(-110.0f) : a) * (e + 2.0f));
      T above = x * n / m_fma(e + e, e, n);
      T below = tail / m_fma(e, e + 2.0f, (T)(2.0f));
      T y = x >= 0.0f ? above : below;
      return x != x ? x : y;
    }
    MATH T m_leakyRelu(T x, f32 alpha) { return x < 0.0f ? x * alpha : x; }
    MATH T m_prelu(T x, T slope) { return x < 0.0f ? x * slope : x; }
    MATH T m_expm1(T x) {
      T c = x < -30.0f ? (T)(-30.0f) : x;
      c = c > 89.0f ? (T)(89.0f) : c;
      c = c != c ? (T)(0.0f) : c;
      T n = m_round(c * 1.44269504f);
      T r = m_fma(n, (T)(-0.693359375f), c);
      r = m_fma(n, (T)(2.12194440e-4f), r);
      T p = m_fma((T)(1.9875691e-4f), r, (T)(1.3981999507e-3f));
      p = m_fma(p, r, (T)(8.3334519073e-3f));
      p = m_fma(p, r, (T)(4.1665795894e-2f));
      p = m_fma(p, r, (T)(1.6666665459e-1f));
      p = m_fma(p, r, (T)(5.0000001201e-1f));
      p = m_fma(p, r * r, r);
      T half = from_bits((to_integer(n) + 126) << 23);
      T y = m_fma(p, half, half - 0.5f) * 2.0f;
      y = x == 0.0f ? x : y;
      return x != x ? x : y;
    }
    MATH T m_elu(T x, f32 alpha) { return x < 0.0f ? m_expm1(x) * alpha : x; }
    MATH T m_selu(T x, f32 alpha, f32 gamma) { return (x <= 0.0f ? m_expm1(x) * alpha : x) * gamma; }
    MATH T m_sinReduced(T x, I offset) {
      T n = m_round(x * 0.636619772f);
      n = m_absolute(n) < 1.0e6f ? n : (T)(0.0f);
      T r = m_fma(n, (T)(-1.5707962513f), x);
      r = m_fma(n, (T)(-7.5497894159e-8f), r);
      r = m_fma(n, (T)(-5.3903029534e-15f), r);
      I q = to_integer(n);
      reduce_large(x, &r, &q);
      q += offset;
      T z = r * r;
      T s = m_fma((T)(-1.9515295891e-4f), z, (T)(8.3321608736e-3f));
      s = m_fma(s, z, (T)(-1.6666654611e-1f));
      s = m_fma(s * z, r, r);
      T c = m_fma((T)(2.443315711809948e-5f), z, (T)(-1.388731625493765e-3f));
      c = m_fma(c, z, (T)(4.166664568298827e-2f));
      c = m_fma(c * z, z, m_fma(z, (T)(-0.5f), (T)(1.0f)));
      s = x == 0.0f ? x : s;
      T y = (q & 1) != 0 ? c : s;
      y = (q & 2) != 0 ? -y : y;
      return x - x != 0.0f ? (T)(__builtin_nanf("")) : y;
    }
    MATH T m_sin(T x) { return m_sinReduced(x, (I)(0)); }
    MATH T m_cos(T x) { return m_sinReduced(x, (I)(1)); }

    """
}
