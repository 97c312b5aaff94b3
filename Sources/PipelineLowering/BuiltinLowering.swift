import InferenceIR
import ServeSema
import TensorTypes

/// Each built-in of the language as operations of the graph.
extension PipelineBuilder {
  mutating func call(_ builtin: Builtin, _ arguments: [TypedExpression]) throws(LoweringError) -> Parts {
    var operands: [Lowered] = []
    for argument in arguments { operands.append(try tensor(argument)) }
    guard let first = operands.first else { throw LoweringError("an operation needs an operand") }
    let order = operands.contains(where: \.isOrderDependent)

    func one(_ id: ValueID, batched: Bool) -> Parts {
      ["": Lowered(id: id, isBatched: batched, isOrderDependent: order)]
    }

    switch builtin {
    case .normalize(let mean, let std):
      let centred = try apply(.binary(.subtract), [first, row(mean, like: first)], name: "centre")
      return ["": try apply(.binary(.divide), [centred, row(std, like: first)], name: "normalize")]
    case .clip(let lower, let upper):
      let raised = try apply(.binary(.maximum), [first, scalar(lower, like: first)], name: "clip")
      return ["": try apply(.binary(.minimum), [raised, scalar(upper, like: first)], name: "clip")]
    case .bucketize(let boundaries):
      return ["": try apply(.bucketize(boundaries), [first], name: "bucketize")]
    case .hashBucket(let buckets):
      return ["": try apply(.hashBucket(buckets: buckets), [first], name: "hash_bucket")]
    case .cast(let element):
      return ["": try apply(.cast(element), [first], name: "cast")]
    case .concat(let axis):
      return try concat(operands, axis: axis)
    case .reshape(let shape):
      let full = first.isBatched ? Shape([graph.type(of: first.id).shape[0]] + shape.dims) : shape
      return one(try node(.reshape(full), [first.id], name: "reshape"), batched: first.isBatched)
    case .expand(let dim):
      return ["": try expand(first, dim)]
    case .gather:
      return ["": try gather(first, operands)]
    case .softmax(let axis):
      return one(try node(.softmax(axis: axis + shift(first)), [first.id], name: "softmax"), batched: first.isBatched)
    case .reduce(let reduction, let axis):
      let op = Op.reduce(ReduceOp(reduction), axes: [axis + shift(first)], keepDims: false)
      return one(try node(op, [first.id], name: "\(reduction)"), batched: first.isBatched)
    case .topK(let k, let pad):
      return try topK(first, k: k, pad: pad)
    case .select:
      return ["": try apply(.select, operands, name: "where")]
    case .unary(let function):
      return ["": try apply(.unary(UnaryOp(function)), [first], name: "\(function)")]
    case .binary(let function):
      return ["": try apply(.binary(BinaryOp(function)), operands, name: "\(function)")]
    case .compare(let comparison):
      return ["": try apply(.compare(CompareOp(comparison)), operands, name: "\(comparison)")]
    }
  }

  private func shift(_ value: Lowered) -> Int { value.isBatched ? 1 : 0 }

  private mutating func scalar(_ value: Double, like other: Lowered) -> Lowered {
    let element = graph.type(of: other.id).element
    let constant = Constant.filled(element, [], value) ?? Constant(.f64, [], [value])
    return Lowered(id: graph.addConstant("\(value)", constant), isBatched: false)
  }

  /// A vector along the last axis.
  private mutating func row(_ values: [Double], like other: Lowered) -> Lowered {
    if graph.type(of: other.id).element == .f64 {
      return Lowered(id: graph.addConstant("row", Constant(.f64, [values.count], values)), isBatched: false)
    }
    return Lowered(
      id: graph.addConstant("row", Constant(.f32, [values.count], values.map { Float($0) })), isBatched: false)
  }

  private mutating func concat(_ operands: [Lowered], axis: Int) throws(LoweringError) -> Parts {
    let isBatched = operands.contains(where: \.isBatched)
    var ids: [ValueID] = []
    for operand in operands { ids.append(isBatched ? try batched(operand).id : operand.id) }
    let id = try node(.concat(axis: axis + (isBatched ? 1 : 0)), ids, name: "concat")
    return ["": Lowered(id: id, isBatched: isBatched, isOrderDependent: operands.contains(where: \.isOrderDependent))]
  }

