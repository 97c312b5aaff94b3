internal import ServeDiagnostics

extension Parser {
  /// True at a token with which an expression may start.
  var startsExpression: Bool {
    at(.leftParen) || at(.leftBracket) || at(.minus) || at(.dot) || at(.question) || startsOperand(at: position)
  }

  /// True at a token that can only start an operand, and so may stand next to one in a phrase or a clause. A bracket
  /// that touches what is before it belongs to that.
  func startsOperand(at index: Int) -> Bool {
    let token = tokens[index]
    if token.kind == .name { return token.keyword != .and && token.keyword != .or && token.keyword != .per }
    if token.kind == .leftParen || token.kind == .leftBracket {
      return index > 0 && tokens[index - 1].end != token.start
    }
    return token.kind == .quotedName || TokenKind.literals.contains(token.kind)
  }

  /// True at a `not` that is followed by what it negates; alone it is a name.
  var negatesWhatFollows: Bool {
    let next = peek(1)
    if next.startsLine, linesMatter { return false }
    if next.kind == .dot { return current.end != next.start }
    return next.kind == .leftParen || next.kind == .leftBracket || next.kind == .minus
      || startsOperand(at: min(position + 1, tokens.count - 1))
  }

  /// primary = literal | path | implicitMember | list | group | record | unset ;
  mutating func parsePrimary() -> SyntaxElement {
    guard !atDeclarationInColumnZero else { return missing(.value, in: .binary) }
    switch current.kind {
    case .integer, .float, .percent, .quantity, .date, .grid, .string, .multilineString, .pattern:
      return parseLiteral()
    case .name, .quotedName:
      return isBool ? parseLiteral() : takeRecordOrPath()
    case .dot: return parseImplicitMember()
    case .leftBracket: return parseList()
    case .leftParen: return parseGroup()
    case .question: return parseUnset()
    case .endOfFile, .leftBrace, .rightBrace, .rightParen, .rightBracket, .comma, .colon, .closedRange,
      .halfOpenRange, .coalesce, .equal, .equalEqual, .notEqual, .near, .less, .lessOrEqual, .greater,
      .greaterOrEqual, .arrow, .plus, .minus, .star, .slash:
      return missing(.value, in: .binary)
    }
  }

  private var isBool: Bool {
    current.keyword?.switchValue != nil && peek(1).kind != .dot
  }

  /// literal = INTEGER | FLOAT | PERCENT | QUANTITY | ( INTEGER | FLOAT ) CURRENCY | DATE | GRID | STRING
  ///         | MULTILINE_STRING | PATTERN | "true" | "false" | "on" | "off" ;
  mutating func parseLiteral() -> SyntaxElement {
    let number = at(.integer) || at(.float) ? current : nil
    var children = [take()]
    if let number, at(.name), !atLineBreak, let unit = Unit(rawValue: source.text(in: current.text)) {
      let hasGarbageBetween = source.bytes[number.end..<current.start].contains { $0 >= 0x80 }
      if !unit.mayStandApart, !hasGarbageBetween { note(.unitApart, at: number.start..<current.end) }
      children.append(take())
    }
    return .node(SyntaxNode(kind: .literal, children: children))
  }

  /// path = name { "." name } ;   The caller has seen the first name.
  mutating func parsePath() -> SyntaxElement {
    var children = [take()]
    while continues(with: .dot) {
      children.append(take())
      children.append(expectName(in: .path))
    }
    return .node(SyntaxNode(kind: .path, children: children))
  }

  /// record = path block ;
  mutating func parseRecord(_ name: SyntaxElement) -> SyntaxElement {
    .node(SyntaxNode(kind: .record, children: [name, parseBlock()]))
  }

  private mutating func takeRecordOrPath() -> SyntaxElement {
    let path = parsePath()
    return recordsAllowed && continues(with: .leftBrace) ? parseRecord(path) : path
  }

  /// implicitMember = "." NAME ;
  mutating func parseImplicitMember() -> SyntaxElement {
    .node(SyntaxNode(kind: .implicitMember, children: [take(), expectName(in: .implicitMember)]))
  }

  /// list = "[" [ expression { "," expression } [ "," ] ] "]" ;
  mutating func parseList() -> SyntaxElement {
    nested { parser in
      .node(SyntaxNode(kind: .list, children: parser.takeBracketed { $0.parseExpression() }))
    }
  }

  /// group = "(" expression ")" ;
  mutating func parseGroup() -> SyntaxElement {
    nested { parser in
      let opener = parser.position
      let sign = parser.take()
      let inner = parser.inBrackets { $0.parseExpression() }
      return .node(
        SyntaxNode(kind: .group, children: [sign, inner, parser.expectCloser(.rightParen, of: opener)]))
    }
  }

  /// unset = "?" ;
  mutating func parseUnset() -> SyntaxElement {
    .node(SyntaxNode(kind: .unset, children: [take()]))
  }
}
