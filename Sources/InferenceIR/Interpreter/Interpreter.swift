import TensorTypes

/// What keeps an evaluation from having a result: operands that do not fit, an index out of range.
package struct InterpreterError: Error, Hashable, Sendable {
  package var origin: String
  package var message: String

  package init(origin: String, message: String) {
    self.origin = origin
    self.message = message
  }
}

/// The reference interpreter: what every operation means, written to be obviously right.
///
/// Floating-point numbers are computed in f64 and rounded to their element type once per operation; integers are
/// exact and wrap around; sums of trees are made in f32 in tree order. Optimised and compiled forms of a graph are
/// compared with it, and the importer folds constants with it.
package enum Interpreter {
  /// Runs a graph.
  /// - Parameter symbols: the values of symbols; those that stand alone in an input's shape are taken from there.
  /// - Returns: the graph's outputs, in order.
  package static func run(
    _ graph: Graph, inputs: [HostTensor], symbols: [String: Int] = [:],
  ) throws(InterpreterError) -> [HostTensor] {
    try runFindingSymbols(graph, inputs: inputs, symbols: symbols).outputs
  }

  /// The same, with the values of all symbols: those too that operations of the graph define.
  package static func runFindingSymbols(
    _ graph: Graph, inputs: [HostTensor], symbols: [String: Int] = [:],
  ) throws(InterpreterError) -> (outputs: [HostTensor], symbols: [String: Int]) {
    // Values that are given for them are not theirs: only a run tells.
    let given = symbols.filter { name, _ in !graph.nodes.contains { $0.op.definedSymbol == name } }
    var symbols = try bind(graph, inputs, given)
    var values: [ValueID: Constant] = [:]
    for (id, tensor) in zip(graph.inputs, inputs) { values[id] = Constant(tensor) }
    let lastUses = lastUses(in: graph)
    for (at, node) in graph.nodes.enumerated() {
      var operands: [Constant] = []
      for id in node.inputs { operands.append(try lookUp(id, in: graph, values, node.origin)) }
      if let symbol = node.op.definedSymbol { symbols[symbol] = held(operands[0]).count }
      let results = try evaluate(node.op, operands, symbols: symbols, origin: node.origin)
      for (id, result) in zip(node.outputs, results) { values[id] = result }
      for id in lastUses[at] { values[id] = nil }
    }
    var outputs: [HostTensor] = []
    for id in graph.outputs { outputs.append(HostTensor(try lookUp(id, in: graph, values, graph.name))) }
    return (outputs, symbols)
  }

  /// Evaluates one operation, which may read symbols in the dimensions that it holds.
  package static func evaluate(
    _ op: Op, _ operands: [Constant], symbols: [String: Int] = [:], origin: String = "",
  ) throws(InterpreterError) -> [Constant] {
    let op = op.substituting(symbols.mapValues { Dim($0) })
    let types: [TensorType]
    do {
      types = try ShapeRules.infer(
        op, operands.map { Value(name: "", type: $0.type, constant: $0) }, origin: origin)
    } catch {
      throw InterpreterError(origin: error.origin, message: error.message)
    }
    var results: [ResultType] = []
    for type in types {
      guard let shape = type.shape.constant, let bytes = byteCount(type.element, shape), bytes <= maximumBytes else {
        throw InterpreterError(origin: origin, message: "the result has type \(type), unbound or too large")
      }
      results.append(ResultType(element: type.element, shape: shape))
    }
    do {
      return try compute(op, operands, results)
    } catch {
      throw InterpreterError(origin: origin, message: "\(op.mnemonic): \(error.text)")
    }
  }

  /// Largest result of one operation, in bytes: a guard against models that ask for absurd amounts.
  private static let maximumBytes = 1 << 33

  private static func byteCount(_ element: ElementType, _ shape: [Int]) -> Int? {
    Dim(element.byteCount).product(with: shape)
  }
}

// MARK: - Inside

extension Interpreter {
  /// A result's element type and known shape.
  struct ResultType {
    let element: ElementType
    let shape: [Int]
    var count: Int { shape.reduce(1, *) }
  }

  /// What went wrong; `evaluate` adds the operation and its origin.
  struct Failure: Error {
    let text: String
    init(_ text: String) { self.text = text }
  }