  private mutating func expand(_ value: Lowered, _ dim: Dim) throws(LoweringError) -> Lowered {
    let dims = graph.type(of: value.id).shape.dims
    var wanted = dims
    wanted.insert(dim, at: shift(value))
    var source = dims
    source.insert(1, at: shift(value))
    let shaped = try node(.reshape(Shape(source)), [value.id], name: "row")
    let id = try node(.expand(Shape(wanted)), [shaped], name: "expand")
    return Lowered(id: id, isBatched: value.isBatched, isOrderDependent: value.isOrderDependent)
  }

  private mutating func gather(_ data: Lowered, _ operands: [Lowered]) throws(LoweringError) -> Lowered {
    guard operands.count == 2 else { throw LoweringError("gather takes a tensor and indices") }
    let index = operands[1]
    let order = operands.contains(where: \.isOrderDependent)
    if !data.isBatched {
      let id = try node(.gather(axis: 0, negative: .zero), [data.id, index.id], name: "gather")
      return Lowered(id: id, isBatched: index.isBatched, isOrderDependent: order)
    }
    // Every request gathers from its own rows: clamp, gather along the batch, then zero what was -1.
    let rows = try batched(index)
    let zero = scalar(0, like: rows)
    let clamped = try apply(.binary(.maximum), [rows, zero], name: "index")
    let shape = graph.type(of: clamped.id).shape
    let tuple = try node(.reshape(Shape(shape.dims + [1])), [clamped.id], name: "index")
    let picked = try node(.gatherND(batchDims: 1), [data.id, tuple], name: "gather")
    let missing = try apply(.compare(.less), [rows, zero], name: "missing")
    let pickedRank = graph.type(of: picked).shape.rank
    let tail = Array(repeating: Dim(1), count: max(0, pickedRank - shape.rank))
    let mask = try node(.reshape(Shape(shape.dims + tail)), [missing.id], name: "missing")
    let empty = scalar(0, like: Lowered(id: picked, isBatched: true))
    let id = try node(.select, [mask, empty.id, picked], name: "gather")
    return Lowered(id: id, isBatched: true, isOrderDependent: order)
  }

  private mutating func topK(_ value: Lowered, k: Int, pad: Double?) throws(LoweringError) -> Parts {
    let axis = graph.type(of: value.id).shape.rank - 1
    do throws(ShapeError) {
      let results = try graph.add(
        .topK(k: k, axis: axis, largest: true, pad: pad), [value.id], name: "top_k",
        origin: "pipeline \(pipeline.name), `top_k`")
      return [
        "value": Lowered(id: results[0], isBatched: value.isBatched),
        "index": Lowered(id: results[1], isBatched: value.isBatched, isOrderDependent: true),
      ]
    } catch {
      throw LoweringError("\(error.origin): \(error.message)")
    }
  }
}

extension ReduceOp {
  init(_ reduction: Builtin.Reduction) {
    switch reduction {
    case .sum: self = .sum
    case .mean: self = .mean
    case .maximum: self = .maximum
    case .minimum: self = .minimum
    }
  }
}

extension UnaryOp {
  init(_ function: Builtin.UnaryFunction) {
    switch function {
    case .negate: self = .negate
    case .not: self = .not
    case .log1p: self = .log1p
    case .log: self = .log
    case .exp: self = .exp
    case .sqrt: self = .sqrt
    case .absolute: self = .absolute
    case .sigmoid: self = .sigmoid
    case .tanh: self = .tanh
    case .relu: self = .relu
    }
  }
}

extension BinaryOp {
  init(_ function: Builtin.BinaryFunction) {
    switch function {
    case .add: self = .add
    case .subtract: self = .subtract
    case .multiply: self = .multiply
    case .divide: self = .divide
    case .minimum: self = .minimum
    case .maximum: self = .maximum
    case .and: self = .and
    case .or: self = .or
    }
  }
}

extension CompareOp {
  init(_ comparison: Builtin.Comparison) {
    switch comparison {
    case .equal: self = .equal
    case .notEqual: self = .notEqual
    case .less: self = .less
    case .lessOrEqual: self = .lessOrEqual
    case .greater: self = .greater
    case .greaterOrEqual: self = .greaterOrEqual
    }
  }
}
