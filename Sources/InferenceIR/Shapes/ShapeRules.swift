package import TensorTypes

/// The result types of every operation.
package enum ShapeRules {
  /// The types of the results of `op`.
  ///
  /// A relation between symbolic dimensions holds when the polynomials are equal; one that cannot be decided for a
  /// symbolic bound (a slice that may leave its tensor) is left to run time.
  /// - Parameter operands: types, and constants where an operand is one.
  /// - Throws: `ShapeError` when the operands do not fit.
  package static func infer(_ op: Op, _ operands: [Value], origin: String) throws(ShapeError) -> [TensorType] {
    let types = operands.map(\.type)
    do {
      return try results(of: op, types)
    } catch {
      let list = types.map(\.description).joined(separator: ", ")
      throw ShapeError(origin: origin, message: "\(op.mnemonic)(\(list)): \(error.text)")
    }
  }

  private static func results(of op: Op, _ types: [TensorType]) throws(Misfit) -> [TensorType] {
    switch op {
    case .unary(let function): [try unary(function, try one(types))]
    case .binary(let function): [try binary(function, try two(types))]
    case .compare(let function): [try compare(function, try two(types))]
    case .select: [try select(try three(types))]
    case .cast(let element, _): [try cast(element, try one(types))]
    case .bitcast(let element): [try bitcast(element, try one(types))]
    case .matmul(let transposeA, let transposeB): [try matmul(transposeA, transposeB, try two(types))]
    case .convolution(let op): [try convolution(op, types)]
    case .pool(let op): try pool(op, try one(types))
    case .reduce(let function, let axes, let keep): [try reduce(function, axes, keep, try one(types))]
    case .argReduce(_, let axis, let keep, _): [try argReduce(axis, keep, try one(types))]
    case .softmax(let axis), .logSoftmax(let axis): [try softmax(axis, try one(types))]
    case .layerNorm(let axis, _): [try layerNorm(axis, types)]
    case .rmsNorm(let axis, _): [try rmsNorm(axis, try two(types))]
    case .attention: [try attention(types)]
    case .recurrent(let recurrence): try recurrent(recurrence, types)
    case .cumulativeSum(let axis, _, _), .cumulativeProduct(let axis, _, _): [try cumulativeSum(axis, try one(types))]
    case .reshape(let shape): [try reshape(shape, try one(types))]
    case .transpose(let permutation): [try transpose(permutation, try one(types))]
    case .expand(let shape): [try expand(shape, try one(types))]
    case .concat(let axis): [try concat(axis, types)]
    case .slice(let axis, let start, let length, let step):
      [try slice(axis, start, length, step, try one(types))]
    case .gather(let axis, _): [try gather(axis, try two(types))]
    case .gatherElements(let axis): [try gatherElements(axis, try two(types))]
    case .gatherND(let batchDims): [try gatherND(batchDims, try two(types))]
    case .scatterElements(let axis, let reduction): [try scatterElements(axis, reduction, try three(types))]
    case .scatterND(let reduction): [try scatterND(reduction, try three(types))]
    case .pad(let before, let after): [try pad(before, after, try two(types))]
    case .topK(let k, let axis, _, let pad): try topK(k, axis, padded: pad != nil, try one(types))
    case .positions(let count): try positions(count, try one(types))
    case .nonMaxSuppression(let op): [try nonMaxSuppression(op, try two(types))]
    case .oneHot(let depth, let axis): [try oneHot(depth, axis, try three(types))]
    case .dimensions(let dims): [try dimensions(dims, types)]
    case .iota(let count, _, _): [try iota(count, types)]
    case .treeEnsemble(let ensemble): [try treeEnsemble(ensemble, try one(types))]
    case .bucketize(let boundaries): [try bucketize(boundaries, try one(types))]
    case .hashBucket(let buckets): [try hashBucket(buckets, try one(types))]
    }
  }

  /// What does not fit; `infer` adds the operation, its operands and its origin.
  struct Misfit: Error {
    let text: String
    init(_ text: String) { self.text = text }
  }
}

// MARK: - Shared by the families

extension ShapeRules {
  static func one(_ types: [TensorType]) throws(Misfit) -> TensorType {
    guard types.count == 1 else { throw Misfit("takes 1 operand, found \(types.count)") }
    return types[0]
  }

  static func two(_ types: [TensorType]) throws(Misfit) -> (TensorType, TensorType) {
    guard types.count == 2 else { throw Misfit("takes 2 operands, found \(types.count)") }
    return (types[0], types[1])
  }

  static func three(_ types: [TensorType]) throws(Misfit) -> (TensorType, TensorType, TensorType) {
    guard types.count == 3 else { throw Misfit("takes 3 operands, found \(types.count)") }
    return (types[0], types[1], types[2])
  }

  static func require(_ holds: Bool, _ text: @autoclosure () -> String) throws(Misfit) {
    if !holds { throw Misfit(text()) }
  }

  static func requireAxis(_ axis: Int, of type: TensorType) throws(Misfit) {
    try require((0..<type.shape.rank).contains(axis), "axis \(axis) is outside rank \(type.shape.rank)")
  }

  static func requireSameElement(_ a: TensorType, _ b: TensorType) throws(Misfit) {
    try require(a.element == b.element, "element types \(a.element) and \(b.element) differ")
  }

  /// The shape to which both sides broadcast.
  static func broadcast(_ a: Shape, _ b: Shape) throws(Misfit) -> Shape {
    let rank = max(a.rank, b.rank)
    var dims: [Dim] = []
    for axis in 0..<rank {
      let x = axis < rank - a.rank ? Dim(1) : a[axis - (rank - a.rank)]
      let y = axis < rank - b.rank ? Dim(1) : b[axis - (rank - b.rank)]
      guard x == y || x == 1 || y == 1 else {
        throw Misfit("shapes \(a) and \(b) do not broadcast: \(x) and \(y) at axis \(axis) of the result")
      }
      dims.append(x == 1 ? y : x)
    }
    return Shape(dims)
  }
}
