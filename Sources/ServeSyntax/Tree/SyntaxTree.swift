package import ServeDiagnostics

/// A node of the tree with its children in source order.
package struct SyntaxNode: Sendable {
  package let kind: SyntaxKind
  package let children: [SyntaxElement]
  /// The nodes on the longest way down from here, this one included; never more than ``Parser/maxHeight``.
  package let height: Int
  /// The places of its tokens in ``SyntaxTree/tokens``; empty where everything is missing.
  package let tokens: Range<Int>

  package init(kind: SyntaxKind, children: [SyntaxElement]) {
    self.kind = kind
    self.children = children
    height = 1 + children.reduce(0) { max($0, $1.node?.height ?? 0) }
    let spans = children.lazy.compactMap { $0.tokens }
    tokens = (spans.first?.lowerBound ?? 0)..<(spans.last?.upperBound ?? 0)
  }

  /// The first child node of a kind.
  func first(_ kind: SyntaxKind) -> SyntaxNode? {
    for child in children {
      if let node = child.node, node.kind == kind { return node }
    }
    return nil
  }

  /// The child nodes.
  var nodes: [SyntaxNode] {
    children.compactMap { $0.node }
  }

  /// The child nodes of a kind.
  func nodes(_ kind: SyntaxKind) -> [SyntaxNode] {
    children.compactMap { child in
      if case .node(let node) = child, node.kind == kind { node } else { nil }
    }
  }
}

/// A child of a node.
package enum SyntaxElement: Sendable {
  case node(SyntaxNode)
  /// A token, by its place in ``SyntaxTree/tokens``.
  case token(Int)
  /// Something that should stand here and does not.
  case missing(Expected)

  package var node: SyntaxNode? {
    if case .node(let node) = self { node } else { nil }
  }

  /// The places of its tokens, if it has any.
  var tokens: Range<Int>? {
    switch self {
    case .node(let node): node.tokens.isEmpty ? nil : node.tokens
    case .token(let index): index..<index + 1
    case .missing: nil
    }
  }
}

/// The lossless tree of a file: printing it gives the source back, byte for byte, whatever the source is.
package struct SyntaxTree: Sendable {
  package let source: SourceFile
  package let tokens: [Token]
  package let root: SyntaxNode
  /// What is wrong with the text, in the order found; ``diagnostics`` has the words.
  package let errors: [SyntaxError]

  /// The source, put together from the tree's tokens and their trivia.
  package var printed: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(source.bytes.count)
    print(root, into: &bytes)
    return bytes
  }

  private func print(_ node: SyntaxNode, into bytes: inout [UInt8]) {
    for child in node.children {
      switch child {
      case .node(let node): print(node, into: &bytes)
      case .token(let index):
        bytes.append(contentsOf: source.bytes[tokens[index].leadingStart..<tokens[index].trailingEnd])
      case .missing: break
      }
    }
  }

  /// From the first token of a node to its last, without the trivia around; empty where everything is missing.
  package func range(of node: SyntaxNode) -> SourceRange {
    guard !node.tokens.isEmpty else { return source.range(0..<0) }
    return source.range(tokens[node.tokens.lowerBound].start..<tokens[node.tokens.upperBound - 1].end)
  }

  /// The text of a token.
  package func text(_ index: Int) -> String {
    source.text(in: tokens[index].text)
  }
}
