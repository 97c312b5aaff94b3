internal import ServeDiagnostics

extension SyntaxTree {
  /// The tokens, one a line: where they start, what they are, their text. What `servec dump --stage tokens` prints.
  package func dumpTokens() -> String {
    tokens.indices.map { "\(position($0)) \(describe($0))\n" }.joined()
  }

  /// The tree, one element a line, children indented below their node. What `servec dump --stage tree` prints.
  package func dumpTree() -> String {
    var lines = ""
    dump(.node(root), depth: 0, into: &lines)
    return lines
  }

  private func dump(_ element: SyntaxElement, depth: Int, into lines: inout String) {
    lines += String(repeating: "  ", count: depth)
    switch element {
    case .token(let index):
      lines += describe(index) + "\n"
    case .missing(let expected):
      lines += "missing \(expected.terminal)\n"
    case .node(let node):
      lines += "\(node.kind.rawValue)\n"
      for child in node.children { dump(child, depth: depth + 1, into: &lines) }
    }
  }

  private func position(_ index: Int) -> String {
    let position = source.position(at: tokens[index].start)
    return "\(position.line):\(position.column)"
  }

  private func describe(_ index: Int) -> String {
    let kind = tokens[index].kind
    if kind == .endOfFile { return kind.rawValue }
    if kind.isPunctuation { return "'\(kind.rawValue)'" }
    let text = text(index).split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\\n")
    return "\(kind.rawValue) \(text)"
  }
}

extension Expected {
  /// The grammar's word for it.
  fileprivate var terminal: String {
    switch self {
    case .token(let kind): kind.isPunctuation ? "'\(kind.rawValue)'" : kind.rawValue
    case .keyword(let keyword): "\"\(keyword.rawValue)\""
    case .name: "NAME"
    case .declaration: "declaration"
    case .declarationBody: "block | initializer"
    case .item: "item"
    case .importSource: "STRING"
    case .lineEnd: "NEWLINE"
    case .value: "expression"
    case .type: "type"
    }
  }
}
