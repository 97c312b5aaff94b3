extension MathLibrary {
  /// Floating-point formats of one byte, by the numbers of `SmallFloat`; the same steps as there.
  static let smallFunctions = """
    MATH f32 load_small(u8 b, i32 mantissa, i32 bias, u32 largest, u32 overflow, u32 nan, u32 sign) {
      u32 code = b & (sign - 1);
      f32 x = from_bits((i32)(code << (23 - mantissa))) * from_bits((254 - bias) << 23);
      x = code > largest ? (code == overflow && overflow != nan ? __builtin_inff() : __builtin_nanf("")) : x;
      x = nan == sign && b == nan ? __builtin_nanf("") : x;
      return b & sign ? -x : x;
    }
    MATH u8 store_small(
      f32 x, i32 mantissa, i32 bias, u32 largest, u32 overflow, u32 nan, u32 sign, i32 saturates) {
      u32 bits = (u32)to_bits(x), magnitude = bits & 0x7fffffff, code = saturates ? largest : overflow;
      i32 e = (i32)(magnitude >> 23) - 127;
      e = e < 1 - bias ? 1 - bias : e;
      if (magnitude < 0x7f800000) {
        f32 units = __builtin_elementwise_roundeven(m_absolute(x) * from_bits((127 + mantissa - e) << 23));
        u32 rounded = (u32)units + ((u32)(e + bias - 1) << mantissa);
        code = rounded <= largest ? rounded : code;
      }
      code = magnitude > 0x7f800000 ? nan : code;
      return (u8)(bits >> 31 && !(code == 0 && nan == sign) ? code | sign : code);
    }
    MATH f32 load_scale(u8 b) { return b == 255 ? __builtin_nanf("") : from_bits(b == 0 ? 0x400000 : (i32)((u32)b << 23)); }
    MATH u8 store_scale(f32 x, i32 mode, i32 saturates) {
      u32 bits = (u32)to_bits(x), e = (bits >> 23) & 255, rest = bits & 0x7fffff;
      u32 up = mode == 0 ? rest > 0 : mode == 1 ? 0 : rest > 0x400000 || (rest == 0x400000 && e > 0);
      return (u8)(e == 255 ? 255 : e + (up && !(saturates && e == 254)));
    }

    """
}
