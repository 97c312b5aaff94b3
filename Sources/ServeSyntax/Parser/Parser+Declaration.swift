extension Parser {
  /// declaration = NAME ( NAME | STRING ) [ parameters ] [ result ] [ annotation ] { operands }
  ///               ( block | initializer ) ;
  mutating func parseDeclaration() -> SyntaxElement {
    misalignedBrace = nil
    itemStart = position
    if current.keyword?.declarationKind == nil { note(.unknownDeclaration, at: current.text) }
    var children = [take()]
    if at(.string), !current.startsLine, tokens[position - 1].keyword != .test {
      note(.quotedDeclarationName, at: current.text)
    }
    let hasName = (current.isName || at(.string)) && !current.startsLine
    children.append(hasName ? take() : missing(.name, in: .declaration))
    if continues(with: .leftParen) { children.append(parseParameters()) }
    if continues(with: .arrow) { children.append(parseResult()) }
    if continues(with: .colon) { children.append(parseAnnotation()) }
    while current.keyword?.preposition != nil, !atLineBreak { children.append(parseOperands()) }
    children.append(contentsOf: takeDeclarationBody())
    return .node(SyntaxNode(kind: .declaration, children: children))
  }

  /// The block may also start on the next line.
  private mutating func takeDeclarationBody() -> [SyntaxElement] {
    var children: [SyntaxElement] = []
    if let unexpected = takeEqualBeforeBlock() { children.append(unexpected) }
    if !at(.leftBrace), !continues(with: .equal) {
      children.append(missing(.declarationBody, in: .declaration))
      guard !atLineBreak, let unexpected = takeUnexpected(to: [.leftBrace, .equal]) else { return children }
      children.append(unexpected)
    }
    if at(.leftBrace) {
      children.append(parseBlock())
    } else if continues(with: .equal) {
      children.append(parseInitializer())
    }
    return children
  }

  /// parameters = "(" [ parameter { "," parameter } [ "," ] ] ")" ;
  mutating func parseParameters() -> SyntaxElement {
    .node(SyntaxNode(kind: .parameters, children: takeBracketed { $0.parseParameter() }))
  }

  /// parameter = NAME annotation ;
  mutating func parseParameter() -> SyntaxElement {
    let name = expectName(in: .parameter)
    let annotation = at(.colon) ? parseAnnotation() : missing(.token(.colon), in: .parameter)
    return .node(SyntaxNode(kind: .parameter, children: [name, annotation]))
  }

  /// result = "->" type ;
  mutating func parseResult() -> SyntaxElement {
    .node(SyntaxNode(kind: .result, children: [take(), parseType(in: .result)]))
  }

  /// annotation = ":" type ;
  mutating func parseAnnotation() -> SyntaxElement {
    .node(SyntaxNode(kind: .annotation, children: [take(), parseType(in: .annotation)]))
  }

  /// initializer = "=" value ;
  mutating func parseInitializer() -> SyntaxElement {
    .node(SyntaxNode(kind: .initializer, children: [take(), parseValue(in: .initializer)]))
  }

  /// operands = preposition operand { "," operand } ;
  mutating func parseOperands() -> SyntaxElement {
    var children = [take(), parseOperand()]
    while continues(with: .comma) {
      children.append(take())
      children.append(parseOperand())
    }
    return .node(SyntaxNode(kind: .operands, children: children))
  }

  /// operand = path [ annotation ] ;
  mutating func parseOperand() -> SyntaxElement {
    let hasName =
      current.isName && current.keyword?.preposition == nil && !atLineBreak && !atDeclarationInColumnZero
    var children = [hasName ? parsePath() : missing(.name, in: .operand)]
    if continues(with: .colon) { children.append(parseAnnotation()) }
    return .node(SyntaxNode(kind: .operand, children: children))
  }

  /// The entries between two brackets, with commas between them and one more at the end if need be.
  mutating func takeBracketed(_ parseEntry: (inout Parser) -> SyntaxElement) -> [SyntaxElement] {
    let opener = position
    let closer: TokenKind = at(.leftBracket) ? .rightBracket : .rightParen
    var children = [take()]
    inBrackets { parser in
      while !parser.at(closer), !parser.isAtEndOfBrackets {
        let start = parser.position
        children.append(parseEntry(&parser))
        if parser.position == start, !parser.at(.comma) {
          guard let unexpected = parser.takeUnexpected(to: [.comma, closer]) else { break }
          children.append(unexpected)
        }
        if parser.at(.comma) {
          children.append(parser.take())
        } else if !parser.at(closer) {
          guard !parser.isAtEndOfBrackets, parser.startsExpression, !parser.current.startsLine else { break }
          parser.note(.missingSeparator, at: parser.current.text)
        }
      }
    }
    children.append(expectCloser(closer, of: opener))
    return children
  }

  private var isAtEndOfBrackets: Bool {
    at(.endOfFile) || TokenKind.closers.contains(current.kind) || atDeclarationInColumnZero
  }
}
