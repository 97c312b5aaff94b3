internal import ServeDiagnostics

extension ASTBuilder {
  /// The expression that an element of a node is; an error just behind the node where it is missing.
  func expr(_ element: SyntaxElement?, in node: SyntaxNode) -> AST.Expr {
    if let node = element?.node { return expr(node) }
    return AST.Expr(kind: .error, range: tree.range(of: node).atEnd)
  }

  func expr(_ node: SyntaxNode) -> AST.Expr {
    AST.Expr(kind: kind(of: node), range: tree.range(of: node))
  }

  private func kind(of node: SyntaxNode) -> AST.Expr.Kind {
    switch node.kind {
    case .literal: literal(node)
    case .path: path(node).map(AST.Expr.Kind.path) ?? .error
    case .implicitMember: tokens(of: node).last.flatMap(name).map(AST.Expr.Kind.implicitMember) ?? .error
    case .call: call(node)
    case .index: index(node)
    case .member: member(node)
    case .unary: unary(node)
    case .binary: binary(node)
    case .list: hasMissing(node) ? .error : .list(node.nodes.map(expr))
    case .group: hasMissing(node) ? .error : node.nodes.first.map(kind) ?? .error
    case .record: record(node)
    case .phrase: .phrase(node.children.map { expr($0, in: node) })
    case .unset: .unset
    case .file, .edition, .import, .importNames, .declaration, .parameters, .parameter, .result, .annotation,
      .initializer, .operands, .operand, .block, .field, .bound, .return, .clause, .type, .refinements, .dims, .dim,
      .arguments, .argument, .indices, .unexpected:
      .error
    }
  }

  private func call(_ node: SyntaxNode) -> AST.Expr.Kind {
    guard let callee = node.children.first?.node, let arguments = node.first(.arguments) else { return .error }
    if hasMissing(arguments) { return .error }
    return .call(callee: expr(callee), arguments: arguments.nodes(.argument).map(argument))
  }

  private func argument(_ node: SyntaxNode) -> AST.Argument {
    AST.Argument(
      label: tokens(of: node).first.flatMap(name),
      value: expr(node.children.last, in: node),
      range: tree.range(of: node),
    )
  }

  private func index(_ node: SyntaxNode) -> AST.Expr.Kind {
    guard let base = node.children.first?.node, let indices = node.first(.indices), !hasMissing(indices)
    else { return .error }
    return .index(base: expr(base), indices: indices.nodes.map(expr))
  }

  private func member(_ node: SyntaxNode) -> AST.Expr.Kind {
    guard !hasMissing(node), let name = tokens(of: node).last.flatMap(name) else { return .error }
    return .member(base: expr(node.children.first, in: node), name: name)
  }

  private func unary(_ node: SyntaxNode) -> AST.Expr.Kind {
    guard let sign = tokens(of: node).first, let symbol = AST.UnaryOperator(rawValue: tree.text(sign))
    else { return .error }
    return .unary(symbol, expr(node.children.last, in: node))
  }

  private func binary(_ node: SyntaxNode) -> AST.Expr.Kind {
    guard node.children.count == 3, let sign = tokens(of: node).first else { return .error }
    let left = expr(node.children[0], in: node)
    let right = expr(node.children[2], in: node)
    let kind = tree.tokens[sign].kind
    if kind == .closedRange || kind == .halfOpenRange {
      return .range(lower: left, upper: right, isClosed: kind == .closedRange)
    }
    guard let symbol = AST.BinaryOperator(rawValue: tree.text(sign)) else { return .error }
    return .binary(left, symbol, right, operatorRange: range(ofToken: sign))
  }

  private func record(_ node: SyntaxNode) -> AST.Expr.Kind {
    guard let name = node.first(.path).flatMap(path), let block = node.first(.block) else { return .error }
    return .record(name: name, block: self.block(block))
  }

  // MARK: - Types

  func type(_ node: SyntaxNode) -> AST.TypeExpr? {
    guard let name = node.first(.path).flatMap(path) else { return nil }
    let refinements = node.first(.refinements)
    let dims = node.first(.dims)
    if let refinements, hasMissing(refinements) { return nil }
    if let dims, hasMissing(dims) { return nil }
    return AST.TypeExpr(
      name: name,
      refinements: refinements?.nodes.map(expr) ?? [],
      dims: dims?.nodes(.dim).map(dim),
      isOptional: tokens(of: node).contains { tree.tokens[$0].kind == .question },
      range: tree.range(of: node),
    )
  }

  private func dim(_ node: SyntaxNode) -> AST.Dim {
    let value = expr(node.children.last, in: node)
    return tokens(of: node).isEmpty ? .exact(value) : .atMost(value, range: tree.range(of: node))
  }
}
