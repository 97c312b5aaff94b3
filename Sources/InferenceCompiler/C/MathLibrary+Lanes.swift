extension MathLibrary {
  /// Parts of vectors, for what does not fill one.
  static let laneFunctions = """
    MATH f32x8 m_fma(f32x8 a, f32x8 b, f32x8 c) { return __builtin_elementwise_fma(a, b, c); }
    MATH f32x16 widened(f32x8 v) {
      return __builtin_shufflevector(v, (f32x8)(0.0f), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    }
    MATH f32x16 load_lanes(const f32 *p, i64 count) {
      if (count == 8) return widened(*(const f32x8_unaligned *)p);
      f32x16 v = 0.0f;
      for (i64 i = 0; i < count; i++) v[i] = p[i];
      return v;
    }
    MATH void store_lanes(f32 *p, f32x16 v, i64 count) {
      if (count == 8) {
        *(f32x8_unaligned *)p = __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7);
        return;
      }
      for (i64 i = 0; i < count; i++) p[i] = v[i];
    }
    MATH void copy_lanes(const f32 *from, f32 *to, i64 count) {
      for (i64 i = 0; i < count; i++) to[i] = from[i];
    }
    MATH void zero_lanes(f32 *to, i64 count) {
      for (i64 i = 0; i < count; i++) to[i] = 0.0f;
    }
    /// Copies a row and pads it with zeros.
    MATH void copy_row(const f32 *from, f32 *to, i64 count, i64 padded) {
      copy_lanes(from, to, count);
      zero_lanes(to + count, padded - count);
    }
    MATH void store_lanes(i32 *p, i32x16 v, i64 count) {
      for (i64 i = 0; i < count; i++) p[i] = v[i];
    }
    /// In every lane the sum of two products of i16. x86 has an instruction for it, which the compiler does not find.
    MATH i32x16 add_pairs(i32x16 x, i32x16 y, i32x16 sum) {
    #if defined(__AVX512BW__)
      return sum + (i32x16)__builtin_ia32_pmaddwd512((i16x32)x, (i16x32)y);
    #elif defined(__AVX2__)
      i32x16 products;
      products.lo = __builtin_ia32_pmaddwd256((i16x16)x.lo, (i16x16)y.lo);
      products.hi = __builtin_ia32_pmaddwd256((i16x16)x.hi, (i16x16)y.hi);
      return sum + products;
    #else
      return sum + (x << 16 >> 16) * (y << 16 >> 16) + (x >> 16) * (y >> 16);
    #endif
    }
    /// Weights as they stand in panels: f16, pairs of bf16 (high halves of f32) and int8.
    MATH f32x16 widen(f16x16 w) { return __builtin_convertvector(w, f32x16); }
    MATH f32x16 widen(u16x16 w) {
      u32x8 pairs = (u32x8)w;
      f32x8 low = (f32x8)(pairs << 16), high = (f32x8)(pairs & 0xffff0000u);
      return __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    }
    MATH f32x16 widen(i8x16 w) { return __builtin_convertvector(__builtin_convertvector(w, i32x16), f32x16); }
    /// Sums the lanes in a fixed order.
    MATH f32 sum_lanes(f32x16 v) {
      for (i32 i = 0; i < 8; i++) v[i] += v[i + 8];
      for (i32 i = 0; i < 4; i++) v[i] += v[i + 4];
      return (v[0] + v[2]) + (v[1] + v[3]);
    }

    """
}
