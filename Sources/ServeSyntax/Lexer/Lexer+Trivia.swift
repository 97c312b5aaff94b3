extension Lexer {
  /// Takes spaces, comments and characters that start no token, and says whether there was a line break. Without
  /// `acrossLines` it stays on the line: trailing trivia ends before the line break.
  mutating func skipTrivia(acrossLines: Bool) -> Bool {
    var sawLineBreak = false
    while !isAtEnd {
      switch peek() {
      case UInt8(ascii: " "), UInt8(ascii: "\t"):
        position += 1
      case UInt8(ascii: "\r") where peek(1) == UInt8(ascii: "\n"), UInt8(ascii: "\n"):
        guard acrossLines else { return sawLineBreak }
        position += peek() == UInt8(ascii: "\r") ? 2 : 1
        sawLineBreak = true
      case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "/"):
        skipToLineEnd()
      case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "*"):
        guard acrossLines || !commentSpansLines else { return sawLineBreak }
        if skipBlockComment() { sawLineBreak = true }
      default:
        if isAtToken { return sawLineBreak }
        skipGarbage()
      }
    }
    return sawLineBreak
  }

  private mutating func skipToLineEnd() {
    while !isAtEnd, !isAtLineEnd { position += 1 }
  }

  private var isAtLineEnd: Bool {
    peek() == UInt8(ascii: "\n") || (peek() == UInt8(ascii: "\r") && peek(1) == UInt8(ascii: "\n"))
  }

  /// Takes a block comment with the ones inside of it, and says whether it holds a line break.
  private mutating func skipBlockComment() -> Bool {
    let start = position
    position += 2
    var depth = 1
    var sawLineBreak = false
    while depth > 0, !isAtEnd {
      if peek() == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "*") {
        depth += 1
        position += 2
      } else if peek() == UInt8(ascii: "*"), peek(1) == UInt8(ascii: "/") {
        depth -= 1
        position += 2
      } else {
        sawLineBreak = sawLineBreak || peek() == UInt8(ascii: "\n")
        position += 1
      }
    }
    if depth > 0 { note(.unterminatedComment, start..<start + 2) }
    return sawLineBreak
  }

  /// True at a block comment that does not end on its line. Such a comment leads the token after it, and is looked
  /// at this way once only.
  private var commentSpansLines: Bool {
    var probe = self
    probe.errors = []
    return probe.skipBlockCommentOnLine() == false
  }

  private mutating func skipBlockCommentOnLine() -> Bool {
    var depth = 0
    while !isAtEnd, peek() != UInt8(ascii: "\n") {
      if peek() == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "*") {
        depth += 1
        position += 2
      } else if peek() == UInt8(ascii: "*"), peek(1) == UInt8(ascii: "/") {
        depth -= 1
        position += 2
        if depth == 0 { return true }
      } else {
        position += 1
      }
    }
    return false
  }

  /// Takes characters up to one that means something and says what they should have been. After a `#`, the line is
  /// taken to be a comment.
  private mutating func skipGarbage() {
    let start = position
    if peek() == UInt8(ascii: "#") {
      position += 1
      let sign = start..<position
      skipToLineEnd()
      note(.unexpectedCharacters, sign)
      return
    }
    if start == 0, peek(is: "\u{FEFF}") {
      position += 3
      note(.byteOrderMark, 0..<3)
      return
    }
    repeat { position += 1 } while isAtGarbage
    if !TextCheck.hasOwnError(bytes[start..<position]) { note(.unexpectedCharacters, start..<position) }
  }

  private var isAtGarbage: Bool {
    switch peek() {
    case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "#"): false
    case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "/") || peek(1) == UInt8(ascii: "*"): false
    default: !isAtEnd && !isAtToken
    }
  }
}
