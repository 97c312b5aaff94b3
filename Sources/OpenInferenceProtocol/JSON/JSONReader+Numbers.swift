extension JSONReader {
  /// Longest number that is read: nobody needs more, and the fallback copies it to the stack.
  private static let longestNumber = 1000

  /// Takes a number and keeps it as a decimal.
  mutating func decimal() throws(JSONError) -> Decimal {
    _ = peek()
    let first = offset
    var number = Decimal(start: base + first)
    if byte == UInt8(ascii: "-") {
      number.isNegative = true
      offset += 1
    }
    guard isDigit(byte) else {
      if offset > first { throw syntax(.digit) }
      throw mismatch(.number)
    }
    var digits = 0
    if byte == UInt8(ascii: "0") {
      offset += 1
    } else {
      takeDigits(of: &number, &digits, droppedExponent: 1, takenExponent: 0)
    }
    if byte == UInt8(ascii: ".") {
      offset += 1
      guard isDigit(byte) else { throw syntax(.digit) }
      takeDigits(of: &number, &digits, droppedExponent: 0, takenExponent: -1)
    }
    if byte | 0x20 == UInt8(ascii: "e") { try exponent(of: &number) }
    number.count = offset - first
    guard number.count <= Self.longestNumber else { throw JSONError(.syntax(.shorterNumber), at: first) }
    return number
  }

  @inline(__always)
  private func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

  /// Takes digits into the mantissa; what it has no room for moves the exponent instead.
  @inline(__always)
  private mutating func takeDigits(
    of number: inout Decimal, _ digits: inout Int, droppedExponent: Int, takenExponent: Int,
  ) {
    // Eight at once where all of them are significant and fit.
    while digits + 8 <= 19, number.mantissa != 0 || byte != UInt8(ascii: "0"), let eight = eightDigits {
      number.mantissa = number.mantissa &* 100_000_000 &+ eight
      number.exponent += 8 * takenExponent
      digits += 8
      offset += 8
    }
    while offset < count {
      let digit = base[offset] &- UInt8(ascii: "0")
      if digit >= 10 { return }
      offset += 1
      if digits < 19 {
        number.mantissa = number.mantissa &* 10 &+ UInt64(digit)
        number.exponent += takenExponent
        // Leading zeros are no significant digits.
        if number.mantissa != 0 { digits += 1 }
      } else {
        number.exponent += droppedExponent
        if digit != 0 { number.isExact = false }
      }
    }
  }

  /// The number that the next eight bytes are, if all are digits: pairs, fours and all eight by a multiplication each
  /// (Lemire, "Number Parsing at a Gigabyte per Second", section 4).
  @inline(__always)
  private var eightDigits: UInt64? {
    guard offset + 8 <= count else { return nil }
    let word = UInt64(littleEndian: UnsafeRawPointer(base + offset).loadUnaligned(as: UInt64.self))
    let digits = word &- 0x3030_3030_3030_3030
    guard ((word &+ 0x4646_4646_4646_4646) | digits) & 0x8080_8080_8080_8080 == 0 else { return nil }
    let pairs = digits &* 10 &+ digits >> 8
    let mask: UInt64 = 0x0000_00FF_0000_00FF
    let high = (pairs & mask) &* (100 + 1_000_000 << 32)
    let low = (pairs >> 16 & mask) &* (1 + 10_000 << 32)
    return (high &+ low) >> 32
  }

  private mutating func exponent(of number: inout Decimal) throws(JSONError) {
    offset += 1
    let isNegative = byte == UInt8(ascii: "-")
    if isNegative || byte == UInt8(ascii: "+") { offset += 1 }
    guard isDigit(byte) else { throw syntax(.digit) }
    var value = 0
    while isDigit(byte) {
      // Far beyond every range, and far from overflowing.
      if value < 100_000 { value = value * 10 + Int(byte - UInt8(ascii: "0")) }
      offset += 1
    }
    number.exponent += isNegative ? -value : value
  }

  /// Takes an integer; a 64-bit one also as a decimal string, because many JSON writers cannot write it exactly.
  @inline(__always)
  package mutating func integer<T: FixedWidthInteger>(
    _: T.Type, _ type: JSONError.ValueType,
  ) throws(JSONError) -> T {
    let isQuoted = peek() == UInt8(ascii: "\"") && T.bitWidth == 64
    if isQuoted { offset += 1 }
    let first = offset
    let isNegative = byte == UInt8(ascii: "-")
    if isNegative { offset += 1 }
    let firstDigit = offset
    var magnitude: UInt64 = 0
    var overflow = false
    while offset < count {
      let digit = base[offset] &- UInt8(ascii: "0")
      if digit >= 10 { break }
      // Nineteen digits always fit.
      if offset - firstDigit < 19 {
        magnitude = magnitude &* 10 &+ UInt64(digit)
      } else {
        let (product, tooLarge) = magnitude.multipliedReportingOverflow(by: 10)
        let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
        overflow = overflow || tooLarge || carry
        magnitude = sum
      }
      offset += 1
    }
    let digits = offset - firstDigit
    let hasLeadingZero = digits > 1 && base[firstDigit] == UInt8(ascii: "0")
    let isFraction = byte == UInt8(ascii: ".") || byte | 0x20 == UInt8(ascii: "e")
    guard digits > 0, !hasLeadingZero, !isFraction, !isQuoted || byte == UInt8(ascii: "\"") else {
      offset = isQuoted ? first - 1 : first
      throw notAnInteger(type)
    }
    if isQuoted { offset += 1 }
    if !overflow {
      if !isNegative, let value = T(exactly: magnitude) { return value }
      if isNegative, magnitude == 0 { return 0 }
      if isNegative, T.isSigned, magnitude <= T.min.magnitude {
        return T(truncatingIfNeeded: 0 &- magnitude)
      }
    }
    throw JSONError(.range(type), at: first)
  }

  /// The error for a value at the current place that is no integer.
  @inline(never)
  private mutating func notAnInteger(_ type: JSONError.ValueType) -> JSONError {
    let first = offset
    do {
      // Malformed numbers are syntax errors; well-formed ones have a fraction.
      if try nextType() == .number { _ = try decimal() }
      offset = first
      return mismatch(type)
    } catch {
      return error
    }
  }

  /// Takes a number as the nearest `Double`.
  package mutating func double() throws(JSONError) -> Double {
    let first = offset
    let value = try decimal().double
    guard value.isFinite else { throw JSONError(.range(.f64), at: first) }
    return value
  }

  /// Takes a number as the nearest `Float`.
  package mutating func float() throws(JSONError) -> Float {
    let first = offset
    let value = try decimal().float
    guard value.isFinite else { throw JSONError(.range(.f32), at: first) }
    return value
  }
}
