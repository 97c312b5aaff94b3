import InferenceIR
import TensorTypes

/// A small integer or truth tensor whose elements are known as dimensions: what `Shape` yields and `Reshape` wants.
struct SymbolicTensor {
  let element: ElementType
  let shape: [Int]
  let dims: [Dim]

  /// Most elements that are followed.
  static let maximumCount = 1024

  /// - Returns: nil when an element is too complex to follow.
  init?(element: ElementType, shape: [Int], dims: [Dim]) {
    guard dims.allSatisfy(SizeLimit.admits) else { return nil }
    self.element = element
    self.shape = shape
    self.dims = dims
  }

  /// A constant of integers or truth values; nil for others and for large ones.
  init?(_ constant: Constant) {
    let isWhole = constant.element.isInteger || constant.element == .bool
    guard isWhole, constant.elementCount <= Self.maximumCount else { return nil }
    element = constant.element
    shape = constant.shape
    dims = constant.integers.map { Dim(Int($0)) }
  }

  /// The elements as integers when none depends on a symbol.
  var integers: [Int]? {
    let values = dims.compactMap(\.constant)
    return values.count == dims.count ? values : nil
  }
}

extension Importer {
  /// The elements of an integer value as dimensions, when they are known.
  func known(_ id: ValueID) -> SymbolicTensor? {
    symbolic[id] ?? graph[id].constant.flatMap { SymbolicTensor($0) }
  }

  /// The elements of an integer operand that must be known; `what` names it in the error.
  func knownDims(_ id: ValueID, _ what: String, _ call: Call) throws(ImportError) -> [Dim] {
    guard let known = known(id) else { throw needed(id, what, call) }
    return known.dims
  }

  /// The elements of an integer operand that must be constant.
  func knownInts(_ id: ValueID, _ what: String, _ call: Call) throws(ImportError) -> [Int] {
    guard let integers = known(id)?.integers else { throw needed(id, what, call) }
    return integers
  }

  /// The one element of an integer operand that must be constant.
  func knownInt(_ id: ValueID, _ what: String, _ call: Call) throws(ImportError) -> Int {
    let integers = try knownInts(id, what, call)
    guard integers.count == 1 else { throw call.fail(.invalid("\(what) of \(integers.count) numbers")) }
    return integers[0]
  }

  /// The elements of an operand of any numeric type that must be constant.
  func knownNumbers(_ id: ValueID, _ what: String, _ call: Call) throws(ImportError) -> [Double] {
    guard let numbers = graph[id].constant?.doubles ?? known(id)?.integers?.map({ Double($0) }) else {
      throw needed(id, what, call)
    }
    return numbers
  }

  /// An operand that is only known at run time where a graph must know it; names the inputs that it is made from.
  func needed(_ id: ValueID, _ what: String, _ call: Call) -> ImportError {
    var pending = [id]
    var seen = Set(pending)
    let inputs = Set(graph.inputs)
    var sources: Set<ValueID> = []
    var definitions: [ValueID: Int] = [:]
    for (at, node) in graph.nodes.enumerated() {
      for output in node.outputs { definitions[output] = at }
    }
    while let next = pending.popLast() {
      if inputs.contains(next) { sources.insert(next) }
      guard let at = definitions[next] else { continue }
      for operand in graph.nodes[at].inputs where seen.insert(operand).inserted { pending.append(operand) }
    }
    return call.fail(.neededAtImport(what: what, inputs: sources.sorted().map { graph[$0].name }))
  }

  /// A value that holds the dimensions at run time.
  mutating func materialize(_ tensor: SymbolicTensor, _ call: Call) throws(ImportError) -> ValueID {
    if let integers = tensor.integers {
      return constant(Constant(tensor.element, tensor.shape, wrapping: integers.map { Int64($0) }), call)
    }
    let result: ValueID
    do {
      var id = try graph.add(.dimensions(tensor.dims), [], name: call.name, origin: call.origin)[0]
      if tensor.shape != [tensor.dims.count] {
        id = try graph.add(.reshape(Shape(tensor.shape)), [id], name: call.name, origin: call.origin)[0]
      }
      if tensor.element != .i64 {
        id = try graph.add(.cast(tensor.element), [id], name: call.name, origin: call.origin)[0]
      }
      result = id
    } catch {
      throw call.fail(.shape(error.message))
    }
    symbolic[result] = tensor
    return result
  }

