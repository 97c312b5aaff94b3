package import ServeDiagnostics

extension SyntaxTree {
  /// What is wrong with the text, in words, in source order.
  package var diagnostics: [Diagnostic] {
    let messages = SyntaxMessages(tree: self)
    return Diagnostics(errors.map(messages.diagnostic)).sorted
  }
}

/// The words for ``SyntaxError``: the only place where the lexer's and the parser's messages are written.
struct SyntaxMessages {
  let tree: SyntaxTree

  func diagnostic(_ error: SyntaxError) -> Diagnostic {
    switch error.kind {
    case .unexpectedCharacters: unexpectedCharacters(error.bytes)
    case .singleQuotes: singleQuotes(error.bytes)
    case .malformedQuotedName:
      Diagnostic(
        .sv(0101), "a name in backticks must close on its line and hold letters, digits and `_`",
        at: Label(range(error.bytes)))
    case .byteOrderMark: byteOrderMark(error.bytes)
    case .invalidUTF8:
      Diagnostic(
        .sv(0108), "the file is not UTF-8", at: Label(range(error.bytes), "these bytes are no character"),
        help: [Help("save the file as UTF-8")])
    case .directionControl:
      Diagnostic(
        .sv(0101), "a character that changes the direction of text",
        at: Label(range(error.bytes), "what follows may read otherwise than it means"),
        help: [Help("remove it", replacing: range(error.bytes), with: "")])
    case .unterminatedString: unterminated("a string", error.bytes, closer: "\"")
    case .unterminatedComment: unterminated("a block comment", error.bytes, closer: "*/")
    case .unterminatedPattern: unterminated("a pattern", error.bytes, closer: "/")
    case .unknownEscape: unknownEscape(error.bytes)
    case .malformedNumber(let problem): malformedNumber(problem, error.bytes)
    case .unknownUnit: unknownUnit(error.bytes)
    case .expected(let expected, let construct): missing(expected, in: construct, error.bytes)
    case .missingSeparator: missingSeparator(error.bytes)
    case .unclosed(let opener, let noticedAt, let suspect):
      unclosed(opener, error.bytes, noticedAt: noticedAt, suspect: suspect)
    case .unmatchedCloser:
      Diagnostic(.sv(0103), "this `}` closes nothing", at: Label(range(error.bytes), "no block is open here"))
    case .colonForValue: colonForValue(error.bytes)
    case .doubleEqual: habit("`=` gives a value, `==` compares", error.bytes, "=", "write `=`")
    case .equalBeforeBlock: habit("a block follows its name without `=`", error.bytes, "", "remove the `=`")
    case .quotedDeclarationName: quotedDeclarationName(error.bytes)
    case .spaceBeforeBracket:
      habit("the bracket of a call or an entry touches the name before it", error.bytes, "", "remove the space")
    case .twoDots: habit("a range is written with three dots", error.bytes, "...", "write `...`")
    case .unitApart: unitApart(error.bytes)
    case .nestedTooDeep:
      Diagnostic(
        .sv(0109), "nested too deeply", at: Label(range(error.bytes), "this is where it gets too deep"),
        values: ["at most \(Parser.maxNesting) levels of brackets, and about a thousand operators in one chain"])
    case .missingEdition: missingEdition(error.bytes)
    case .unknownEdition:
      Diagnostic(
        .sv(0106), "unknown language edition `\(text(error.bytes))`",
        at: Label(range(error.bytes), "this compiler knows edition \(Self.editions)"))
    case .editionNotFirst:
      Diagnostic(
        .sv(0106), "the `serve` line must be the first, and there is only one",
        at: Label(range(error.bytes), "this is not the first line"))
    case .unknownDeclaration: unknownDeclaration(error.bytes)
    }
  }

  static let editions = AST.Edition.allCases.map { String($0.rawValue) }.joined(separator: ", ")

  func range(_ bytes: Range<Int>) -> SourceRange {
    tree.source.range(bytes)
  }

  func text(_ bytes: Range<Int>) -> String {
    tree.source.text(in: bytes)
  }
}
