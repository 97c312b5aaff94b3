import InferenceIR

/// One rewriting of a graph that keeps its meaning.
struct GraphPass: Sendable {
  let name: String
  let run: @Sendable (inout Graph) throws(CompileError) -> Void

  /// Every pass, in order. Later passes rely on what earlier ones leave behind: folding exposes constants to the
  /// simplifier, which leaves duplicates and dead nodes to the two that follow.
  static let all: [GraphPass] = [
    GraphPass(name: "fold constants", run: foldConstants),
    GraphPass(name: "simplify", run: simplify),
    GraphPass(name: "widen halves", run: widenHalves),
    GraphPass(name: "remove dead nodes", run: removeDeadNodes),
    GraphPass(name: "raise norms", run: raiseNorms),
    GraphPass(name: "raise activations", run: raiseActivations),
    GraphPass(name: "raise attention", run: raiseAttention),
    GraphPass(name: "fold into convolutions", run: foldIntoConvolutions),
    GraphPass(name: "simplify convolutions", run: simplifyConvolutions),
    GraphPass(name: "absorb transposes", run: absorbTransposes),
    GraphPass(name: "fold constants", run: foldConstants),
    GraphPass(name: "merge duplicates", run: mergeDuplicates),
    GraphPass(name: "join products", run: joinProducts),
    GraphPass(name: "copy images", run: copyImages),
    GraphPass(name: "separate outputs", run: separateOutputs),
    GraphPass(name: "remove dead nodes", run: removeDeadNodes),
  ]

  /// Runs every pass and verifies the graph after each.
  static func optimize(_ graph: Graph) throws(CompileError) -> Graph {
    var graph = graph
    for pass in all {
      try pass.run(&graph)
      do {
        try graph.verify()
      } catch {
        throw CompileError(origin: graph.name, message: "after the pass \"\(pass.name)\": \(error)")
      }
    }
    return graph
  }
}

extension Graph {
  /// Makes every reader of a replaced value read its replacement, chains included.
  mutating func replaceUses(_ replacements: [ValueID: ValueID]) {
    if replacements.isEmpty { return }
    func final(_ id: ValueID) -> ValueID {
      var id = id
      while let next = replacements[id] { id = next }
      return id
    }
    for at in nodes.indices { nodes[at].inputs = nodes[at].inputs.map(final) }
    outputs = outputs.map(final)
  }

  /// Index of the node that defines each value.
  var definitions: [ValueID: Int] {
    var result: [ValueID: Int] = [:]
    for (at, node) in nodes.enumerated() {
      for id in node.outputs { result[id] = at }
    }
    return result
  }

  /// Rebuilds the node list: `visit` gets each node with its operands already replaced, may append nodes to the
  /// graph, and returns a replacement for the node's single result, or nil to keep the node.
  mutating func rewrite(
    _ visit: (inout Graph, Node) throws(ShapeError) -> ValueID?,
  ) throws(CompileError) {
    let old = nodes
    nodes = []
    var replacements: [ValueID: ValueID] = [:]
    for var node in old {
      node.inputs = node.inputs.map { replacements[$0] ?? $0 }
      do {
        if let result = try visit(&self, node) {
          replacements[node.outputs[0]] = result
        } else {
          nodes.append(node)
        }
      } catch {
        throw CompileError(origin: error.origin, message: error.message)
      }
    }
    outputs = outputs.map { replacements[$0] ?? $0 }
  }
}
