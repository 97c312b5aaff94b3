extension ASTBuilder {
  func literal(_ node: SyntaxNode) -> AST.Expr.Kind {
    let tokens = tokens(of: node)
    guard let index = tokens.first else { return .error }
    if tokens.count == 2 {
      guard let number = NumberText.value(bytes(index)), let unit = Unit(rawValue: tree.text(tokens[1]))
      else { return .error }
      return .quantity(Quantity(number: number, unit: unit))
    }
    return value(ofToken: index) ?? .error
  }

  /// The value of a literal's token; nil where the lexer found it malformed.
  private func value(ofToken index: Int) -> AST.Expr.Kind? {
    let text = bytes(index)
    switch tree.tokens[index].kind {
    case .integer: return NumberText.value(text).map { .integer($0.significand) }
    case .float: return NumberText.value(text).map(AST.Expr.Kind.float)
    case .percent: return NumberText.value(text.dropLast()).map(AST.Expr.Kind.percent)
    case .quantity: return quantity(text)
    case .date: return DateText.value(text).map(AST.Expr.Kind.date)
    case .grid: return GridText.value(text).map(AST.Expr.Kind.grid)
    case .string: return StringText.value(text).map(AST.Expr.Kind.string)
    case .multilineString: return StringText.multilineValue(text).map(AST.Expr.Kind.string)
    case .pattern: return pattern(text)
    case .name: return (tree.tokens[index].keyword?.switchValue).map(AST.Expr.Kind.bool)
    case .quotedName, .endOfFile, .leftBrace, .rightBrace, .leftParen, .rightParen, .leftBracket, .rightBracket,
      .comma, .colon, .dot, .closedRange, .halfOpenRange, .question, .coalesce, .equal, .equalEqual, .notEqual,
      .near, .less, .lessOrEqual, .greater, .greaterOrEqual, .arrow, .plus, .minus, .star, .slash:
      return nil
    }
  }

  private func quantity(_ text: ArraySlice<UInt8>) -> AST.Expr.Kind? {
    let start = UnitText.start(in: text)
    guard let number = NumberText.value(text[..<start]), let unit = Unit(rawValue: UnitText.text(text[start...]))
    else { return nil }
    return .quantity(Quantity(number: number, unit: unit))
  }

  private func pattern(_ text: ArraySlice<UInt8>) -> AST.Expr.Kind? {
    guard text.count >= 2, text.last == UInt8(ascii: "/") else { return nil }
    return .pattern(String(decoding: text.dropFirst().dropLast(), as: UTF8.self))
  }
}
