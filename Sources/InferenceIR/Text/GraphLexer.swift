/// What is wrong with a graph's text, and on which line.
package struct GraphTextError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Counted from 1.
  package var line: Int
  package var message: String

  package var description: String { "line \(line): \(message)" }
}

/// Splits a graph's text into tokens.
struct GraphLexer {
  enum Token: Hashable {
    /// Letters, digits, `_` and `.`, beginning with a letter or `_`.
    case word(String)
    /// Digits with an optional fraction and exponent, without a sign.
    case number(String)
    case string(String)
    /// `%12`.
    case value(Int)
    /// `...`
    case range
    case symbol(Character)
    case newline
    case end
  }

  private let text: [Character]
  private var at = 0
  private var line = 1
  /// The line of the token read last.
  private var tokenLine = 1

  init(_ text: String) { self.text = Array(text) }

  mutating func next() throws(GraphTextError) -> Token {
    while at < text.count, text[at] == " " { at += 1 }
    tokenLine = line
    guard at < text.count else { return .end }
    let character = text[at]
    if character == "\n" {
      at += 1
      line += 1
      return .newline
    }
    if character == "\"" { return .string(try string()) }
    if character == "%" {
      at += 1
      let digits = take { $0.isASCII && $0.isNumber }
      guard let number = Int(digits) else { throw failure("% without a number") }
      return .value(number)
    }
    if character.isASCII && character.isNumber { return .number(number()) }
    if character == "_" || character.isLetter {
      return .word(take { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." })
    }
    if text[at...].starts(with: "...") {
      at += 3
      return .range
    }
    at += 1
    return .symbol(character)
  }

  func failure(_ message: String) -> GraphTextError { GraphTextError(line: tokenLine, message: message) }

  private mutating func take(while holds: (Character) -> Bool) -> String {
    let start = at
    while at < text.count, holds(text[at]) { at += 1 }
    return String(text[start..<at])
  }

  private mutating func number() -> String {
    var digits = take { $0.isNumber }
    // A range follows its lower bound at once: `1...8`.
    if at + 1 < text.count, text[at] == ".", text[at + 1].isNumber {
      at += 1
      digits += "." + take { $0.isNumber }
    }
    if at < text.count, text[at] == "e" {
      at += 1
      digits += "e" + take { $0.isNumber || $0 == "-" || $0 == "+" }
    }
    return digits
  }

  private mutating func string() throws(GraphTextError) -> String {
    at += 1
    var result = ""
    while at < text.count, text[at] != "\n" {
      let character = text[at]
      at += 1
      if character == "\"" { return result }
      guard character == "\\" else {
        result.append(character)
        continue
      }
      guard at < text.count else { break }
      let escape = text[at]
      at += 1
      switch escape {
      case "\"", "\\": result.append(escape)
      case "n": result.append("\n")
      case "u":
        let digits = take { $0 != "}" }.dropFirst()
        at += 1
        guard let code = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(code) else {
          throw failure("a bad escape in a string")
        }
        result.unicodeScalars.append(scalar)
      default: throw failure("a bad escape in a string")
      }
    }
    throw failure("a string without an end")
  }
}
