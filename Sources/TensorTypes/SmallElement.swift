/// Element types of 8 bits and fewer that hold numbers for storage, not for arithmetic: they are converted, moved and
/// quantised. Each element takes one byte in memory: integers as a sign- or zero-extended byte, floating-point
/// numbers as their bits, from the lowest.
///
/// Formats: OCP Microscaling Formats (MX) Specification 1.0 for `e2m1`, `e2m3`, `e3m2`, `e8m0`, `e4m3fn` and `e5m2`;
/// Noune et al., "8-bit Numerical Formats for Deep Neural Networks" (2022), for the `fnuz` pair, which has one NaN
/// (0x80), no infinity and no negative zero.
package enum SmallElement: UInt8, Hashable, Sendable, CaseIterable {
  case u2, i2, u4, i4
  case f4e2m1, f6e2m3, f6e3m2, f8e4m3fn, f8e4m3fnuz, f8e5m2, f8e5m2fnuz
  /// A power of two, 2^(bits - 127): the scale of a block.
  case f8e8m0

  /// The name in the language.
  package var name: String { String(describing: self) }

  /// Bits that carry the value. ONNX files pack elements without gaps, the first in the lowest bits.
  package var bitWidth: Int {
    switch self {
    case .u2, .i2: 2
    case .u4, .i4, .f4e2m1: 4
    case .f6e2m3, .f6e3m2: 6
    case .f8e4m3fn, .f8e4m3fnuz, .f8e5m2, .f8e5m2fnuz, .f8e8m0: 8
    }
  }

  /// The values of an integer type; nil for floating-point types.
  package var integers: ClosedRange<Int>? {
    switch self {
    case .u2: 0...3
    case .i2: -2...1
    case .u4: 0...15
    case .i4: -8...7
    case .f4e2m1, .f6e2m3, .f6e3m2, .f8e4m3fn, .f8e4m3fnuz, .f8e5m2, .f8e5m2fnuz, .f8e8m0: nil
    }
  }

  /// How the bits of a floating-point type with a mantissa are read; nil for the others.
  package var format: SmallFloat? {
    switch self {
    case .u2, .i2, .u4, .i4, .f8e8m0: nil
    case .f4e2m1: SmallFloat(mantissa: 1, bias: 1, largest: 0x7, overflow: 0x7, nan: 0, sign: 0x8)
    case .f6e2m3: SmallFloat(mantissa: 3, bias: 1, largest: 0x1F, overflow: 0x1F, nan: 0, sign: 0x20)
    case .f6e3m2: SmallFloat(mantissa: 2, bias: 3, largest: 0x1F, overflow: 0x1F, nan: 0, sign: 0x20)
    case .f8e4m3fn: SmallFloat(mantissa: 3, bias: 7, largest: 0x7E, overflow: 0x7F, nan: 0x7F, sign: 0x80)
    case .f8e4m3fnuz: SmallFloat(mantissa: 3, bias: 8, largest: 0x7F, overflow: 0x80, nan: 0x80, sign: 0x80)
    case .f8e5m2: SmallFloat(mantissa: 2, bias: 15, largest: 0x7B, overflow: 0x7C, nan: 0x7E, sign: 0x80)
    case .f8e5m2fnuz: SmallFloat(mantissa: 2, bias: 16, largest: 0x7F, overflow: 0x80, nan: 0x80, sign: 0x80)
    }
  }

  /// The value of an element's byte.
  package func value(of byte: UInt8) -> Double {
    if integers != nil { return Double(Int8(bitPattern: byte)) }
    if let format { return format.value(of: byte) }
    return byte == 0xFF ? .nan : Double(sign: .plus, exponent: Int(byte) - 127, significand: 1)
  }

  /// The byte of the nearest element, ties to even, NaN as zero where the type has no NaN; of an integer type the low
  /// bits of the truncated value.
  package func byte(rounding value: Double, _ narrowing: Narrowing = .saturating) -> UInt8 {
    if integers != nil {
      let whole = value.isNaN ? 0 : value.rounded(.towardZero)
      return byte(wrapping: Int64(exactly: whole) ?? (value < 0 ? .min : .max))
    }
    if let format { return format.byte(rounding: value, saturates: narrowing.saturates) }
    return Self.scale(rounding: value, narrowing)
  }

  /// The byte of an integer type from an integer, whose higher bits are dropped; of a floating-point type from its
  /// bits.
  package func byte(wrapping value: Int64) -> UInt8 {
    guard let integers else { return UInt8(truncatingIfNeeded: value) }
    let low = UInt8(truncatingIfNeeded: value) & (1 << UInt8(bitWidth) - 1)
    return Int(low) > integers.upperBound ? low | ~(1 << UInt8(bitWidth) - 1) : low
  }

  /// ONNX's rule for `e8m0` (onnx.numpy_helper.to_float8e8m0), which reads the exponent field of the value as f32:
  /// the sign is dropped, a rounded-up greatest value saturates or is NaN.
  private static func scale(rounding value: Double, _ narrowing: Narrowing) -> UInt8 {
    let bits = Float(value).bitPattern
    let exponent = UInt8(truncatingIfNeeded: bits >> 23)
    if exponent == 0xFF { return 0xFF }
    let fraction = bits & 0x7F_FFFF
    let goesUp =
      switch narrowing.scale {
      case .up: fraction > 0
      case .down: false
      case .nearest: fraction > 0x40_0000 || (fraction == 0x40_0000 && exponent > 0)
      }
    return goesUp && !(narrowing.saturates && exponent == 0xFE) ? exponent + 1 : exponent
  }
}

