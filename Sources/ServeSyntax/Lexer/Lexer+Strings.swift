extension Lexer {
  /// Takes a string. One in single quotes is read as if it were in double ones, and reported.
  mutating func scanString() -> TokenKind {
    let start = position
    if peek(is: "\"\"\"") { return scanMultilineString() }
    let quote = peek()
    position += 1
    while !isAtEnd, peek() != UInt8(ascii: "\n") {
      let byte = peek()
      if byte == quote {
        position += 1
        if quote != UInt8(ascii: "\"") { note(.singleQuotes, start..<position) }
        return .string
      }
      if byte == UInt8(ascii: "\\") { scanEscape() } else { position += 1 }
    }
    if position > start + 1, bytes[position - 1] == UInt8(ascii: "\r"), !isAtEnd { position -= 1 }
    note(.unterminatedString, start..<position)
    return .string
  }

  private mutating func scanMultilineString() -> TokenKind {
    let start = position
    position += 3
    while !isAtEnd {
      if peek(is: "\"\"\"") {
        position += 3
        return .multilineString
      }
      if peek() == UInt8(ascii: "\\") { scanEscape() } else { position += 1 }
    }
    note(.unterminatedString, start..<start + 3)
    return .multilineString
  }

  /// Takes a backslash and what belongs to it.
  private mutating func scanEscape() {
    let start = position
    let (scalar, end) = EscapeText.value(bytes[position...])
    position = end
    if scalar == nil { note(.unknownEscape, start..<end) }
  }

  /// Takes a pattern, which can stand only directly after `(`, so that it is never a division.
  mutating func scanPattern() -> TokenKind {
    let start = position
    position += 1
    while !isAtEnd, peek() != UInt8(ascii: "\n"), peek() != UInt8(ascii: "\r") {
      if peek() == UInt8(ascii: "/") {
        position += 1
        return .pattern
      }
      let isEscape = peek() == UInt8(ascii: "\\") && position + 1 < bytes.count && peek(1) != UInt8(ascii: "\n")
      position += isEscape ? 2 : 1
    }
    note(.unterminatedPattern, start..<position)
    return .pattern
  }
}

/// The escapes of strings: `\n`, `\t`, `\"`, `\\`, `\u{1F680}`.
enum EscapeText {
  /// What the escape at the start of some bytes stands for, if it is one, and where it ends. It never ends past a
  /// line's end.
  static func value(_ bytes: ArraySlice<UInt8>) -> (scalar: Unicode.Scalar?, end: Int) {
    let letter = bytes.startIndex + 1
    guard letter < bytes.endIndex, bytes[letter] != UInt8(ascii: "\n"), bytes[letter] != UInt8(ascii: "\r")
    else { return (nil, letter) }
    let end = letter + 1
    switch bytes[letter] {
    case UInt8(ascii: "n"): return ("\n", end)
    case UInt8(ascii: "t"): return ("\t", end)
    case UInt8(ascii: "\""): return ("\"", end)
    case UInt8(ascii: "\\"): return ("\\", end)
    case UInt8(ascii: "u"): return unicodeValue(bytes, from: end)
    default: return (nil, end)
    }
  }

  private static func unicodeValue(_ bytes: ArraySlice<UInt8>, from open: Int) -> (Unicode.Scalar?, Int) {
    guard open < bytes.endIndex, bytes[open] == UInt8(ascii: "{") else { return (nil, open) }
    var end = open + 1
    while end < bytes.endIndex, bytes[end].isHexDigit, end - open <= 8 { end += 1 }
    guard end < bytes.endIndex, bytes[end] == UInt8(ascii: "}") else { return (nil, end) }
    let digits = String(decoding: bytes[open + 1..<end], as: UTF8.self)
    return (UInt32(digits, radix: 16).flatMap(Unicode.Scalar.init), end + 1)
  }
}

extension UInt8 {
  fileprivate var isHexDigit: Bool {
    isDigit || (self | 0x20 >= UInt8(ascii: "a") && self | 0x20 <= UInt8(ascii: "f"))
  }
}
