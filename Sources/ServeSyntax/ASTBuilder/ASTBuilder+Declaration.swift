internal import ServeDiagnostics

extension ASTBuilder {
  /// A declaration, unless its keyword is unknown or its name is missing.
  func declaration(_ node: SyntaxNode) -> AST.Declaration? {
    let tokens = tokens(of: node)
    guard tokens.count >= 2, let kind = tree.tokens[tokens[0]].keyword?.declarationKind,
      let keyword = name(ofToken: tokens[0]), let name = name(ofToken: tokens[1]) ?? title(ofToken: tokens[1])
    else { return nil }
    let value = node.first(.initializer).map { initializer($0) }
    return AST.Declaration(
      kind: kind,
      keyword: keyword,
      doc: doc(above: node),
      name: name,
      parameters: node.first(.parameters).map { $0.nodes(.parameter).compactMap(parameter) } ?? [],
      result: node.first(.result).flatMap { $0.first(.type) }.flatMap(type),
      type: annotation(of: node),
      operands: node.nodes(.operands).flatMap(operands),
      value: value,
      block: node.first(.block).map(block) ?? (value == nil ? brokenBlock(of: node) : nil),
      range: tree.range(of: node),
    )
  }

  /// The range of a declaration's head, from its keyword to its body, if it is not whole.
  func brokenHead(_ node: SyntaxNode) -> SourceRange? {
    let head = node.children.prefix { $0.node?.kind != .block && $0.node?.kind != .initializer }
    guard head.contains(where: isBroken) else { return nil }
    let range = tree.range(of: node)
    let body = node.first(.block) ?? node.first(.initializer)
    return tree.source.range(range.start..<(body.map { tree.range(of: $0).start } ?? range.end))
  }

  /// What a declaration without a body has: a block about which nothing is known.
  private func brokenBlock(of node: SyntaxNode) -> AST.Block {
    AST.Block(items: [], isComplete: false, range: tree.range(of: node).atEnd)
  }

  private func title(ofToken index: Int) -> AST.Name? {
    StringText.value(bytes(index)).map { AST.Name(text: $0, range: range(ofToken: index)) }
  }

  private func parameter(_ node: SyntaxNode) -> AST.Parameter? {
    guard let name = tokens(of: node).first.flatMap(name), let type = annotation(of: node) else { return nil }
    return AST.Parameter(name: name, type: type, range: tree.range(of: node))
  }

  private func operands(_ node: SyntaxNode) -> [AST.Operand] {
    guard let first = tokens(of: node).first, let keyword = name(ofToken: first),
      let preposition = tree.tokens[first].keyword?.preposition
    else { return [] }
    return node.nodes(.operand).compactMap { operand in
      operand.first(.path).flatMap(path).map { path in
        AST.Operand(
          preposition: preposition, keyword: keyword, path: path, type: annotation(of: operand),
          range: tree.range(of: operand))
      }
    }
  }

  // MARK: - What declarations and items share

  /// True where a `:` has no type behind it that could be understood.
  func hasBrokenAnnotation(_ node: SyntaxNode) -> Bool {
    node.first(.annotation) != nil && annotation(of: node) == nil
  }

  func annotation(of node: SyntaxNode) -> AST.TypeExpr? {
    node.first(.annotation).flatMap { $0.first(.type) }.flatMap(type)
  }

  func initializer(_ node: SyntaxNode) -> AST.Expr {
    expr(node.children.last, in: node)
  }

  /// The `///` lines directly above a node.
  func doc(above node: SyntaxNode) -> String? {
    guard !node.tokens.isEmpty else { return nil }
    let trivia = tree.source.bytes[tree.tokens[node.tokens.lowerBound].leadingTrivia]
    guard trivia.contains(UInt8(ascii: "/")) else { return nil }
    let lines = trivia.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast()
    let docs = lines.reversed().prefix { Self.docText($0) != nil }.reversed()
    return docs.isEmpty ? nil : docs.compactMap(Self.docText).joined(separator: "\n")
  }

  /// The text after `///` and a space; nil for any other line, four slashes included.
  private static func docText(_ line: ArraySlice<UInt8>) -> String? {
    let slash = UInt8(ascii: "/")
    let text = line.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    guard text.starts(with: [slash, slash, slash]), text.dropFirst(3).first != slash else { return nil }
    let rest = text.dropFirst(3)
    let body = rest.first == UInt8(ascii: " ") ? rest.dropFirst() : rest
    return String(decoding: body.last == UInt8(ascii: "\r") ? body.dropLast() : body, as: UTF8.self)
  }
}
