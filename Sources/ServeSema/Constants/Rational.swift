package import ServeSyntax

/// An exact fraction in lowest terms, its denominator positive: what amounts with units are counted in, so that
/// `0.1s + 0.2s` is 300 ms and shares of 33.3% do not drift.
package struct Rational: Hashable, Sendable {
  package let numerator: Int128
  package let denominator: Int128

  package init(_ value: some BinaryInteger) {
    numerator = Int128(clamping: value)
    denominator = 1
  }

  /// The fraction in lowest terms; nil for a zero denominator or a value out of range.
  package init?(_ numerator: Int128, over denominator: Int128) {
    guard denominator != 0, numerator != .min, denominator != .min else { return nil }
    let divisor = Self.greatestDivisor(numerator.magnitude, denominator.magnitude)
    let sign: Int128 = denominator < 0 ? -1 : 1
    self.numerator = sign * (numerator / Int128(divisor))
    self.denominator = sign * (denominator / Int128(divisor))
  }

  /// A decimal literal; nil when it has more than 18 digits before or after the point.
  package init?(_ decimal: Decimal) {
    if decimal.significand == 0 {
      self.init(0)
      return
    }
    guard (-18...18).contains(decimal.exponent) else { return nil }
    var scale: Int128 = 1
    for _ in 0..<abs(decimal.exponent) { scale *= 10 }
    let significand = Int128(decimal.significand)
    self.init(decimal.exponent < 0 ? significand : significand * scale, over: decimal.exponent < 0 ? scale : 1)
  }

  /// The value where it is a whole number that fits.
  package var integer: Int? {
    denominator == 1 ? Int(exactly: numerator) : nil
  }

  package var double: Double {
    Double(numerator) / Double(denominator)
  }

  package var negated: Rational {
    Rational(numerator: -numerator, denominator: denominator)
  }

  package func adding(_ other: Rational) -> Rational? {
    guard let a = numerator.multiplied(by: other.denominator), let b = other.numerator.multiplied(by: denominator),
      let below = denominator.multiplied(by: other.denominator)
    else { return nil }
    let (sum, overflow) = a.addingReportingOverflow(b)
    return overflow ? nil : Rational(sum, over: below)
  }

  package func multiplied(by other: Rational) -> Rational? {
    guard let above = numerator.multiplied(by: other.numerator),
      let below = denominator.multiplied(by: other.denominator)
    else { return nil }
    return Rational(above, over: below)
  }

  package func divided(by other: Rational) -> Rational? {
    guard let above = numerator.multiplied(by: other.denominator),
      let below = denominator.multiplied(by: other.numerator)
    else { return nil }
    return Rational(above, over: below)
  }

  private init(numerator: Int128, denominator: Int128) {
    self.numerator = numerator
    self.denominator = denominator
  }

  private static func greatestDivisor(_ a: UInt128, _ b: UInt128) -> UInt128 {
    var (a, b) = (a, b)
    while b != 0 { (a, b) = (b, a % b) }
    return max(a, 1)
  }
}

extension Rational: Comparable {
  package static func < (a: Rational, b: Rational) -> Bool {
    guard let left = a.numerator.multiplied(by: b.denominator), let right = b.numerator.multiplied(by: a.denominator)
    else { return a.double < b.double }
    return left < right
  }
}

extension Rational: CustomStringConvertible {
  /// As a decimal where it has one of at most nine places, else as a fraction.
  package var description: String {
    if denominator == 1 { return "\(numerator)" }
    var scale: Int128 = 1
    for places in 1...9 {
      scale *= 10
      guard scale % denominator == 0, let scaled = numerator.multiplied(by: scale / denominator) else { continue }
      let digits = String(scaled.magnitude)
      let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
      return (numerator < 0 ? "-" : "") + padded.dropLast(places) + "." + padded.suffix(places)
    }
    return "\(numerator)/\(denominator)"
  }
}

extension Int128 {
  fileprivate func multiplied(by other: Int128) -> Int128? {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? nil : product
  }
}
