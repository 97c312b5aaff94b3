internal import ServeDiagnostics

extension SyntaxMessages {
  func missing(_ expected: Expected, in construct: SyntaxKind, _ place: Range<Int>) -> Diagnostic {
    let context = [after(place), Self.context(construct)].filter { !$0.isEmpty }.joined(separator: " ")
    return Diagnostic(
      .sv(0103), "expected \(Self.name(of: expected)) \(context)", at: Label(range(place), found(at: place)),
      help: help(expected, place))
  }

  /// What follows from the token that stands where something else was expected.
  private func help(_ expected: Expected, _ place: Range<Int>) -> [Help] {
    if expected == .value, text(place) == "+" {
      return [Help("remove the `+`: numbers have no leading one", replacing: range(place), with: "")]
    }
    if expected == .item, text(place) == "," {
      return [Help("remove the `,`", replacing: range(place), with: "")]
    }
    return []
  }

  func missingSeparator(_ place: Range<Int>) -> Diagnostic {
    let gap = place.lowerBound..<place.lowerBound
    let end = tokenBefore(place).map { $0.end..<$0.end } ?? gap
    return Diagnostic(
      .sv(0103), "expected `,` or a new line before \(Excerpt.quoted(text(place)))",
      at: Label(range(place), "the next entry starts here"),
      help: [Help("put a `,` between them", replacing: range(end), with: ",")])
  }

  /// An open block is pointed at where it starts, an open bracket where its end is missing: that is near.
  func unclosed(
    _ opener: TokenKind, _ opening: Range<Int>, noticedAt: Range<Int>, suspect: SyntaxError.MisalignedBrace?,
  ) -> Diagnostic {
    let message = "this `\(opener.rawValue)` is never closed"
    guard opener == .leftBrace else {
      let closer = opener == .leftBracket ? "]" : ")"
      return Diagnostic(
        .sv(0104), message, at: Label(range(noticedAt), "expected `\(closer)` here"),
        secondary: [Label(range(opening), "opened here")])
    }
    var secondary: [Label] = []
    if let suspect {
      let text = "this closes the `{` of line \(suspect.openingLine), which is indented otherwise"
      secondary.append(Label(range(suspect.closer), text))
    }
    guard !isAtEnd(noticedAt) else {
      return Diagnostic(
        .sv(0104), message, at: Label(range(opening), "the file ends without its `}`"), secondary: secondary)
    }
    secondary.append(Label(range(noticedAt), "expected `}` before this"))
    return Diagnostic(.sv(0104), message, at: Label(range(opening), "opened here"), secondary: secondary)
  }

  func missingEdition(_ place: Range<Int>) -> Diagnostic {
    let start = range(place.lowerBound..<place.lowerBound)
    return Diagnostic(
      .sv(0106), "the file does not start with its language edition",
      at: Label(range(place), "expected `serve 1` before this"),
      help: [Help("start the file with `serve 1`", replacing: start, with: "serve 1\n\n")])
  }

  func unknownDeclaration(_ place: Range<Int>) -> Diagnostic {
    let known = AST.DeclarationKind.allCases.map(\.rawValue)
    let nearest = Spelling.nearest(to: text(place), among: known + ["import"])
    return Diagnostic(
      .sv(0110), "`\(text(place))` declares nothing",
      at: Label(range(place), nearest.map { "did you mean `\($0)`?" } ?? "unknown kind of declaration"),
      values: ["the declarations are " + known.joined(separator: ", ")],
      help: nearest.map { [Help("write `\($0)`", replacing: range(place), with: $0)] } ?? [])
  }

  // MARK: - Words

  private func after(_ place: Range<Int>) -> String {
    guard let before = tokenBefore(place) else { return "at the start of the file" }
    return "after \(Excerpt.quoted(text(before.text)))"
  }

  /// What stands at a place, as a label.
  private func found(at place: Range<Int>) -> String {
    if !place.isEmpty { return "found \(Excerpt.quoted(text(place)))" }
    return isAtEnd(place) ? "the file ends here" : "the line ends here"
  }

  /// True for an empty place behind the last token.
  private func isAtEnd(_ place: Range<Int>) -> Bool {
    place.isEmpty && place.lowerBound >= (tree.tokens.dropLast().last?.end ?? 0)
  }

  private func tokenBefore(_ place: Range<Int>) -> Token? {
    var low = 0
    var high = tree.tokens.count
    while low < high {
      let middle = (low + high) / 2
      if tree.tokens[middle].end <= place.lowerBound, tree.tokens[middle].kind != .endOfFile {
        low = middle + 1
      } else {
        high = middle
      }
    }
    return low > 0 ? tree.tokens[low - 1] : nil
  }

  private static func name(of expected: Expected) -> String {
    switch expected {
    case .token(.comma): "`,` or a new line"
    case .token(.integer): "the edition's number"
    case .token(let kind): "`\(kind.rawValue)`"
    case .keyword(let keyword): "`\(keyword.rawValue)`"
    case .name: "a name"
    case .declaration: "a declaration"
    case .declarationBody: "a block `{ … }` or a value `= …`"
    case .item: "a field or a rule"
    case .importSource: "a path or a package in quotes"
    case .lineEnd: "a new line"
    case .value: "a value"
    case .type: "a type"
    }
  }

  private static func context(_ construct: SyntaxKind) -> String {
    switch construct {
    case .file, .binary, .initializer, .annotation, .path, .return, .unset, .unexpected: ""
    case .edition: "in the `serve` line"
    case .import: "in an import"
    case .importNames: "in an import's names"
    case .declaration: "in a declaration"
    case .parameters, .parameter: "in a pipeline's parameters"
    case .result: "in a pipeline's result"
    case .operands, .operand: "in a declaration"
    case .block: "in a block"
    case .field: "in a field"
    case .bound: "in a bound"
    case .clause, .phrase: "in a rule"
    case .type, .refinements: "in a type"
    case .dims, .dim: "in a type's dimensions"
    case .unary, .group, .literal: "in an expression"
    case .call, .arguments, .argument: "in the arguments of a call"
    case .index, .indices: "in an index"
    case .member, .implicitMember: "in a member"
    case .list: "in a list"
    case .record: "in a record"
    }
  }
}

/// Source text in messages: one line, not too long.
enum Excerpt {
  static func quoted(_ text: String) -> String {
    let line = text.prefix { !$0.isNewline }
    return line.count > 24 ? "`\(line.prefix(24))…`" : "`\(line)`"
  }
}
