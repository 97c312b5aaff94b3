internal import ServeDiagnostics

/// Text to tokens. Every byte of the source lies in exactly one token or in its trivia, whatever the bytes are.
///
/// The lexer reads bytes, never characters: outside of strings and comments the language is ASCII. It reports nothing;
/// what it could not read is noted as ``SyntaxError`` values.
struct Lexer {
  let bytes: [UInt8]
  var position = 0
  var errors: [SyntaxError] = []
  private var tokens: [Token] = []

  init(_ source: SourceFile) {
    bytes = source.bytes
  }

  /// All tokens of a file, the last of them the end of the file, and what was wrong with its characters.
  static func tokenize(_ source: SourceFile) -> (tokens: [Token], errors: [SyntaxError]) {
    var lexer = Lexer(source)
    lexer.errors = TextCheck.errors(in: lexer.bytes)
    lexer.tokens.reserveCapacity(lexer.bytes.count / 4)
    repeat { lexer.tokens.append(lexer.nextToken()) } while lexer.tokens.last?.kind != .endOfFile
    return (lexer.tokens, lexer.errors)
  }

  /// The byte some places ahead, or NUL past the end.
  func peek(_ ahead: Int = 0) -> UInt8 {
    position + ahead < bytes.count ? bytes[position + ahead] : 0
  }

  func peek(is text: StaticString) -> Bool {
    guard position + text.utf8CodeUnitCount <= bytes.count else { return false }
    return text.withUTF8Buffer { buffer in
      buffer.indices.allSatisfy { buffer[$0] == bytes[position + $0] }
    }
  }

  var isAtEnd: Bool {
    position >= bytes.count
  }

  mutating func note(_ kind: SyntaxError.Kind, _ range: Range<Int>) {
    errors.append(SyntaxError(kind: kind, bytes: range))
  }

  private mutating func nextToken() -> Token {
    let leadingStart = position
    let startsLine = skipTrivia(acrossLines: true) || leadingStart == 0
    let start = position
    let kind = scanToken()
    let end = position
    _ = skipTrivia(acrossLines: false)
    return Token(
      kind: kind, keyword: kind == .name ? Keyword.spelled(by: bytes[start..<end]) : nil,
      leadingStart: leadingStart, start: start, end: end, trailingEnd: position, startsLine: startsLine,
    )
  }

  private mutating func scanToken() -> TokenKind {
    guard !isAtEnd else { return .endOfFile }
    let byte = peek()
    if byte.isNameStart { return scanName() }
    if byte.isDigit { return scanNumber() }
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "'"): return scanString()
    case UInt8(ascii: "`"): return scanQuotedName()
    case UInt8(ascii: ".") where peek(1).isDigit: return scanNumber()
    case UInt8(ascii: "/") where tokens.last?.kind == .leftParen: return scanPattern()
    default: return scanPunctuation()
    }
  }

  private mutating func scanName() -> TokenKind {
    while peek().isNamePart { position += 1 }
    return .name
  }

  private mutating func scanQuotedName() -> TokenKind {
    let start = position
    position += 1
    while peek().isNamePart { position += 1 }
    let isEmpty = position == start + 1
    guard peek() == UInt8(ascii: "`"), !isEmpty else {
      note(.malformedQuotedName, start..<position)
      return .quotedName
    }
    position += 1
    return .quotedName
  }

  /// Takes the longest punctuation that stands here; ``startsToken(at:)`` has made sure that there is one.
  private mutating func scanPunctuation() -> TokenKind {
    let kind = Self.punctuation(peek(), peek(1), peek(2)) ?? .dot
    if kind == .dot, peek(1) == UInt8(ascii: ".") {
      note(.twoDots, position..<position + 2)
      position += 2
      return .closedRange
    }
    position += kind.rawValue.utf8.count
    return kind
  }

  private static func punctuation(_ first: UInt8, _ second: UInt8, _ third: UInt8) -> TokenKind? {
    let followedByEqual = second == UInt8(ascii: "=")
    switch first {
    case UInt8(ascii: "{"): return .leftBrace
    case UInt8(ascii: "}"): return .rightBrace
    case UInt8(ascii: "("): return .leftParen
    case UInt8(ascii: ")"): return .rightParen
    case UInt8(ascii: "["): return .leftBracket
    case UInt8(ascii: "]"): return .rightBracket
    case UInt8(ascii: ","): return .comma
    case UInt8(ascii: ":"): return .colon
    case UInt8(ascii: "."):
      guard second == first else { return .dot }
      return third == first ? .closedRange : third == UInt8(ascii: "<") ? .halfOpenRange : .dot
    case UInt8(ascii: "?"): return second == first ? .coalesce : .question
    case UInt8(ascii: "="): return followedByEqual ? .equalEqual : .equal
    case UInt8(ascii: "<"): return followedByEqual ? .lessOrEqual : .less
    case UInt8(ascii: ">"): return followedByEqual ? .greaterOrEqual : .greater
    case UInt8(ascii: "!"): return followedByEqual ? .notEqual : nil
    case UInt8(ascii: "~"): return followedByEqual ? .near : nil
    case UInt8(ascii: "-"): return second == UInt8(ascii: ">") ? .arrow : .minus
    case UInt8(ascii: "+"): return .plus
    case UInt8(ascii: "*"): return .star
    case UInt8(ascii: "/"): return .slash
    default: return nil
    }
  }

  /// True where a token starts; anything else that is not space or comment is garbage.
  var isAtToken: Bool {
    let byte = peek()
    if byte.isNameStart || byte.isDigit || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "`") { return true }
    if byte == UInt8(ascii: "'") { return hasClosingQuote }
    return Self.punctuation(byte, peek(1), peek(2)) != nil
  }

  /// True where a text in single quotes closes on its line, so that it can be read as a string.
  private var hasClosingQuote: Bool {
    var end = position + 1
    while end < bytes.count, bytes[end] != UInt8(ascii: "\n"), end - position < 256 {
      if bytes[end] == UInt8(ascii: "'") { return true }
      end += 1
    }
    return false
  }
}

extension UInt8 {
  var isDigit: Bool {
    self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9")
  }

  var isNameStart: Bool {
    let lower = self | 0x20
    return lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "z") || self == UInt8(ascii: "_")
  }

  var isNamePart: Bool {
    isNameStart || isDigit
  }
}
