internal import ServeDiagnostics

extension SyntaxMessages {
  /// What people write who mean something that the language writes otherwise.
  private static let lookalikes: [(written: String, meant: String, help: String)] = [
    (";", "", "remove it: a line break ends a field"),
    ("#", "//", "comments start with `//`"),
    ("&&", "and", "write `and`"),
    ("||", "or", "write `or`"),
    ("!", "not ", "write `not`"),
    ("\u{201C}", "\"", "write a straight quote `\"`"),
    ("\u{201D}", "\"", "write a straight quote `\"`"),
    ("\u{201E}", "\"", "write a straight quote `\"`"),
    ("\u{2018}", "\"", "write a double quote `\"`"),
    ("\u{2019}", "\"", "write a double quote `\"`"),
    ("\u{2013}", "-", "write a plain `-`"),
    ("\u{2014}", "-", "write a plain `-`"),
    ("\u{2212}", "-", "write a plain `-`"),
    ("\u{2026}", "...", "write three dots `...`"),
    ("\u{2264}", "<=", "write `<=`"),
    ("\u{2265}", ">=", "write `>=`"),
    ("\u{2260}", "!=", "write `!=`"),
    ("\u{00D7}", "*", "write `*`"),
    ("\u{00B5}s", "us", "write `us` for microseconds"),
    ("\u{00B5}", "u", "write `us` for microseconds"),
    ("\u{00A0}", " ", "write a plain space"),
  ]

  func unexpectedCharacters(_ bytes: Range<Int>) -> Diagnostic {
    let written = text(bytes)
    let help = Self.lookalikes.first { $0.written == written }
      .map { [Help($0.help, replacing: range(bytes), with: $0.meant)] }
    let noun = written.unicodeScalars.count == 1 ? "character" : "characters"
    return Diagnostic(
      .sv(0101), "unexpected \(noun) \(Excerpt.quoted(written))", at: Label(range(bytes), "not part of the language"),
      help: help ?? [])
  }

  func singleQuotes(_ bytes: Range<Int>) -> Diagnostic {
    let inside = text(bytes.lowerBound + 1..<bytes.upperBound - 1)
    return Diagnostic(
      .sv(0101), "strings stand in double quotes", at: Label(range(bytes)),
      help: [Help("write double quotes", replacing: range(bytes), with: "\"\(inside)\"")])
  }

  func byteOrderMark(_ bytes: Range<Int>) -> Diagnostic {
    Diagnostic(
      .sv(0107), "the file starts with a byte order mark", at: Label(range(bytes), "three invisible bytes"),
      help: [Help("remove it: the text is UTF-8 without one", replacing: range(bytes), with: "")])
  }

  func unterminated(_ what: String, _ bytes: Range<Int>, closer: String) -> Diagnostic {
    Diagnostic(
      .sv(0102), "\(what) is not closed", at: Label(range(bytes), "there is no closing `\(closer)`"))
  }

  func unknownEscape(_ bytes: Range<Int>) -> Diagnostic {
    let written = text(bytes)
    let isInterpolation = tree.source.text(in: bytes.lowerBound..<bytes.upperBound).hasPrefix("\\(")
    return Diagnostic(
      .sv(0111), "\(Excerpt.quoted(written)) is not an escape",
      at: Label(range(bytes), isInterpolation ? "strings have no interpolation" : "unknown escape"),
      values: [#"the escapes are \n, \t, \", \\ and \u{1F680}"#],
      help: isInterpolation ? [] : [Help("write `\\\\` for a backslash")])
  }
}
