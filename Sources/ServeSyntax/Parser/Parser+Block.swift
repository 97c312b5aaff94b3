internal import ServeDiagnostics

extension Parser {
  /// block = "{" [ item { separator item } [ "," ] ] "}" ;   separator = "," | NEWLINE ;
  mutating func parseBlock() -> SyntaxElement {
    nested { parser in
      let opener = parser.position
      var children = [parser.take()]
      parser.inBraces { parser in
        while !parser.at(.rightBrace), !parser.at(.endOfFile), !parser.atDeclarationInColumnZero {
          children.append(contentsOf: parser.takeEntry())
        }
      }
      children.append(parser.expectBlockEnd(of: opener))
      return .node(SyntaxNode(kind: .block, children: children))
    }
  }

  /// An item and what separates it from the next.
  private mutating func takeEntry() -> [SyntaxElement] {
    guard startsExpression else {
      let gap = missing(.item, in: .block)
      return [gap] + (takeUnexpected().map { [$0] } ?? []) + takeComma()
    }
    itemStart = position
    var elements = [parseItem()]
    if !at(.comma), !at(.rightBrace), !atLineBreak, !atDeclarationInColumnZero {
      if startsExpression {
        note(.missingSeparator, at: current.text)
      } else if let unexpected = takeUnexpectedAfter(.block, expecting: .token(.comma)) {
        elements.append(unexpected)
      }
    }
    return elements + takeComma()
  }

  private mutating func takeComma() -> [SyntaxElement] {
    at(.comma) ? [take()] : []
  }

  /// Notes and takes what stands where a construct should have ended.
  mutating func takeUnexpectedAfter(_ construct: SyntaxKind, expecting end: Expected) -> SyntaxElement? {
    note(.expected(end, in: construct), at: current.text)
    return takeUnexpected()
  }

  /// item = field | bound | return | clause | value ;
  mutating func parseItem() -> SyntaxElement {
    guard current.isName else { return parseValue(in: .block) }
    let next = tokenAfterPath(from: position)
    guard next.kind != .endOfFile, !next.startsLine else { return at(.return) ? parseReturn() : parseValue(in: .block) }
    if next.kind == .equal, peek(1).kind == .equal, peek(2).kind == .leftBrace { return parseClause() }
    if next.kind == .equal || next.kind == .equalEqual || next.kind == .colon { return parseField() }
    if next.kind == .lessOrEqual || next.kind == .greaterOrEqual { return parseBound() }
    if at(.return) { return parseReturn() }
    let isClause = peek(1).kind == .leftBrace || startsOperand(at: position + 1)
    return isClause ? parseClause() : parseValue(in: .block)
  }

  /// field = path ( annotation [ initializer ] | initializer ) ;
  mutating func parseField() -> SyntaxElement {
    var children = [parsePath()]
    if continues(with: .colon) {
      let isValue = TokenKind.literals.contains(peek(1).kind) && !peek(1).startsLine
      children.append(isValue ? takeInitializer(noting: .colonForValue) : parseAnnotation())
    }
    if continues(with: .equal) {
      children.append(parseInitializer())
    } else if continues(with: .equalEqual), children.count == 1 {
      children.append(takeInitializer(noting: .doubleEqual))
    }
    return .node(SyntaxNode(kind: .field, children: children))
  }

  /// A value behind a sign that should have been `=`.
  private mutating func takeInitializer(noting error: SyntaxError.Kind) -> SyntaxElement {
    note(error, at: current.text)
    return parseInitializer()
  }

  /// bound = path ( "<=" | ">=" ) value ;
  mutating func parseBound() -> SyntaxElement {
    .node(SyntaxNode(kind: .bound, children: [parsePath(), take(), parseValue(in: .bound)]))
  }

  /// return = "return" value ;
  mutating func parseReturn() -> SyntaxElement {
    .node(SyntaxNode(kind: .return, children: [take(), parseValue(in: .return)]))
  }

  /// clause = NAME { expression } [ annotation ] [ initializer ] [ block ] ;
  mutating func parseClause() -> SyntaxElement {
    let outer = recordsAllowed
    recordsAllowed = false
    defer { recordsAllowed = outer }
    var children = [take()]
    while startsOperand(at: position), !atLineBreak || at(lineAfter: .when) {
      children.append(parseExpression())
    }
    if continues(with: .colon) { children.append(parseAnnotation()) }
    if let unexpected = takeEqualBeforeBlock() { children.append(unexpected) }
    if continues(with: .equal) { children.append(parseInitializer()) }
    if continues(with: .leftBrace) { children.append(parseBlock()) }
    return .node(SyntaxNode(kind: .clause, children: children))
  }

  /// An `=` between a name and its block, which has no place there.
  mutating func takeEqualBeforeBlock() -> SyntaxElement? {
    guard continues(with: .equal), peek(1).kind == .leftBrace, !peek(1).startsLine else { return nil }
    note(.equalBeforeBlock, at: current.text)
    return .node(SyntaxNode(kind: .unexpected, children: [take()]))
  }

  /// value = phrase ;
  mutating func parseValue(in construct: SyntaxKind) -> SyntaxElement {
    guard startsExpression, !atDeclarationInColumnZero, !atLineBreak else { return missing(.value, in: construct) }
    return parsePhrase()
  }

  /// phrase = expression { expression } ;
  ///
  /// A phrase of one leaves no node.
  mutating func parsePhrase() -> SyntaxElement {
    let first = parseExpression()
    var parts = [first]
    while startsOperand(at: position), !atLineBreak, !startsField { parts.append(parseExpression()) }
    return parts.count == 1 ? first : .node(SyntaxNode(kind: .phrase, children: parts))
  }

  /// True at `name =` and `name :`, where the next field starts and a comma is missing.
  private var startsField: Bool {
    guard current.isName else { return false }
    let next = tokenAfterPath(from: position)
    return !next.startsLine && (next.kind == .equal || next.kind == .colon)
  }

  /// True where a line break came after a keyword that goes on to the next line.
  private func at(lineAfter keyword: Keyword) -> Bool {
    position > 0 && tokens[position - 1].keyword == keyword && !atDeclarationInColumnZero
  }
}

extension Parser {
  /// The brace that closes a block. Where it is missing, the likely culprit is the first block inside of it whose
  /// closing brace does not stand below the line that opened it.
  fileprivate mutating func expectBlockEnd(of opener: Int) -> SyntaxElement {
    guard at(.rightBrace) else {
      return expectCloser(.rightBrace, of: opener)
    }
    let closing = current
    if misalignedBrace == nil, closing.startsLine, indentation(at: closing) != indentation(at: tokens[opener]) {
      misalignedBrace = SyntaxError.MisalignedBrace(
        closer: closing.text, openingLine: source.line(at: tokens[opener].start))
    }
    return take()
  }

  /// The spaces before the first thing on a token's line.
  private func indentation(at token: Token) -> Int {
    let line = source.extent(ofLine: source.line(at: token.start))
    return source.bytes[line].prefix { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }.count
  }
}
