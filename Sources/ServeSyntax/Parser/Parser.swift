package import ServeDiagnostics

/// Tokens to a tree, by recursive descent: one `parseX` for each production of `grammar/serve.ebnf`.
///
/// Any input gives a tree with every token in it. What is missing becomes a missing element, what fits nowhere an
/// `unexpected` node, and both are noted as errors that ``SyntaxMessages`` puts into words. The parser gets back on
/// its feet at line breaks, at `}` and at declarations in column 0, so that one mistake gives one error.
///
/// Functions that consume tokens are `mutating`. The work is linear in the number of tokens: the only look-ahead
/// without a bound runs along one dotted path.
package struct Parser {
  /// How deep brackets, blocks and signs may be nested.
  package static let maxNesting = 64
  /// The greatest height of a tree: what else is made of trees may walk them by recursion. A level of nesting takes
  /// less than 8 nodes; the rest is for chains such as `a + b + c`, where every operator is a node of its own.
  package static let maxHeight = 1_024

  let source: SourceFile
  let tokens: [Token]
  var position = 0
  var errors: [SyntaxError]
  var nesting = 0
  /// False inside parentheses and brackets, where a line break is only space.
  var linesMatter = true
  /// The token with which the item being parsed starts; the line break before it does not end it.
  var itemStart = 0
  /// False in a clause, where `{` opens the clause's block and not a record.
  var recordsAllowed = true
  /// The first closing brace of the declaration that is not indented like the line of its opening one.
  var misalignedBrace: SyntaxError.MisalignedBrace?
  /// The token at which the last error was noted: until the parser has moved on, others follow from it.
  private var lastErrorPosition = -1

  private init(_ source: SourceFile) {
    self.source = source
    (tokens, errors) = Lexer.tokenize(source)
  }

  /// The tree of a file.
  package static func parse(_ source: SourceFile) -> SyntaxTree {
    var parser = Parser(source)
    let root = parser.parseFile()
    return SyntaxTree(source: source, tokens: parser.tokens, root: root, errors: parser.errors)
  }

  // MARK: - Looking

  var current: Token {
    tokens[position]
  }

  /// A token ahead; past the end, the end of the file.
  func peek(_ ahead: Int) -> Token {
    tokens[min(position + ahead, tokens.count - 1)]
  }

  func at(_ kind: TokenKind) -> Bool {
    current.kind == kind
  }

  func at(_ keyword: Keyword) -> Bool {
    current.keyword == keyword
  }

  /// True where a line break ends what is being parsed.
  var atLineBreak: Bool {
    at(.endOfFile) || linesMatter && current.startsLine && position != itemStart
  }

  /// True at a token of a kind that the construct being parsed may still continue with.
  func continues(with kind: TokenKind) -> Bool {
    at(kind) && !atLineBreak
  }

  /// True where no space stands before the current token.
  var touchesPrevious: Bool {
    position > 0 && tokens[position - 1].end == current.start
  }

  func isColumnZero(_ token: Token) -> Bool {
    token.start == 0 || source.bytes[token.start - 1] == UInt8(ascii: "\n")
  }

  /// True at a declaration or import in column 0, which ends whatever is still open.
  var atDeclarationInColumnZero: Bool {
    guard current.startsLine, isColumnZero(current), let keyword = current.keyword else { return false }
    let next = peek(1)
    guard !next.startsLine else { return false }
    return keyword == .import && next.kind == .string
      || keyword.declarationKind != nil && (next.isName || next.kind == .string)
  }

  /// The token after the dotted path that starts at a position.
  func tokenAfterPath(from start: Int) -> Token {
    var index = start + 1
    while tokens[index].kind == .dot, tokens[index + 1].isName, !breaksLine(index), !breaksLine(index + 1) {
      index += 2
    }
    return tokens[index]
  }

  private func breaksLine(_ index: Int) -> Bool {
    linesMatter && tokens[index].startsLine
  }

  // MARK: - Consuming

  /// Takes the current token, whatever it is.
  mutating func take() -> SyntaxElement {
    let index = position
    if position < tokens.count - 1 { position += 1 }
    return .token(index)
  }

  /// Takes a token of one kind, or notes that it is missing.
  mutating func expect(_ kind: TokenKind, in construct: SyntaxKind) -> SyntaxElement {
    at(kind) && !atLineBreak ? take() : missing(.token(kind), in: construct)
  }

  /// Takes a name, or notes that it is missing.
  mutating func expectName(in construct: SyntaxKind) -> SyntaxElement {
    current.isName && !atLineBreak && !atDeclarationInColumnZero ? take() : missing(.name, in: construct)
  }

  /// Takes the bracket that closes an earlier one, or notes that it is missing.
  mutating func expectCloser(_ kind: TokenKind, of opener: Int) -> SyntaxElement {
    if at(kind) { return take() }
    let suspect = kind == .rightBrace ? misalignedBrace : nil
    note(
      .unclosed(opener: tokens[opener].kind, noticedAt: placeOfMissing, suspect: suspect), at: tokens[opener].text)
    return .missing(.token(kind))
  }

  /// Notes that something is missing at the current token.
  mutating func missing(_ expected: Expected, in construct: SyntaxKind) -> SyntaxElement {
    note(.expected(expected, in: construct), at: placeOfMissing)
    return .missing(expected)
  }

  /// The current token, or where it is on another line, the place after the token before.
  var placeOfMissing: Range<Int> {
    guard position > 0, current.startsLine || at(.endOfFile) else { return current.text }
    let end = tokens[position - 1].end
    return end..<end
  }

  /// Notes an error, unless one was noted already since the last token was taken.
  mutating func note(_ kind: SyntaxError.Kind, at range: Range<Int>) {
    guard lastErrorPosition != position else { return }
    lastErrorPosition = position
    errors.append(SyntaxError(kind: kind, bytes: range))
  }

  /// Takes what fits nowhere, brackets with their contents: at least one token, unless a closing brace, a declaration
  /// or the end of the file stands here, and on to the line's end or a comma.
  mutating func takeUnexpected(to stops: Set<TokenKind> = [.comma]) -> SyntaxElement? {
    var taken: [SyntaxElement] = []
    var depth = 0
    while !at(.endOfFile), !atDeclarationInColumnZero {
      if depth == 0 {
        if at(.rightBrace) { break }
        if !taken.isEmpty, current.startsLine || stops.contains(current.kind) { break }
      }
      if TokenKind.openers.contains(current.kind) { depth += 1 }
      if TokenKind.closers.contains(current.kind) { depth = max(0, depth - 1) }
      taken.append(take())
    }
    return taken.isEmpty ? nil : .node(SyntaxNode(kind: .unexpected, children: taken))
  }

  // MARK: - Nesting

  /// Parses one level deeper, or notes that this is too deep and takes what is there as unexpected.
  mutating func nested(_ body: (inout Parser) -> SyntaxElement) -> SyntaxElement {
    guard nesting < Self.maxNesting else { return takeTooDeep() }
    nesting += 1
    defer { nesting -= 1 }
    return body(&self)
  }

  mutating func takeTooDeep() -> SyntaxElement {
    note(.nestedTooDeep, at: current.text)
    let taken = takeUnexpected(to: [.comma, .rightParen, .rightBracket])
    lastErrorPosition = position
    return taken ?? .missing(.value)
  }

  /// True where a node can still be wrapped into another one.
  func canWrap(_ element: SyntaxElement) -> Bool {
    (element.node?.height ?? 0) + 8 * nesting < Self.maxHeight
  }

  /// Parses with line breaks as space, as inside of brackets.
  mutating func inBrackets<Result>(_ body: (inout Parser) -> Result) -> Result {
    let (lines, records) = (linesMatter, recordsAllowed)
    (linesMatter, recordsAllowed) = (false, true)
    defer { (linesMatter, recordsAllowed) = (lines, records) }
    return body(&self)
  }

  /// Parses with line breaks as ends, as inside of braces.
  mutating func inBraces<Result>(_ body: (inout Parser) -> Result) -> Result {
    let (lines, records) = (linesMatter, recordsAllowed)
    (linesMatter, recordsAllowed) = (true, true)
    defer { (linesMatter, recordsAllowed) = (lines, records) }
    return body(&self)
  }
}
