/// One token with the trivia around it, all as offsets into the source's bytes.
///
///     leadingStart      start        end          trailingEnd
///     │ comments, lines │ the token  │ to line end │
///
/// Tokens follow each other without a gap: one's `trailingEnd` is the next one's `leadingStart`.
package struct Token: Hashable, Sendable {
  package let kind: TokenKind
  /// The keyword that a `name` spells.
  package let keyword: Keyword?
  package let leadingStart: Int
  package let start: Int
  package let end: Int
  package let trailingEnd: Int
  /// True where a line break stands between the token before and this one, and at the start of the file.
  package let startsLine: Bool

  package var text: Range<Int> { start..<end }
  package var leadingTrivia: Range<Int> { leadingStart..<start }
  package var trailingTrivia: Range<Int> { end..<trailingEnd }

  /// True for what can be used as a name.
  package var isName: Bool {
    kind == .name || kind == .quotedName
  }
}