  private static func compute(_ op: Op, _ x: [Constant], _ to: [ResultType]) throws(Failure) -> [Constant] {
    switch op {
    case .unary(let function): [unary(function, x[0], to[0])]
    case .binary(let function): [binary(function, x[0], x[1], to[0])]
    case .compare(let function): [compare(function, x[0], x[1], to[0])]
    case .select: [select(x[0], x[1], x[2], to[0])]
    case .cast(let element, let narrowing): [cast(x[0], to: element, narrowing)]
    case .bitcast(let element): [bitcast(x[0], to: element)]
    case .matmul(let transposeA, let transposeB): [matmul(transposeA, transposeB, x[0], x[1], to[0])]
    case .convolution(let op): [convolution(op, x, to[0])]
    case .pool(let op): pool(op, x[0], to)
    case .reduce(let function, let axes, _): [reduce(function, axes, x[0], to[0])]
    case .argReduce(let largest, let axis, _, let last): [argReduce(largest, axis, last, x[0], to[0])]
    case .softmax(let axis): [softmax(axis, logarithm: false, x[0])]
    case .logSoftmax(let axis): [softmax(axis, logarithm: true, x[0])]
    case .layerNorm(let axis, let epsilon):
      [layerNorm(axis, epsilon, x[0], scale: x[1], bias: x.count > 2 ? x[2] : nil)]
    case .rmsNorm(let axis, let epsilon): [rmsNorm(axis, epsilon, x[0], scale: x[1])]
    case .attention(let scale, let unattended): [attention(scale, unattended, x, to[0])]
    case .recurrent(let recurrence): recurrent(recurrence, x, to)
    case .cumulativeSum(let axis, let exclusive, let reverse): [cumulative(.sum, axis, exclusive, reverse, x[0])]
    case .cumulativeProduct(let axis, let exclusive, let reverse):
      [cumulative(.product, axis, exclusive, reverse, x[0])]
    case .scatterElements(let axis, let reduction): [try scatterElements(axis, reduction, x[0], x[1], x[2])]
    case .scatterND(let reduction): [try scatterND(reduction, x[0], x[1], x[2])]
    case .reshape: [x[0].reshaped(to[0].shape)]
    case .transpose(let permutation): [transpose(permutation, x[0], to[0])]
    case .expand: [expand(x[0], to[0])]
    case .concat(let axis): [concat(axis, x, to[0])]
    case .slice(let axis, let start, _, let step): [slice(axis, try known(start), step, x[0], to[0])]
    case .gather(let axis, let negative): [try gather(axis, negative, x[0], x[1], to[0])]
    case .gatherElements(let axis): [try gatherElements(axis, x[0], x[1], to[0])]
    case .gatherND(let batchDims): [try gatherND(batchDims, x[0], x[1], to[0])]
    case .pad(let before, _): [pad(before, x[0], x[1], to[0])]
    case .topK(let k, let axis, let largest, let pad): try topK(k, axis, largest, pad, x[0], to)
    case .positions: try positions(x[0], to)
    case .nonMaxSuppression(let op): [op.kept(boxes: x[0], scores: x[1])]
    case .oneHot(let depth, let axis): [oneHot(depth, axis, x[0], x[1], x[2], to[0])]
    case .dimensions(let dims):
      [Constant(.i64, to[0].shape, try dims.map { (dim) throws(Failure) in Int64(try known(dim)) })]
    case .iota(_, let start, let step):
      [Constant(.i64, to[0].shape, (0..<to[0].count).map { Int64(start &+ step &* $0) })]
    case .treeEnsemble(let ensemble): [try treeEnsemble(ensemble, x[0], to[0])]
    case .bucketize(let boundaries): [bucketize(boundaries, x[0])]
    case .hashBucket(let buckets): [hashBucket(buckets, x[0])]
    }
  }

  /// A dimension that an operation holds; without its symbols' values there is no result, whatever the shapes are.
  private static func known(_ dim: Dim) throws(Failure) -> Int {
    guard let value = dim.constant else { throw Failure("\(dim) is not bound") }
    return value
  }

  /// Checks the inputs against the graph's and gives every symbol its value.
  private static func bind(
    _ graph: Graph, _ inputs: [HostTensor], _ given: [String: Int],
  ) throws(InterpreterError) -> [String: Int] {
    func fail(_ message: String) -> InterpreterError { InterpreterError(origin: graph.name, message: message) }
    guard inputs.count == graph.inputs.count else {
      throw fail("takes \(graph.inputs.count) inputs, found \(inputs.count)")
    }
    var symbols = given
    for (id, tensor) in zip(graph.inputs, inputs) {
      for (dim, size) in zip(graph[id].type.shape.dims, tensor.shape) {
        if let symbol = dim.symbol, symbols[symbol] == nil { symbols[symbol] = size }
      }
    }
    for (id, tensor) in zip(graph.inputs, inputs) {
      let value = graph[id]
      guard value.type.element == tensor.element, value.type.shape.evaluate(symbols) == tensor.shape else {
        throw fail("input \"\(value.name)\" is \(tensor.type), expected \(value.type)")
      }
      let count = tensor.element == .string ? tensor.strings.count * 16 : tensor.bytes.count
      guard count == byteCount(tensor.element, tensor.shape) else {
        throw fail("input \"\(value.name)\" has \(count) bytes, which do not fill \(tensor.type)")
      }
    }
    return symbols
  }

  private static func lookUp(
    _ id: ValueID, in graph: Graph, _ values: [ValueID: Constant], _ origin: String,
  ) throws(InterpreterError) -> Constant {
    if let value = values[id] ?? graph[id].constant { return value }
    throw InterpreterError(origin: origin, message: "\"\(graph[id].name)\" is used before it is defined")
  }

  /// For every node the values that nobody reads after it.
  private static func lastUses(in graph: Graph) -> [[ValueID]] {
    var seen = Set(graph.outputs)
    var result = [[ValueID]](repeating: [], count: graph.nodes.count)
    for at in graph.nodes.indices.reversed() {
      for id in graph.nodes[at].inputs where seen.insert(id).inserted { result[at].append(id) }
    }
    return result
  }
}

extension Dim {
  /// This fixed dimension times `shape`'s; nil when it is symbolic or the product overflows.
  fileprivate func product(with shape: [Int]) -> Int? {
    guard var total = constant else { return nil }
    for size in shape {
      let (next, overflow) = total.multipliedReportingOverflow(by: size)
      if overflow { return nil }
      total = next
    }
    return total
  }
}