/// What a conversion to a floating-point `SmallElement` does at the ends of its range.
package struct Narrowing: Hashable, Sendable {
  /// The direction in which a value between two powers of two goes (`e8m0`).
  package enum Scale: String, Hashable, Sendable, CaseIterable { case up, down, nearest }

  /// Whether what is too large becomes the largest finite value; otherwise infinity or NaN.
  package var saturates: Bool
  package var scale: Scale

  package init(saturates: Bool, scale: Scale = .up) {
    self.saturates = saturates
    self.scale = scale
  }

  package static let saturating = Narrowing(saturates: true)
}

/// A sign, an exponent and a mantissa in one byte; exponent 0 holds subnormal numbers.
package struct SmallFloat: Hashable, Sendable {
  /// Bits of the mantissa.
  package var mantissa: Int
  package var bias: Int
  /// Codes without sign: of the largest finite value, of what does not saturate, of NaN.
  package var largest: UInt8
  package var overflow: UInt8
  package var nan: UInt8
  /// The sign's bit. In the `fnuz` formats it alone is NaN.
  package var sign: UInt8

  /// Whether zero has no sign.
  package var hasOneZero: Bool { nan == sign }

  func value(of byte: UInt8) -> Double {
    let code = byte & (sign - 1)
    if hasOneZero && byte == nan { return .nan }
    if code > largest {
      return code == overflow && overflow != nan ? (byte & sign != 0 ? -.infinity : .infinity) : .nan
    }
    let exponent = Int(code >> UInt8(mantissa))
    let fraction = Double(code & (1 << UInt8(mantissa) - 1)) / Double(1 << mantissa)
    let magnitude = Double(
      sign: .plus, exponent: max(exponent, 1) - bias, significand: exponent == 0 ? fraction : 1 + fraction)
    return byte & sign != 0 ? -magnitude : magnitude
  }

  func byte(rounding value: Double, saturates: Bool) -> UInt8 {
    let negative = value.sign == .minus ? sign : 0
    if value.isNaN { return nan | negative }
    var code = saturates ? largest : overflow
    if value.isFinite {
      let exponent = max(value == 0 ? .min : Int(value.exponent), 1 - bias)
      // In units of the last place; 2^mantissa of them reach the next exponent.
      let units = (abs(value) * Double(sign: .plus, exponent: mantissa - exponent, significand: 1))
        .rounded(.toNearestOrEven)
      let rounded = units + Double((exponent + bias - 1) << mantissa)
      if rounded <= Double(largest) { code = UInt8(rounded) }
    }
    return code == 0 && hasOneZero ? 0 : code | negative
  }
}
