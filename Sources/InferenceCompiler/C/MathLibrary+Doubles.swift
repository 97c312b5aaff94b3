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
      for (i32 k = 13; k > 0; k--) p = __builtin_elementwise_fma(p, r * (1.0 / k), 1.0);
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
    MATH f64 m_expm1(f64 x) {
      f64 p = 1.0;
      for (i32 k = 15; k > 1; k--) p = __builtin_elementwise_fma(p, x * (1.0 / k), 1.0);
      return m_absolute(x) < 0.35 ? p * x : m_exp(x) - 1.0;
    }
    MATH f64 m_tanh(f64 x) {
      f64 a = m_absolute(x), t = m_expm1(2.0 * (a > 20.0 ? 20.0 : a)), y = t / (t + 2.0);
      return x != x ? x : x < 0.0 ? -y : y;
    }
    MATH f64 polynomial(f64 x, const f64 *c, i32 count) {
      f64 p = c[count - 1];
      for (i32 k = count - 2; k >= 0; k--) p = __builtin_elementwise_fma(p, x, c[k]);
      return p;
    }
    /// The rational fits of fdlibm (Sun Microsystems 1993) over four intervals.
    MATH f64 m_erf(f64 x) {
      static const f64 p0[] = {
          1.28379167095512558561e-01, -3.25042107247001499370e-01, -2.84817495755985104766e-02,
          -5.77027029648944159157e-03, -2.37630166566501626084e-05};
      static const f64 q0[] = {
          1.0, 3.97917223959155352819e-01, 6.50222499887672944485e-02, 5.08130628187576562776e-03,
          1.32494738004321644526e-04, -3.96022827877536812320e-06};
      static const f64 p1[] = {
          -2.36211856075265944077e-03, 4.14856118683748331666e-01, -3.72207876035701323847e-01,
          3.18346619901161753674e-01, -1.10894694282396677476e-01, 3.54783043256182359371e-02,
          -2.16637559486879084300e-03};
      static const f64 q1[] = {
          1.0, 1.06420880400844228286e-01, 5.40397917702171048937e-01, 7.18286544141962662868e-02,
          1.26171219808761642112e-01, 1.36370839120290507362e-02, 1.19844998467991074170e-02};
      static const f64 p2[] = {
          -9.86494403484714822705e-03, -6.93858572707181764372e-01, -1.05586262253232909814e+01,
          -6.23753324503260060396e+01, -1.62396669462573470355e+02, -1.84605092906711035994e+02,
          -8.12874355063065934246e+01, -9.81432934416914548592e+00};
      static const f64 q2[] = {
          1.0, 1.96512716674392571292e+01, 1.37657754143519042600e+02, 4.34565877475229228821e+02,
          6.45387271733267880336e+02, 4.29008140027567833386e+02, 1.08635005541779435134e+02,
          6.57024977031928170135e+00, -6.04244152148580987438e-02};
      static const f64 p3[] = {
          -9.86494292470009928597e-03, -7.99283237680523006574e-01, -1.77579549177547519889e+01,
          -1.60636384855821916062e+02, -6.37566443368389627722e+02, -1.02509513161107724954e+03,
          -4.83519191608651397019e+02};
      static const f64 q3[] = {
          1.0, 3.03380607434824582924e+01, 3.25792512996573918826e+02, 1.53672958608443695994e+03,
          3.19985821950859553908e+03, 2.55305040643316442583e+03, 4.74528541206955367215e+02,
          -2.24409524465858183362e+01};
      f64 a = m_absolute(x), y = 1.0;
      if (x != x) return x;
      if (a < 0.84375) return x + x * (polynomial(x * x, p0, 5) / polynomial(x * x, q0, 6));
      if (a < 1.25) {
        y = 0.845062911510467529297 + polynomial(a - 1.0, p1, 7) / polynomial(a - 1.0, q1, 7);
      } else if (a < 6.0) {
        f64 s = 1.0 / (a * a);
        f64 near = polynomial(s, p2, 8) / polynomial(s, q2, 9), far = polynomial(s, p3, 7) / polynomial(s, q3, 8);
        f64 r = a < 1.0 / 0.35 ? near : far;
        y = 1.0 - m_exp(r - a * a - 0.5625) / a;
      }
      return x < 0.0 ? -y : y;
    }
    MATH f64 m_softplus(f64 x) { return m_maximum(x, 0.0) + m_log1p(m_exp(-m_absolute(x))); }
    MATH f64 m_softsign(f64 x) { return x / (m_absolute(x) + 1.0); }
    MATH f64 m_gated(f64 x, f64 gate) { return gate == 0.0 ? -0.0 : x * gate; }
    MATH f64 m_gelu(f64 x) { return m_gated(x, 0.5 * (m_erf(x * 0.70710678118654752) + 1.0)); }
    MATH f64 m_geluTanh(f64 x) {
      return m_gated(x, 0.5 * (m_tanh((x * x * x * 0.044715 + x) * 0.79788456080286536) + 1.0));
    }
    MATH f64 m_silu(f64 x) { return m_gated(x, m_sigmoid(x)); }
    MATH f64 m_hardSigmoid(f64 x, f64 alpha, f64 beta) {
      return m_minimum(m_maximum(x * alpha + beta, 0.0), 1.0);
    }
    MATH f64 m_hardSwish(f64 x) { return x * m_hardSigmoid(x, 1.0 / 6.0, 0.5); }
    MATH f64 m_mish(f64 x) { return m_gated(x, m_tanh(m_softplus(x))); }
    MATH f64 m_leakyRelu(f64 x, f64 alpha) { return x < 0.0 ? x * alpha : x; }
    MATH f64 m_elu(f64 x, f64 alpha) { return x < 0.0 ? m_expm1(x) * alpha : x; }
    MATH f64 m_selu(f64 x, f64 alpha, f64 gamma) { return (x <= 0.0 ? m_expm1(x) * alpha : x) * gamma; }
    /// `x` less its nearest multiple of pi / 2, whose number modulo 4 is added to `quadrant`: Cody and Waite with fused
    /// multiply-adds, and for large numbers Payne and Hanek's product with the bits of 2 / pi that matter.
    MATH f64 reduce_angle(f64 x, i64 *quadrant) {
      if (m_absolute(x) < 1.0e9) {
        f64 n = m_round(x * 0.63661977236758134);
        *quadrant += (i64)n;
        f64 r = __builtin_elementwise_fma(n, -1.5707963267948966, x);
        r = __builtin_elementwise_fma(n, -6.123233995736766e-17, r);
        return __builtin_elementwise_fma(n, 1.4973849048591833e-33, r);
      }
      static const u64 bits[] = {
          0, 0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041, 0xfe5163abdebbc561,
          0xb7246e3a424dd2e0, 0x06492eea09d1921c, 0xfe1deb1cb129a73e, 0xe88235f52ebb4484,
          0xe99c7026b45f7e41, 0x3991d639835339f4, 0x9c845f8bbdf9283b, 0x1ff897ffde05980f,
          0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7, 0x4f463f669e5fea2d, 0x7527bac7ebe5f17b,
          0x3d0739f78a5292ea, 0x6bfb5fb11f8d5d08, 0x56033046fc7b6bab, 0xf0cfbc209af4361d};
      i64 b = to_bits(m_absolute(x)), place = (b >> 52) - 1075 + 62, first = place >> 6, shift = place & 63;
      u64 m = ((u64)b & 0xfffffffffffff) | 0x10000000000000, product[4], carry = 0;
      for (i32 i = 3; i >= 0; i--) {
        unsigned __int128 term = (unsigned __int128)m * bits[first + i] + carry;
        product[i] = (u64)term, carry = (u64)(term >> 64);
      }
      // The top words, with the two bits of the quadrant moved to the top.
      u64 high = product[0], low = product[1], last = product[2];
      if (shift > 0) {
        high = high << shift | low >> (64 - shift);
        low = low << shift | last >> (64 - shift);
        last = last << shift;
      }
      u64 turn = high >> 62;
      high = high << 2 | low >> 62, low = low << 2 | last >> 62;
      u64 negative = high >> 63;
      if (negative) turn++, high = ~high, low = ~low;
      f64 fraction = (f64)high * 5.421010862427522e-20 + (f64)low * 2.938735877055719e-39;
      f64 r = (negative ? -fraction : fraction) * 1.5707963267948966;
      *quadrant += x < 0.0 ? -(i64)turn : (i64)turn;
      return x < 0.0 ? -r : r;
    }
    /// On a quadrant: the minimax sets of fdlibm (Sun Microsystems 1993).
    MATH f64 m_sinFrom(f64 x, i64 quadrant) {
      if (!(m_absolute(x) < __builtin_inf())) return __builtin_nan("");
      f64 r = reduce_angle(x, &quadrant), z = r * r;
      f64 s = __builtin_elementwise_fma(1.58969099521155010221e-10, z, -2.50507602534068634195e-08);
      s = __builtin_elementwise_fma(s, z, 2.75573137070700676789e-06);
      s = __builtin_elementwise_fma(s, z, -1.98412698298579493134e-04);
      s = __builtin_elementwise_fma(s, z, 8.33333333332248946124e-03);
      s = __builtin_elementwise_fma(s, z, -1.66666666666666324348e-01);
      f64 c = __builtin_elementwise_fma(-1.13596475577881948265e-11, z, 2.08757232129817482790e-09);
      c = __builtin_elementwise_fma(c, z, -2.75573143513906633035e-07);
      c = __builtin_elementwise_fma(c, z, 2.48015872894767294178e-05);
      c = __builtin_elementwise_fma(c, z, -1.38888888888741095749e-03);
      c = __builtin_elementwise_fma(c, z, 4.16666666666666019037e-02);
      s = __builtin_elementwise_fma(s * z, r, r);
      c = __builtin_elementwise_fma(c, z * z, __builtin_elementwise_fma(z, -0.5, 1.0));
      f64 y = quadrant & 1 ? c : s;
      return quadrant & 2 ? -y : y;
    }
    MATH f64 m_sin(f64 x) { return m_sinFrom(x, 0); }
    MATH f64 m_cos(f64 x) { return m_sinFrom(x, 1); }
    /// Small whole exponents by squaring, which is exact where the result is.
    MATH f64 m_power(f64 x, f64 y) {
      f64 half = y * 0.5;
      i32 integral = m_floor(y) == y, odd = integral && m_floor(half) != half;
      if (integral && m_absolute(y) <= 32.0) {
        f64 p = 1.0, q = x;
        for (u32 n = (u32)m_absolute(y); n > 0; n >>= 1, q *= q)
          if (n & 1) p *= q;
        return y < 0.0 ? 1.0 / p : p;
      }
      f64 r = m_exp(y * m_log(m_absolute(x)));
      r = m_absolute(x) == 1.0 ? 1.0 : r;
      r = x < 0.0 && !integral ? __builtin_nan("") : (x < 0.0 && odd ? -r : r);
      return y == 0.0 || x == 1.0 ? 1.0 : r;
    }
    MATH f32 m_power(f32 x, f32 y) { return (f32)m_power((f64)x, (f64)y); }

    """
}
