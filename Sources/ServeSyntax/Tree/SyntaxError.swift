/// Something that is wrong with a text, as data; ``SyntaxMessages`` puts it into words.
package struct SyntaxError: Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    // Characters.
    case unexpectedCharacters
    case singleQuotes
    case malformedQuotedName
    case byteOrderMark
    case invalidUTF8
    case directionControl

    // Literals.
    case unterminatedString
    case unterminatedComment
    case unterminatedPattern
    case unknownEscape
    case malformedNumber(NumberProblem)
    /// A suffix that is no unit, among them `m`, `M` and `G`, which could mean two.
    case unknownUnit

    // Structure.
    /// Something is missing at the range's start, where the range's token stands instead.
    case expected(Expected, in: SyntaxKind)
    /// Two entries on one line with nothing between them.
    case missingSeparator
    /// An opening bracket without its closing one; the range is the opening one's.
    case unclosed(opener: TokenKind, noticedAt: Range<Int>, suspect: MisalignedBrace?)
    case unmatchedCloser
    /// A literal after `:`, as in other languages.
    case colonForValue
    /// `==` where a field's value follows.
    case doubleEqual
    /// `=` between a name and its block.
    case equalBeforeBlock
    case quotedDeclarationName
    /// The space between a name and the bracket of its call or entry.
    case spaceBeforeBracket
    case twoDots
    /// A number and its unit with a space between them.
    case unitApart
    case nestedTooDeep

    // The head of a file and its declarations.
    case missingEdition
    case unknownEdition
    case editionNotFirst
    case unknownDeclaration
  }

  /// A closing brace that is not indented like the line of its opening one.
  package struct MisalignedBrace: Hashable, Sendable {
    let closer: Range<Int>
    let openingLine: Int
  }

  package enum NumberProblem: Hashable, Sendable {
    case noIntegerPart
    case leadingZero
    case severalPoints
    case otherBase
    case strayUnderscore
    case tooLarge
    case noSuchDay
    case grid
  }

  package let kind: Kind
  package let bytes: Range<Int>
}

/// What the grammar asks for at a place.
package enum Expected: Hashable, Sendable {
  case token(TokenKind)
  case keyword(Keyword)
  case name
  case declaration
  case declarationBody
  case item
  case importSource
  case lineEnd
  case value
  case type
}
