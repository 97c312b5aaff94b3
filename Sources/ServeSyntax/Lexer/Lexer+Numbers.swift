extension Lexer {
  /// Takes a number and what touches it: `64`, `2_000_000`, `1e-5`, `99.9%`, `5min`, `2026-12-15`, `2x2`.
  mutating func scanNumber() -> TokenKind {
    let start = position
    if isAtDate {
      position += 10
      if DateText.value(bytes[start..<position]) == nil { note(.malformedNumber(.noSuchDay), start..<position) }
      return .date
    }
    let hasIntegerPart = peek() != UInt8(ascii: ".")
    skipDigits()
    if isAtGrid { return scanGrid(from: start) }
    let fraction = scanFraction()
    if fraction, scanMoreFractions(from: start) { return .float }
    let exponent = scanExponent()
    let numberEnd = position
    let kind = scanUnit(isFloat: fraction || exponent)
    if let problem = problem(start..<numberEnd, hasIntegerPart: hasIntegerPart) {
      note(.malformedNumber(problem), start..<position)
    } else if kind == .quantity, Unit(rawValue: UnitText.text(bytes[numberEnd..<position])) == nil {
      note(.unknownUnit, start..<position)
    }
    return kind
  }

  private mutating func skipDigits() {
    while peek().isDigit || peek() == UInt8(ascii: "_") { position += 1 }
  }

  private mutating func scanFraction() -> Bool {
    guard peek() == UInt8(ascii: "."), peek(1).isDigit else { return false }
    position += 1
    skipDigits()
    return true
  }

  /// Takes the rest of what looks like an address or a version.
  private mutating func scanMoreFractions(from start: Int) -> Bool {
    guard scanFraction() else { return false }
    while scanFraction() {}
    note(.malformedNumber(.severalPoints), start..<position)
    return true
  }

  private mutating func scanExponent() -> Bool {
    guard peek() | 0x20 == UInt8(ascii: "e") else { return false }
    let sign = peek(1) == UInt8(ascii: "-") || peek(1) == UInt8(ascii: "+") ? 1 : 0
    guard peek(1 + sign).isDigit else { return false }
    position += 1 + sign
    skipDigits()
    return true
  }

  private mutating func scanUnit(isFloat: Bool) -> TokenKind {
    if peek() == UInt8(ascii: "%") {
      position += 1
      return .percent
    }
    guard peek().isNameStart else { return isFloat ? .float : .integer }
    while peek().isNamePart { position += 1 }
    return .quantity
  }

  private func problem(_ number: Range<Int>, hasIntegerPart: Bool) -> SyntaxError.NumberProblem? {
    let text = bytes[number]
    guard hasIntegerPart else { return .noIntegerPart }
    if text.first == UInt8(ascii: "0"), text.count > 1, bytes[number.lowerBound + 1].isDigit { return .leadingZero }
    if NumberText.hasStrayUnderscore(text) { return .strayUnderscore }
    return NumberText.value(text) == nil ? .tooLarge : nil
  }

  /// True at four digits, two digits and two digits, joined by `-`.
  private var isAtDate: Bool {
    guard position + 10 <= bytes.count else { return false }
    for offset in 0..<10 {
      let isRight = offset == 4 || offset == 7 ? peek(offset) == UInt8(ascii: "-") : peek(offset).isDigit
      if !isRight { return false }
    }
    return !peek(10).isNamePart
  }

  private var isAtGrid: Bool {
    peek() == UInt8(ascii: "x") && peek(1).isDigit
  }

  private mutating func scanGrid(from start: Int) -> TokenKind {
    while isAtGrid {
      position += 1
      while peek().isDigit { position += 1 }
    }
    let hasTail = peek().isNamePart
    while peek().isNamePart { position += 1 }
    if bytes[start] == UInt8(ascii: "0") {
      note(.malformedNumber(.otherBase), start..<position)
    } else if hasTail || GridText.value(bytes[start..<position]) == nil {
      note(.malformedNumber(.grid), start..<position)
    }
    return .grid
  }
}