  /// The result of an operation over known dimensions; nil when it cannot be expressed as dimensions.
  mutating func symbolicResult(_ op: Op, _ operands: [ValueID], _ types: [TensorType]) -> SymbolicTensor? {
    let known = operands.compactMap { self.known($0) }
    guard known.count == operands.count, !known.isEmpty, types.count == 1,
      let shape = types[0].shape.constant, shape.reduce(1, *) <= SymbolicTensor.maximumCount
    else { return nil }
    symbolicWork -= known.reduce(shape.reduce(1, *)) { $0 + $1.dims.count }
    guard symbolicWork > 0 else { return nil }
    switch op {
    case .reshape, .transpose, .expand, .concat, .slice, .pad: return moved(by: op, known, types[0])
    case .gather(_, .zero): return nil
    case .gather(_, .fromEnd), .gatherElements, .gatherND: return moved(by: op, known, types[0], indices: 1)
    case .select: return moved(by: op, known, types[0], indices: 0)
    case .cast(let element, _):
      guard element.isInteger else { return nil }
      return SymbolicTensor(element: element, shape: shape, dims: known[0].dims)
    case .unary(.negate):
      return SymbolicTensor(element: types[0].element, shape: shape, dims: known[0].dims.map { -$0 })
    case .binary(let function):
      return pairwise(known, types[0], shape) { SymbolicArithmetic.binary(function, $0, $1, minima: minima) }
    case .compare(let function):
      return pairwise(known, types[0], shape) { a, b in
        SymbolicArithmetic.compare(function, a, b, minima: minima).map { Dim($0 ? 1 : 0) }
      }
    case .reduce(let function, let axes, _):
      guard axes.count == known[0].shape.count else { return nil }
      let dims = known[0].dims
      switch function {
      case .product:
        return SymbolicArithmetic.product(dims).flatMap {
          SymbolicTensor(element: types[0].element, shape: shape, dims: [$0])
        }
      case .sum: return SymbolicTensor(element: types[0].element, shape: shape, dims: [dims.reduce(Dim(0), +)])
      case .mean, .maximum, .minimum, .l1, .l2, .sumSquare, .logSum, .logSumExp: return nil
      }
    case .unary, .bitcast, .matmul, .convolution, .pool, .argReduce, .softmax, .logSoftmax, .layerNorm, .rmsNorm,
      .attention, .recurrent,
      .cumulativeSum, .cumulativeProduct, .scatterElements, .scatterND, .positions, .nonMaxSuppression, .topK, .oneHot,
      .dimensions,
      .iota, .treeEnsemble, .bucketize, .hashBucket:
      return nil
    }
  }

  /// Moves elements by letting the interpreter move their numbers; operand `indices` is used for what it is.
  private func moved(
    by op: Op, _ operands: [SymbolicTensor], _ type: TensorType, indices: Int? = nil,
  ) -> SymbolicTensor? {
    var elements: [Dim] = []
    var numbered: [Constant] = []
    for (at, operand) in operands.enumerated() {
      if at == indices {
        guard let integers = operand.integers else { return nil }
        numbered.append(Constant(operand.element, operand.shape, wrapping: integers.map { Int64($0) }))
      } else {
        let first = elements.count
        numbered.append(Constant(.i64, operand.shape, operand.dims.indices.map { Int64(first + $0) }))
        elements += operand.dims
      }
    }
    guard let result = try? Interpreter.evaluate(op, numbered)[0] else { return nil }
    return SymbolicTensor(
      element: type.element, shape: result.shape, dims: result.integers.map { elements[Int($0)] })
  }

  /// Combines broadcast elements of two operands.
  private func pairwise(
    _ operands: [SymbolicTensor], _ type: TensorType, _ shape: [Int], _ combine: (Dim, Dim) -> Dim?,
  ) -> SymbolicTensor? {
    let expanded = operands.compactMap { moved(by: .expand(Shape(shape)), [$0], type) }
    guard expanded.count == 2 else { return nil }
    let dims = zip(expanded[0].dims, expanded[1].dims).compactMap { combine($0, $1) }
    guard dims.count == expanded[0].dims.count else { return nil }
    return SymbolicTensor(element: type.element, shape: shape, dims: dims)
  }
}
