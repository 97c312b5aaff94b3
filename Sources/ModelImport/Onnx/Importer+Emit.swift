import InferenceIR
import TensorTypes

/// How much constant folding an import may do: it is meant for parameters, not for whole models.
struct FoldingBudget {
  /// Elements read, written and multiplied that are left.
  private var work = 1 << 26
  /// Folds whatever the cost: for what reads every element of a file's tensors once.
  var isUnlimited = false
  /// Results above this size are folded only when they are no larger than their operands.
  private static let smallResult = 4 << 20

  /// Whether to fold, charging the budget if so.
  mutating func admits(_ op: Op, _ operands: [Constant], _ results: [TensorType]) -> Bool {
    if isUnlimited { return true }
    let before = operands.reduce(0) { $0 + $1.elementCount * $1.element.byteCount }
    var (bytes, elements) = (0, 0)
    for type in results {
      guard let count = type.shape.elementCount.constant else { return false }
      bytes += count * type.element.byteCount
      elements += count
    }
    guard bytes <= max(before, Self.smallResult) else { return false }
    var cost = elements + operands.reduce(0) { $0 + $1.elementCount }
    if case .matmul(let transposeA, _) = op {
      let shape = operands[0].shape
      cost = elements * max(shape[shape.count - (transposeA ? 2 : 1)], 1)
    }
    // Gathers read only the rows that they pick.
    if case .gather = op { cost = elements }
    guard cost <= work else { return false }
    work -= cost
    return true
  }
}

extension Importer {
  func type(of id: ValueID) -> TensorType { graph.type(of: id) }

  func element(of id: ValueID) -> ElementType { graph.type(of: id).element }

  func shape(of id: ValueID) -> Shape { graph.type(of: id).shape }

  /// Adds an operation with one result.
  mutating func emit(_ op: Op, _ operands: ValueID..., for call: Call) throws(ImportError) -> ValueID {
    try emitAll(op, operands, for: call)[0]
  }

  /// Adds an operation; its results are constants or symbolically known where its operands are.
  mutating func emitAll(_ op: Op, _ operands: [ValueID], for call: Call) throws(ImportError) -> [ValueID] {
    if case .reshape(let shape) = op { try requireSize(TensorType(.u8, shape), call) }
    if case .expand(let shape) = op { try requireSize(TensorType(.u8, shape), call) }
    let types: [TensorType]
    do {
      types = try ShapeRules.infer(op, operands.map { graph[$0] }, origin: call.origin)
    } catch {
      throw call.fail(.shape(error.message))
    }
    for type in types { try requireSize(type, call) }

    let constants = operands.compactMap { graph[$0].constant }
    if constants.count == operands.count, op.isFoldable, folding.admits(op, constants, types) {
      let results: [Constant]
      do {
        results = try Interpreter.evaluate(op, constants, origin: call.origin)
      } catch {
        throw call.fail(.shape(error.message))
      }
      return results.map { constant($0, call) }
    }
    if let known = symbolicResult(op, operands, types) { return [try materialize(known, call)] }
    do {
      return try graph.add(op, operands, name: resultName(call), origin: call.origin)
    } catch {
      throw call.fail(.shape(error.message))
    }
  }

  mutating func constant(_ constant: Constant, _ call: Call) -> ValueID {
    graph.addConstant(resultName(call), constant)
  }

  /// A scalar constant of any numeric element type.
  mutating func scalar(_ value: Double, _ element: ElementType, _ call: Call) -> ValueID {
    constant(Constant(element, [], rounding: [value]), call)
  }

  func requireSize(_ type: TensorType, _ call: Call) throws(ImportError) {
    if let problem = SizeLimit.problem(type) { throw call.fail(problem) }
  }

  private func resultName(_ call: Call) -> String { call.outputs.first { !$0.isEmpty } ?? call.name }

  // MARK: Common compositions

  mutating func binary(_ op: BinaryOp, _ a: ValueID, _ b: ValueID, _ call: Call) throws(ImportError) -> ValueID {
    try emit(.binary(op), a, b, for: call)
  }

  mutating func unary(_ op: UnaryOp, _ x: ValueID, _ call: Call) throws(ImportError) -> ValueID {
    try emit(.unary(op), x, for: call)
  }

  /// Reshapes unless nothing changes.
  mutating func reshaped(_ x: ValueID, _ shape: Shape, _ call: Call) throws(ImportError) -> ValueID {
    if self.shape(of: x) == shape { return x }
    // Nothing under another shape is still nothing; no memory shows it.
    if let dims = shape.constant, dims.contains(0), self.shape(of: x).elementCount == 0, element(of: x) != .string {
      return constant(Constant(element(of: x), dims, rounding: []), call)
    }
    return try emit(.reshape(shape), x, for: call)
  }

  /// Converts unless nothing changes.
  mutating func converted(_ x: ValueID, to element: ElementType, _ call: Call) throws(ImportError) -> ValueID {
    self.element(of: x) == element ? x : try emit(.cast(element), x, for: call)
  }

  /// Expands unless nothing changes.
  mutating func expanded(_ x: ValueID, _ shape: Shape, _ call: Call) throws(ImportError) -> ValueID {
    self.shape(of: x) == shape ? x : try emit(.expand(shape), x, for: call)
  }

  /// A non-negative axis from one that may count from the end.
  func axis(_ axis: Int, rank: Int, _ call: Call) throws(ImportError) -> Int {
    guard axis >= -rank, axis < rank else { throw call.fail(.invalid("axis \(axis) is outside rank \(rank)")) }
    return axis < 0 ? axis + rank : axis
  }

  func axes(_ axes: [Int], rank: Int, _ call: Call) throws(ImportError) -> [Int] {
    var result: [Int] = []
    for one in axes { result.append(try axis(one, rank: rank, call)) }
    guard Set(result).count == result.count else { throw call.fail(.invalid("axes \(axes) repeat")) }
    return result
  }
}

extension Op {
  /// Whether evaluating it at import is worth it; sources and models stay as they are.
  fileprivate var isFoldable: Bool {
    switch self {
    case .dimensions, .treeEnsemble, .hashBucket, .positions: false
    case .unary, .binary, .compare, .select, .cast, .bitcast, .matmul, .convolution, .pool, .reduce, .argReduce,
      .softmax, .logSoftmax,
      .layerNorm, .rmsNorm, .attention, .recurrent, .cumulativeSum, .cumulativeProduct, .scatterElements, .scatterND,
      .reshape, .transpose, .expand, .concat, .slice, .gather, .gatherElements, .gatherND, .pad,
      .nonMaxSuppression, .topK, .oneHot, .iota, .bucketize:
      true
    }
  }
}
