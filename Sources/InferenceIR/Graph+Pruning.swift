extension Graph {
  /// The graph without nodes and values that no output needs; inputs stay, and what defines symbols. Values are numbered anew: inputs first,
  /// then constants and results in the order of use.
  package func pruned() -> Graph {
    var needed = Set(outputs)
    var kept: [Node] = []
    for node in nodes.reversed() where node.outputs.contains(where: needed.contains) || node.op.definedSymbol != nil {
      needed.formUnion(node.inputs)
      kept.append(node)
    }
    var result = Graph(name: name, symbols: symbols)
    var renamed: [ValueID: ValueID] = [:]
    for id in inputs { renamed[id] = result.addInput(self[id].name, type(of: id)) }
    func move(_ id: ValueID) -> ValueID {
      if let known = renamed[id] { return known }
      let value = self[id]
      let moved = value.constant.map { result.addConstant(value.name, $0) } ?? result.addValue(value.name, value.type)
      renamed[id] = moved
      return moved
    }
    for node in kept.reversed() {
      let moved = Node(
        op: node.op, inputs: node.inputs.map(move), outputs: node.outputs.map(move), origin: node.origin)
      result.nodes.append(moved)
    }
    result.outputs = outputs.map(move)
    return result
  }
}
