import TensorTypes

/// A rule of the graph that a pass or an importer broke.
package struct VerifierError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The node's origin or the value's name.
  package var place: String
  package var message: String

  package init(place: String, message: String) {
    self.place = place
    self.message = message
  }

  package var description: String { "\(place): \(message)" }
}

extension Graph {
  /// Checks that the graph is legal: what every pass may rely on and must leave behind.
  ///
  /// Each value has exactly one definition, which stands before its uses; the types of results are those that
  /// `ShapeRules` infers; constants have the bytes that their types announce; every symbol is declared.
  /// - Throws: the first rule broken, in the order of nodes.
  package func verify() throws(VerifierError) {
    var verifier = Verifier(graph: self)
    try verifier.checkSymbols()
    try verifier.checkInputsAndConstants()
    for node in nodes { try verifier.check(node) }
    for id in outputs { try verifier.requireDefined(id, by: name) }
  }
}

private struct Verifier {
  let graph: Graph
  private var defined: [Bool]
  private let symbols: Set<String>

  init(graph: Graph) {
    self.graph = graph
    defined = [Bool](repeating: false, count: graph.values.count)
    symbols = Set(graph.symbols.map(\.name))
  }

  private func require(
    _ holds: Bool, _ place: String, _ message: @autoclosure () -> String,
  ) throws(VerifierError) {
    if !holds { throw VerifierError(place: place, message: message()) }
  }

  func checkSymbols() throws(VerifierError) {
    try require(symbols.count == graph.symbols.count, graph.name, "a symbol is declared twice")
    for range in graph.symbols {
      try require(
        0 <= range.minimum && range.minimum <= range.maximum, range.name,
        "the range \(range.minimum) ... \(range.maximum) is empty or negative")
    }
  }

  mutating func checkInputsAndConstants() throws(VerifierError) {
    for id in graph.inputs {
      try define(id, by: graph.name)
      try require(graph[id].constant == nil, graph[id].name, "it is an input and a constant")
    }
    for (index, value) in graph.values.enumerated() {
      let unknown = value.type.shape.dims.flatMap(\.symbols).first { !symbols.contains($0) }
      try require(unknown == nil, value.name, "symbol \(unknown ?? "") of type \(value.type) is not declared")
      guard let constant = value.constant else { continue }
      try require(constant.type == value.type, value.name, "the constant is \(constant.type), not \(value.type)")
      let count = constant.element == .string ? constant.strings.count : constant.data.bytes.count
      let expected = constant.elementCount * (constant.element == .string ? 1 : constant.element.byteCount)
      try require(count == expected, value.name, "the constant has \(count) bytes or strings, not \(expected)")
      try define(ValueID(index), by: value.name)
    }
  }

  mutating func check(_ node: Node) throws(VerifierError) {
    for id in node.inputs { try requireDefined(id, by: node.origin) }
    let types: [TensorType]
    do {
      types = try ShapeRules.infer(node.op, node.inputs.map { graph[$0] }, origin: node.origin)
    } catch {
      throw VerifierError(place: error.origin, message: error.message)
    }
    try require(
      types.count == node.outputs.count, node.origin,
      "\(node.op.mnemonic) has \(types.count) results, not \(node.outputs.count)")
    for (id, type) in zip(node.outputs, types) {
      try define(id, by: node.origin)
      try require(
        graph.type(of: id) == type, node.origin,
        "result \"\(graph[id].name)\" is \(graph.type(of: id)), and \(node.op.mnemonic) gives \(type)")
    }
    let unknown = node.op.dims.flatMap(\.symbols).first { !symbols.contains($0) }
    try require(unknown == nil, node.origin, "symbol \(unknown ?? "") is not declared")
    if case .treeEnsemble(let ensemble) = node.op, let defect = ensemble.defect {
      throw VerifierError(place: node.origin, message: defect)
    }
  }

  func requireDefined(_ id: ValueID, by place: String) throws(VerifierError) {
    try require(defined.indices.contains(id.index), place, "value \(id.index) does not exist")
    try require(defined[id.index], place, "\"\(graph[id].name)\" is used before it is defined")
  }

  private mutating func define(_ id: ValueID, by place: String) throws(VerifierError) {
    try require(defined.indices.contains(id.index), place, "value \(id.index) does not exist")
    try require(!defined[id.index], place, "\"\(graph[id].name)\" is defined twice")
    defined[id.index] = true
  }
}

extension Op {
  /// Every dimension that the operation holds.
  fileprivate var dims: [Dim] {
    switch self {
    case .reshape(let shape), .expand(let shape): shape.dims
    case .slice(_, let start, let length, _): [start, length]
    case .dimensions(let dims): dims
    case .iota(let count, _, _), .positions(let count): [count]
    case .unary, .binary, .compare, .select, .cast, .bitcast, .matmul, .convolution, .pool, .reduce, .argReduce,
      .softmax, .logSoftmax,
      .layerNorm, .rmsNorm, .attention, .recurrent, .cumulativeSum, .cumulativeProduct, .scatterElements, .scatterND,
      .transpose, .concat, .gather, .gatherElements, .gatherND, .pad, .nonMaxSuppression, .topK, .oneHot, .treeEnsemble,
      .bucketize, .hashBucket:
      []
    }
  }
}

extension TreeEnsemble {
  /// What is wrong with the arrays, if anything: kernels follow them without checks.
  fileprivate var defect: String? {
    guard leafTargets.count == leafWeights.count else { return "leaf targets and weights differ in number" }
    guard base.isEmpty || base.count == targetCount else { return "\(base.count) base values, \(targetCount) targets" }
    guard leafTargets.allSatisfy({ 0 <= $0 && $0 < targetCount }) else { return "a leaf's target is out of range" }
    guard roots.allSatisfy({ nodes.indices.contains(Int($0)) }) else { return "a root is out of range" }
    for (index, node) in nodes.enumerated() {
      if node.feature < 0 {
        let (first, count) = (Int(node.left), Int(node.right))
        guard first >= 0, count >= 0, first + count <= leafTargets.count else { return "leaf \(index) is out of range" }
      } else {
        guard node.feature < featureCount else { return "node \(index) tests feature \(node.feature)" }
        // Parents stand before their children, which also rules out cycles.
        for child in [node.left, node.right] where Int(child) <= index || !nodes.indices.contains(Int(child)) {
          return "node \(index) has child \(child)"
        }
      }
    }
    return nil
  }
}
