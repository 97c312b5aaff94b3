internal import ServeDiagnostics

extension SyntaxMessages {
  func malformedNumber(_ problem: SyntaxError.NumberProblem, _ bytes: Range<Int>) -> Diagnostic {
    let written = text(bytes)
    switch problem {
    case .noIntegerPart:
      return number(
        "a number starts with a digit", bytes, "no digit before the point",
        [Help("write `0\(written)`", replacing: range(bytes), with: "0\(written)")])
    case .leadingZero:
      let digits = String(written.drop { $0 == "0" || $0 == "_" })
      let plain = digits.first?.isNumber == true ? digits : "0" + digits
      return number(
        "a number has no leading zero", bytes, "there are no octal numbers",
        [Help("write `\(plain)`", replacing: range(bytes), with: plain)])
    case .severalPoints:
      return number(
        "a number has one point", bytes, "addresses and versions stand in quotes",
        [Help("write `\"\(written)\"`", replacing: range(bytes), with: "\"\(written)\"")])
    case .otherBase:
      return number("numbers are decimal", bytes, "no hexadecimal, octal or binary numbers", [])
    case .strayUnderscore:
      return number("`_` stands between two digits", bytes, "as in `2_000_000`", [])
    case .tooLarge:
      return number("this number is too large", bytes, "at most \(UInt64.max) without its point", [])
    case .noSuchDay:
      return number("there is no such day", bytes, "dates are year-month-day", [])
    case .grid:
      return number("a topology is whole numbers joined by `x`", bytes, "as in `2x2`", [])
    }
  }

  private func number(_ message: String, _ bytes: Range<Int>, _ label: String, _ help: [Help]) -> Diagnostic {
    Diagnostic(.sv(0105), message, at: Label(range(bytes), label), help: help)
  }

  /// The suffixes that could mean two units, with both.
  private static let ambiguous: [String: [(unit: Unit, meaning: String)]] = [
    "m": [(.minutes, "minutes"), (.millicores, "thousandths of a core"), (.mebibytes, "bytes")],
    "M": [(.megabytes, "10^6 bytes"), (.mebibytes, "2^20 bytes")],
    "G": [(.gigabytes, "10^9 bytes"), (.gibibytes, "2^30 bytes")],
    "K": [(.kilobytes, "1000 bytes"), (.kibibytes, "1024 bytes")],
    "k": [(.kilobytes, "1000 bytes"), (.kibibytes, "1024 bytes")],
    "T": [(.terabytes, "10^12 bytes"), (.tebibytes, "2^40 bytes")],
  ]

  /// A number whose suffix is no unit; `bytes` are the whole of it.
  func unknownUnit(_ bytes: Range<Int>) -> Diagnostic {
    let start = UnitText.start(in: tree.source.bytes[bytes])
    let suffix = range(start..<bytes.upperBound)
    let (number, written) = (text(bytes.lowerBound..<start), text(start..<bytes.upperBound))
    if let choices = Self.ambiguous[written] {
      return Diagnostic(
        .sv(0303), "`\(written)` is ambiguous here", at: Label(range(bytes), "which unit is meant?"),
        help: choices.map {
          Help("write `\(number)\($0.unit.rawValue)` (\($0.meaning))", replacing: suffix, with: $0.unit.rawValue)
        })
    }
    let nearest = Spelling.nearest(to: written, among: Unit.allCases.map(\.rawValue))
    return Diagnostic(
      .sv(0303), "\(Excerpt.quoted(written)) is not a unit",
      at: Label(range(bytes), nearest.map { "did you mean `\(number)\($0)`?" } ?? "unknown unit"),
      values: ["the units are " + Unit.allCases.map(\.rawValue).joined(separator: ", ") + ", %"],
      help: nearest.map { [Help("write `\(number)\($0)`", replacing: suffix, with: $0)] } ?? [])
  }
}
