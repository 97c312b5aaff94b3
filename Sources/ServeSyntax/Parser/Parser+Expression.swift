extension Parser {
  /// expression = disjunction ; and so on down the levels of ``Operator/Precedence``, each of which is
  ///
  ///     level = tighter { operator tighter } ;
  ///
  /// They are read by one loop that knows the loosest level allowed (precedence climbing, Richards 1979), so that
  /// nesting costs few stack frames.
  mutating func parseExpression(_ loosest: Operator.Precedence = .disjunction) -> SyntaxElement {
    var left = parseUnary()
    while let precedence = Operator.precedence(of: current), precedence >= loosest, !atLineBreak {
      guard canWrap(left) else {
        return .node(SyntaxNode(kind: .group, children: [left, takeTooDeep()]))
      }
      let sign = take()
      let right = parseOperand(after: precedence)
      left = .node(SyntaxNode(kind: .binary, children: [left, sign, right]))
    }
    return left
  }

  private mutating func parseOperand(after precedence: Operator.Precedence) -> SyntaxElement {
    guard let tighter = precedence.tighter else { return parseUnary() }
    return parseExpression(tighter)
  }

  /// unary = "-" unary | "not" comparison | postfix ;
  mutating func parseUnary() -> SyntaxElement {
    if at(.minus) {
      return nested { parser in
        .node(SyntaxNode(kind: .unary, children: [parser.take(), parser.parseUnary()]))
      }
    }
    if at(.not), negatesWhatFollows {
      return nested { parser in
        .node(SyntaxNode(kind: .unary, children: [parser.take(), parser.parseExpression(.comparison)]))
      }
    }
    return parsePostfix()
  }

  /// postfix = primary { arguments | index | member } ;
  ///
  /// The opening bracket of arguments and indices touches what is before it. Where nothing else can be meant, it is
  /// taken for that in spite of a space.
  mutating func parsePostfix() -> SyntaxElement {
    var base = parsePrimary()
    while true {
      let isBracket = (at(.leftParen) || at(.leftBracket)) && (touchesPrevious || isBracketApart(from: base))
      guard isBracket || continues(with: .dot), base.node != nil else { return base }
      guard canWrap(base) else {
        return .node(SyntaxNode(kind: .group, children: [base, takeTooDeep()]))
      }
      if at(.leftParen) {
        base = parseCall(base)
      } else {
        base = at(.leftBracket) ? parseIndex(base) : parseMember(base)
      }
    }
  }

  /// True, and noted, where a bracket with a space before it follows a path outside of a clause's operands.
  private mutating func isBracketApart(from base: SyntaxElement) -> Bool {
    guard recordsAllowed, !current.startsLine, base.node?.kind == .path else { return false }
    note(.spaceBeforeBracket, at: tokens[position - 1].end..<current.start)
    return true
  }

  /// call = postfix arguments ;
  mutating func parseCall(_ callee: SyntaxElement) -> SyntaxElement {
    .node(SyntaxNode(kind: .call, children: [callee, parseArguments()]))
  }

  /// arguments = "(" [ argument { "," argument } [ "," ] ] ")" ;
  mutating func parseArguments() -> SyntaxElement {
    nested { parser in
      .node(
        SyntaxNode(kind: .arguments, children: parser.takeBracketed { $0.parseArgument() }))
    }
  }

  /// argument = [ NAME ":" ] expression ;
  mutating func parseArgument() -> SyntaxElement {
    var children: [SyntaxElement] = []
    if current.isName, peek(1).kind == .colon, !atDeclarationInColumnZero { children += [take(), take()] }
    children.append(parseExpression())
    return .node(SyntaxNode(kind: .argument, children: children))
  }

  /// index = postfix indices ;
  mutating func parseIndex(_ base: SyntaxElement) -> SyntaxElement {
    .node(SyntaxNode(kind: .index, children: [base, parseIndices()]))
  }

  /// indices = "[" expression { "," expression } [ "," ] "]" ;
  mutating func parseIndices() -> SyntaxElement {
    nested { parser in
      .node(SyntaxNode(kind: .indices, children: parser.takeBracketed { $0.parseExpression() }))
    }
  }

  /// member = postfix "." NAME ;
  mutating func parseMember(_ base: SyntaxElement) -> SyntaxElement {
    .node(SyntaxNode(kind: .member, children: [base, take(), expectName(in: .member)]))
  }
}
