internal import ServeDiagnostics

extension Parser {
  /// file = [ edition ] { import | declaration } END ;
  mutating func parseFile() -> SyntaxNode {
    var children: [SyntaxElement] = [parseEdition()]
    while !at(.endOfFile) {
      if at(.import) {
        children.append(parseImport())
      } else if startsDeclaration {
        children.append(parseDeclaration())
      } else {
        children.append(takeStray())
      }
    }
    children.append(take())
    return SyntaxNode(kind: .file, children: children)
  }

  /// edition = "serve" INTEGER ;
  mutating func parseEdition() -> SyntaxElement {
    guard at(.serve) else {
      note(.missingEdition, at: current.text)
      return .missing(.keyword(.serve))
    }
    var children = [take()]
    if at(.integer), !atLineBreak {
      let number = current
      children.append(take())
      let value = NumberText.value(source.bytes[number.text])
      if value.flatMap({ AST.Edition(rawValue: $0.significand) }) == nil { note(.unknownEdition, at: number.text) }
    } else {
      children.append(missing(.token(.integer), in: .edition))
    }
    if !atLineBreak, let unexpected = takeUnexpectedAfter(.edition, expecting: .lineEnd) { children.append(unexpected) }
    return .node(SyntaxNode(kind: .edition, children: children))
  }

  /// import = "import" STRING [ importNames ] ;
  mutating func parseImport() -> SyntaxElement {
    var children = [take()]
    children.append(at(.string) && !current.startsLine ? take() : missing(.importSource, in: .import))
    if at(.leftBrace) { children.append(parseImportNames()) }
    if !atLineBreak, let unexpected = takeUnexpectedAfter(.import, expecting: .lineEnd) { children.append(unexpected) }
    return .node(SyntaxNode(kind: .import, children: children))
  }

  /// importNames = "{" [ NAME { separator NAME } [ "," ] ] "}" ;
  mutating func parseImportNames() -> SyntaxElement {
    let opener = position
    var children = [take()]
    while !at(.rightBrace), !at(.endOfFile), !atDeclarationInColumnZero {
      children.append(expectImportedName())
      if at(.comma) {
        children.append(take())
      } else if !at(.rightBrace), !current.startsLine {
        note(.missingSeparator, at: current.text)
        if !current.isName, let unexpected = takeUnexpected() { children.append(unexpected) }
      }
    }
    children.append(expectCloser(.rightBrace, of: opener))
    return .node(SyntaxNode(kind: .importNames, children: children))
  }

  private mutating func expectImportedName() -> SyntaxElement {
    if current.isName { return take() }
    let gap = missing(.name, in: .importNames)
    return takeUnexpected() ?? gap
  }

  /// A word followed by a name or a title, or a keyword in column 0 whose name is still missing.
  private var startsDeclaration: Bool {
    guard current.isName else { return false }
    let next = peek(1)
    if next.isName || next.kind == .string { return !next.startsLine }
    return current.keyword?.declarationKind != nil
  }

  /// What is no declaration, up to where one may start again.
  private mutating func takeStray() -> SyntaxElement {
    if at(.serve) {
      note(.editionNotFirst, at: current.text)
    } else if at(.rightBrace) {
      note(.unmatchedCloser, at: current.text)
    } else {
      note(.expected(.declaration, in: .file), at: current.text)
    }
    var taken: [SyntaxElement] = []
    repeat {
      if let unexpected = takeUnexpected() { taken.append(unexpected) } else { taken.append(take()) }
    } while !at(.endOfFile) && !(current.startsLine && isColumnZero(current))
    return .node(SyntaxNode(kind: .unexpected, children: taken))
  }
}
