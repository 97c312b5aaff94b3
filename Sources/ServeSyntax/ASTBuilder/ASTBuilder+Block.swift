internal import ServeDiagnostics

extension ASTBuilder {
  func block(_ node: SyntaxNode) -> AST.Block {
    let nodes = node.nodes
    let items = nodes.compactMap(item)
    return AST.Block(
      items: items,
      isComplete: items.count == nodes.count && !hasMissing(node),
      range: tree.range(of: node),
    )
  }

  private func item(_ node: SyntaxNode) -> AST.Item? {
    switch node.kind {
    case .field: return field(node).map(AST.Item.field)
    case .bound: return bound(node).map(AST.Item.bound)
    case .clause: return clause(node).map(AST.Item.clause)
    case .return: return .return(AST.Return(value: expr(node.children.last, in: node), range: tree.range(of: node)))
    case .unexpected: return nil
    case .file, .edition, .import, .importNames, .declaration, .parameters, .parameter, .result, .annotation,
      .initializer, .operands, .operand, .block, .phrase, .type, .refinements, .dims, .dim, .binary, .unary, .call,
      .arguments, .argument, .index, .indices, .member, .literal, .path, .implicitMember, .list, .group, .record,
      .unset:
      return .value(expr(node))
    }
  }

  private func field(_ node: SyntaxNode) -> AST.Field? {
    guard let path = node.first(.path).flatMap(path), !hasBrokenAnnotation(node) else { return nil }
    let type = annotation(of: node)
    let value = node.first(.initializer).map { initializer($0) }
    return AST.Field(
      doc: doc(above: node),
      path: path,
      type: type,
      value: value ?? (type == nil ? AST.Expr(kind: .error, range: tree.range(of: node).atEnd) : nil),
      range: tree.range(of: node),
    )
  }

  private func bound(_ node: SyntaxNode) -> AST.Bound? {
    guard let path = node.first(.path).flatMap(path), let sign = tokens(of: node).first,
      let relation = AST.Bound.Relation(rawValue: tree.text(sign))
    else { return nil }
    return AST.Bound(
      doc: doc(above: node),
      path: path,
      relation: relation,
      relationRange: range(ofToken: sign),
      value: expr(node.children.last, in: node),
      range: tree.range(of: node),
    )
  }

  private func clause(_ node: SyntaxNode) -> AST.Clause? {
    guard let keyword = tokens(of: node).first.flatMap(name), !hasBrokenAnnotation(node) else { return nil }
    return AST.Clause(
      doc: doc(above: node),
      keyword: keyword,
      operands: node.children.dropFirst().compactMap(operand),
      type: annotation(of: node),
      value: node.first(.initializer).map { initializer($0) },
      block: node.first(.block).map(block),
      range: tree.range(of: node),
    )
  }

  private func operand(_ element: SyntaxElement) -> AST.Expr? {
    guard let node = element.node else { return nil }
    switch node.kind {
    case .annotation, .initializer, .block, .unexpected: return nil
    case .file, .edition, .import, .importNames, .declaration, .parameters, .parameter, .result, .operands, .operand,
      .field, .bound, .return, .clause, .phrase, .type, .refinements, .dims, .dim, .binary, .unary, .call,
      .arguments, .argument, .index, .indices, .member, .literal, .path, .implicitMember, .list, .group, .record,
      .unset:
      return expr(node)
    }
  }
}
