internal import ServeDiagnostics

extension AST.File {
  /// The typed view of a tree.
  package init(_ tree: SyntaxTree) {
    self = ASTBuilder(tree: tree).file()
  }
}

/// Reads the typed view out of a tree. It reports nothing: what it leaves out, the parser has reported.
struct ASTBuilder {
  let tree: SyntaxTree

  func file() -> AST.File {
    let imports = tree.root.nodes(.import)
    let declarations = tree.root.nodes(.declaration)
    let understoodImports = imports.compactMap(importDeclaration)
    let understood = declarations.compactMap(declaration)
    return AST.File(
      edition: tree.root.first(.edition).flatMap(edition),
      imports: understoodImports,
      declarations: understood,
      isComplete: understoodImports.count == imports.count && understood.count == declarations.count
        && tree.root.first(.unexpected) == nil,
      brokenHeads: declarations.compactMap(brokenHead),
      range: tree.source.range(0..<tree.source.bytes.count),
    )
  }

  private func edition(_ node: SyntaxNode) -> AST.Edition? {
    tokens(of: node).first { tree.tokens[$0].kind == .integer }
      .flatMap { NumberText.value(bytes($0)) }
      .flatMap { AST.Edition(rawValue: $0.significand) }
  }

  private func importDeclaration(_ node: SyntaxNode) -> AST.Import? {
    guard let index = tokens(of: node).first(where: { tree.tokens[$0].kind == .string }),
      let value = StringText.value(bytes(index))
    else { return nil }
    return AST.Import(
      source: AST.StringLiteral(value: value, range: range(ofToken: index)),
      names: node.first(.importNames).map { tokens(of: $0).compactMap(name) },
      range: tree.range(of: node),
    )
  }

  // MARK: - Names

  func name(ofToken index: Int) -> AST.Name? {
    let token = tree.tokens[index]
    guard token.isName else { return nil }
    let text = token.kind == .quotedName ? tree.text(index).filter { $0 != "`" } : tree.text(index)
    return AST.Name(text: text, range: range(ofToken: index))
  }

  /// A path, unless one of its names is missing.
  func path(_ node: SyntaxNode) -> AST.Path? {
    guard !hasMissing(node) else { return nil }
    let names = tokens(of: node).compactMap(name)
    guard let first = names.first else { return nil }
    return AST.Path(first: first, rest: Array(names.dropFirst()), range: tree.range(of: node))
  }

  // MARK: - Elements

  /// The tokens that are a node's own children.
  func tokens(of node: SyntaxNode) -> [Int] {
    node.children.compactMap { child in
      if case .token(let index) = child { index } else { nil }
    }
  }

  func bytes(_ index: Int) -> ArraySlice<UInt8> {
    tree.source.bytes[tree.tokens[index].text]
  }

  func range(ofToken index: Int) -> SourceRange {
    tree.source.range(tree.tokens[index].text)
  }

  /// True for a node with something missing or unexpected anywhere below.
  func isBroken(_ element: SyntaxElement) -> Bool {
    switch element {
    case .token: false
    case .missing: true
    case .node(let node): node.kind == .unexpected || node.children.contains(where: isBroken)
    }
  }

  func hasMissing(_ node: SyntaxNode) -> Bool {
    node.children.contains { child in
      if case .missing = child { true } else { child.node?.kind == .unexpected }
    }
  }
}
