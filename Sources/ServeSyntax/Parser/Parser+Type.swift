extension Parser {
  /// type = path [ refinements ] [ dims ] [ "?" ] ;
  mutating func parseType(in construct: SyntaxKind) -> SyntaxElement {
    let isPreposition = current.keyword?.preposition != nil
    guard current.isName, !isPreposition, !atLineBreak, !atDeclarationInColumnZero else {
      return missing(.type, in: construct)
    }
    var children = [parsePath()]
    if continues(with: .leftParen) { children.append(parseRefinements()) }
    if continues(with: .leftBracket) { children.append(parseDims()) }
    if continues(with: .question) { children.append(take()) }
    return .node(SyntaxNode(kind: .type, children: children))
  }

  /// refinements = "(" [ expression { "," expression } [ "," ] ] ")" ;
  mutating func parseRefinements() -> SyntaxElement {
    nested { parser in
      .node(
        SyntaxNode(
          kind: .refinements, children: parser.takeBracketed { $0.parseExpression() }))
    }
  }

  /// dims = "[" [ dim { "," dim } [ "," ] ] "]" ;
  mutating func parseDims() -> SyntaxElement {
    nested { parser in
      .node(SyntaxNode(kind: .dims, children: parser.takeBracketed { $0.parseDim() }))
    }
  }

  /// dim = [ "<=" ] expression ;
  mutating func parseDim() -> SyntaxElement {
    var children: [SyntaxElement] = []
    if at(.lessOrEqual) { children.append(take()) }
    children.append(parseExpression())
    return .node(SyntaxNode(kind: .dim, children: children))
  }
}
