/// The values of number tokens, read from their bytes; nil where the text has none, which the lexer has reported.
enum NumberText {
  /// `2_000_000`, `0.25`, `1e-5`. At most 19 digits and a power of ten within ±9999.
  static func value(_ text: ArraySlice<UInt8>) -> Decimal? {
    var significand: UInt64 = 0
    var exponent = 0
    var rest = text
    var inFraction = false
    while let byte = rest.first, byte.isDigit || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".") {
      rest = rest.dropFirst()
      if byte == UInt8(ascii: ".") { inFraction = true }
      guard byte.isDigit else { continue }
      let (tens, overflow) = significand.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tens.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
      guard !overflow, !carry else { return nil }
      significand = sum
      if inFraction { exponent -= 1 }
    }
    guard !rest.isEmpty else { return Decimal(significand: significand, exponent: exponent) }
    let digits = rest.dropFirst().filter { $0 != UInt8(ascii: "_") }
    guard let power = Int(String(decoding: digits, as: UTF8.self)), abs(power) <= 9_999 else { return nil }
    return Decimal(significand: significand, exponent: exponent + power)
  }

  /// True for an underscore that is not between two digits.
  static func hasStrayUnderscore(_ text: ArraySlice<UInt8>) -> Bool {
    text.indices.contains { index in
      guard text[index] == UInt8(ascii: "_") else { return false }
      let hasDigitBefore = index > text.startIndex && text[index - 1].isDigit
      let hasDigitAfter = index + 1 < text.endIndex && text[index + 1].isDigit
      return !hasDigitBefore || !hasDigitAfter
    }
  }
}

enum UnitText {
  /// Where the unit of a `quantity` token starts: after its digits, fraction and exponent.
  static func start(in text: ArraySlice<UInt8>) -> Int {
    var index = text.startIndex
    func byte(_ ahead: Int = 0) -> UInt8 { index + ahead < text.endIndex ? text[index + ahead] : 0 }
    while byte().isDigit || byte() == UInt8(ascii: "_") || byte() == UInt8(ascii: ".") { index += 1 }
    if byte() | 0x20 == UInt8(ascii: "e") {
      let sign = byte(1) == UInt8(ascii: "-") || byte(1) == UInt8(ascii: "+") ? 1 : 0
      if byte(1 + sign).isDigit {
        index += 1 + sign
        while byte().isDigit || byte() == UInt8(ascii: "_") { index += 1 }
      }
    }
    return index
  }

  static func text(_ bytes: ArraySlice<UInt8>) -> String {
    String(decoding: bytes, as: UTF8.self)
  }
}

enum DateText {
  /// `2026-12-15`, a day that exists.
  static func value(_ text: ArraySlice<UInt8>) -> Date? {
    let parts = text.split(separator: UInt8(ascii: "-")).map { Int(String(decoding: $0, as: UTF8.self)) }
    guard parts.count == 3, let year = parts[0], let month = parts[1], let day = parts[2] else { return nil }
    return Date(year: year, month: month, day: day)
  }
}

enum GridText {
  /// `2x2`, `4x4x4`
  static func value(_ text: ArraySlice<UInt8>) -> [UInt64]? {
    let sides = text.split(separator: UInt8(ascii: "x"), omittingEmptySubsequences: false)
      .map { UInt64(String(decoding: $0, as: UTF8.self)) }
    let known = sides.compactMap { $0 }
    return known.count == sides.count ? known : nil
  }
}

enum StringText {
  /// What stands between the quotes, escapes resolved; nil where the string is not closed or an escape is unknown.
  static func value(_ text: ArraySlice<UInt8>) -> String? {
    guard let quote = text.first, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { return nil }
    var value: [UInt8] = []
    var rest = text.dropFirst()
    while let byte = rest.first {
      if byte == quote { return rest.count == 1 ? String(decoding: value, as: UTF8.self) : nil }
      guard let taken = unescape(rest, into: &value) else { return nil }
      rest = rest[taken...]
    }
    return nil
  }

  /// What stands between the triple quotes: without a line break after the opening ones, and on each line without the
  /// indentation of the closing ones' line.
  static func multilineValue(_ text: ArraySlice<UInt8>) -> String? {
    let quotes = [UInt8](repeating: UInt8(ascii: "\""), count: 3)
    guard text.count >= 6, text.starts(with: quotes), text.suffix(3).elementsEqual(quotes) else { return nil }
    var lines = text.dropFirst(3).dropLast(3)
      .split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    let isSpace: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\r") }
    var indentation = 0
    if lines.count > 1, let last = lines.last, last.allSatisfy(isSpace) {
      indentation = last.count
      lines.removeLast()
    }
    if let first = lines.first, first.allSatisfy(isSpace) { lines.removeFirst() }
    var values: [String] = []
    for line in lines {
      let kept = line.dropFirst(min(indentation, line.prefix(while: isSpace).count))
      guard let value = unescaped(kept.last == UInt8(ascii: "\r") ? kept.dropLast() : kept) else { return nil }
      values.append(value)
    }
    return values.joined(separator: "\n")
  }

  private static func unescaped(_ text: ArraySlice<UInt8>) -> String? {
    var value: [UInt8] = []
    var rest = text
    while !rest.isEmpty {
      guard let taken = unescape(rest, into: &value) else { return nil }
      rest = rest[taken...]
    }
    return String(decoding: value, as: UTF8.self)
  }

  /// Takes a byte or an escape, and says where it ends.
  private static func unescape(_ text: ArraySlice<UInt8>, into value: inout [UInt8]) -> Int? {
    guard let byte = text.first else { return nil }
    guard byte == UInt8(ascii: "\\") else {
      value.append(byte)
      return text.startIndex + 1
    }
    let (scalar, end) = EscapeText.value(text)
    guard let scalar else { return nil }
    value.append(contentsOf: Array(String(Character(scalar)).utf8))
    return end
  }
}
