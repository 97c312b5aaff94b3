/// A decimal number as a document writes it: `mantissa x 10^exponent`.
struct Decimal {
  var isNegative = false
  /// The first 19 significant digits.
  var mantissa: UInt64 = 0
  var exponent = 0
  /// False when digits that are not zero did not fit the mantissa.
  var isExact = true
  /// The characters, for the fallback.
  var start: UnsafePointer<UInt8>
  var count = 0

  /// The nearest `Double`, ties to even; infinite when out of range.
  var double: Double {
    if isExact, mantissa < 1 << 53, exponent >= -22, exponent <= 22 {
      // Both operands are exact, so one operation rounds once (Clinger, "How to Read Floating Point Numbers Accurately").
      let magnitude = Double(mantissa)
      let value = exponent < 0 ? magnitude / Self.exactPowers[-exponent] : magnitude * Self.exactPowers[exponent]
      return isNegative ? -value : value
    }
    guard let binary else { return fallback }
    let (significand, power) = binary.rounded(toBits: 53)
    let magnitude = Double(sign: .plus, exponent: power, significand: Double(significand))
    return isNegative ? -magnitude : magnitude
  }

  /// The nearest `Float`, ties to even, rounded once; infinite when out of range.
  var float: Float {
    if let quick = quickFloat { return quick }
    let value = double
    // Rounding the nearest double again is wrong only where it stands exactly between two floats and the decimal
    // does not, or where floats are subnormal and keep fewer bits.
    let isBetween = value.bitPattern & 0x1FFF_FFFF == 0x1000_0000
    let magnitude = value.magnitude
    if !isBetween && (magnitude >= 0x1p-126 || mantissa == 0) { return Float(value) }
    if magnitude >= 0x1p-126, let binary {
      let (significand, power) = binary.rounded(toBits: 24)
      let rounded = Float(sign: .plus, exponent: power, significand: Float(significand))
      return isNegative ? -rounded : rounded
    }
    return Float(text) ?? Float(value)
  }

  /// The nearest `Float` where doubles are enough to see it: the mantissa and the quotient, or the product, are each
  /// rounded once and the power is exact, so the result is within 2 units in the last place of the decimal. Unless that
  /// is about halfway between two floats, both round to the same.
  private var quickFloat: Float? {
    guard isExact, exponent >= -22, exponent <= 22 else { return nil }
    let power = Self.exactPowers[Int(exponent.magnitude)]
    let magnitude = exponent < 0 ? Double(mantissa) / power : Double(mantissa) * power
    let rest = magnitude.bitPattern & 0x1FFF_FFFF
    // Subnormal floats keep fewer bits.
    guard magnitude >= 0x1p-126, rest < 0x1000_0000 - 4 || rest > 0x1000_0000 + 4 else { return nil }
    return Float(isNegative ? -magnitude : magnitude)
  }

  /// The value as 64 significant bits where that takes one multiplication or division of integers, which is so for
  /// every number of at most 19 digits and a power of ten between -27 and 27 (5^27 is the largest that fits).
  private var binary: BinaryApproximation? {
    guard isExact, mantissa != 0, exponent >= -27, exponent <= 27 else { return nil }
    return exponent < 0
      ? BinaryApproximation(mantissa, dividedBy: Self.powersOfFive[-exponent], exponent: exponent)
      : BinaryApproximation(mantissa, times: Self.powersOfFive[exponent], exponent: exponent)
  }

  private var fallback: Double {
    mantissa == 0 && isExact ? (isNegative ? -0.0 : 0.0) : Double(text) ?? .infinity
  }

  /// The characters, for the standard library's exact and slower conversion.
  private var text: String { String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self) }

  private static let exactPowers: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
    1e20, 1e21, 1e22,
  ]

  private static let powersOfFive: [UInt64] = (0...27).map { power in
    (0..<power).reduce(1) { product, _ in product * 5 }
  }
}

/// `significand x 2^exponent`, the significand's top bit set, possibly with a positive rest below its last bit.
struct BinaryApproximation {
  private var significand: UInt64
  private var exponent: Int
  private var hasRest: Bool

  /// `value x 10^exponent` for `powerOfFive` = 5^exponent.
  init(_ value: UInt64, times powerOfFive: UInt64, exponent: Int) {
    let (high, low) = value.multipliedFullWidth(by: powerOfFive)
    if high == 0 {
      let shift = low.leadingZeroBitCount
      self.significand = low << shift
      self.exponent = exponent - shift
      self.hasRest = false
    } else {
      let shift = high.leadingZeroBitCount
      self.significand = shift == 0 ? high : high << shift | low >> (64 - shift)
      self.exponent = exponent + 64 - shift
      self.hasRest = low << shift != 0
    }
  }

  /// `value x 10^exponent` for `powerOfFive` = 5^-exponent.
  init(_ value: UInt64, dividedBy powerOfFive: UInt64, exponent: Int) {
    let valueShift = value.leadingZeroBitCount
    let divisorShift = powerOfFive.leadingZeroBitCount
    let divisor = powerOfFive << divisorShift
    let dividend = value << valueShift
    // The quotient must be below 2^64 and at least 2^63: halve a dividend that is not below the divisor.
    let halve = dividend >= divisor
    let parts = halve ? (high: dividend >> 1, low: dividend << 63) : (high: dividend, low: 0)
    let (quotient, remainder) = divisor.dividingFullWidth(parts)
    self.significand = quotient
    self.exponent = exponent - valueShift + divisorShift - 64 + (halve ? 1 : 0)
    self.hasRest = remainder != 0
  }

  /// The nearest number of `bits` significant bits, ties to even.
  func rounded(toBits bits: Int) -> (significand: UInt64, exponent: Int) {
    let shift = 64 - bits
    let kept = significand >> shift
    let dropped = significand & (1 << shift - 1)
    let half: UInt64 = 1 << (shift - 1)
    let up = dropped > half || (dropped == half && (hasRest || kept & 1 == 1))
    return (kept + (up ? 1 : 0), exponent + shift)
  }
}
