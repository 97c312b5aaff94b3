import InferenceIR
import TensorTypes

extension Emitter {
  /// One element of a movement's result: the operand's element at other indices.
  mutating func moved(_ node: Node, at indices: [Affine]) throws(EmitFailure) -> Operand {
    let x = node.inputs.first
    switch node.op {
    case .reshape(let shape):
      guard let x, let axes = shape.unitReshapeAxes(to: schedule.shape(of: x)) else {
        throw unsupported(node, "a reshape to \(shape) cannot run inside another kernel")
      }
      return try value(x, at: axes.map { axis in axis.map { indices[$0] } ?? Affine(0) })
    case .transpose(let permutation):
      guard let x else { break }
      var source = indices
      for (at, axis) in permutation.enumerated() { source[axis] = indices[at] }
      return try value(x, at: source)
    case .expand:
      return try operand(node, 0, at: indices)
    case .slice(let axis, let start, _, let step):
      guard let x else { break }
      var source = indices
      source[axis] = indices[axis] * Dim(step) + Affine(start)
      return try value(x, at: source)
    case .gather(let axis, let negative):
      return try gathered(node, axis, negative, at: indices)
    case .gatherElements(let axis):
      var source = indices
      let count = schedule.shape(of: node.inputs[0])[axis]
      source[axis] = try wrapped(node.inputs[1], at: indices, count: count).index
      return try value(node.inputs[0], at: source)
    case .gatherND(let batchDims):
      return try gatheredND(node, batchDims, at: indices)
    case .pad(let before, _):
      return try padded(node, before, at: indices)
    case .oneHot(let depth, let axis):
      return try encoded(node, depth, axis, at: indices)
    case .dimensions(let dims):
      if let at = indices[0].constant, dims.indices.contains(at) {
        return bind("i64", .cast("i64", c(dims[at])), level: 0)
      }
      var chosen = c(dims[dims.count - 1])
      for (at, dim) in dims.dropLast().enumerated().reversed() {
        chosen = .conditional(.binary(c(indices[0]), "==", .integer(at)), c(dim), chosen)
      }
      return bind("i64", chosen, level: level(of: indices[0]))
    case .iota(_, let start, let step):
      let number = indices[0] * Dim(step) + Affine(Dim(start))
      return bind("i64", .cast("i64", c(number)), level: level(of: number))
    case .unary, .binary, .compare, .select, .cast, .bitcast, .matmul, .convolution, .pool, .reduce, .argReduce,
      .softmax, .logSoftmax,
      .layerNorm, .rmsNorm, .attention, .recurrent, .cumulativeSum, .cumulativeProduct, .scatterElements, .scatterND,
      .concat, .positions, .nonMaxSuppression, .topK, .treeEnsemble, .bucketize, .hashBucket:
      break
    }
    throw unsupported(node, "\(node.op.mnemonic) is not a movement")
  }

  /// An index operand where negative numbers count from the end. Ids come from requests and databases, so what is out
  /// of range reads the nearest row rather than memory that is not the table's.
  mutating func wrapped(
    _ id: ValueID, at indices: [Affine], count: Dim,
  ) throws(EmitFailure) -> (index: Affine, level: Int) {
    if let constant = schedule.graph[id].constant, constant.elementCount == 1, let raw = constant.integers.first,
      lane == nil
    {
      return (raw < 0 ? Affine(count + Dim(Int(raw))) : Affine(Dim(Int(raw))), 0)
    }
    let raw = try index(id, at: indices)
    let value: CExpression = .conditional(.name(raw.name) < 0, .name(raw.name) + c(count), .name(raw.name))
    let fromStart = bind("i64", value, level: raw.level).expression
    return (Affine(variable: clamped(fromStart, count: count, level: raw.level)), raw.level)
  }

  /// A local variable with the index moved into `0 ..< count`.
  private mutating func clamped(_ index: CExpression, count: Dim, level: Int) -> String {
    let name = fresh("at")
    levels[level].append(.declare(type: "const i64", name: name, .call("clamp_index", [index, c(count)])))
    declare(variable: name, level: level)
    return name
  }

  private mutating func gathered(
    _ node: Node, _ axis: Int, _ negative: NegativeIndex, at indices: [Affine],
  ) throws(EmitFailure) -> Operand {
    let (data, ids) = (node.inputs[0], node.inputs[1])
    let rank = schedule.shape(of: ids).rank
    let idIndices = Array(indices[axis..<axis + rank])
    // The lane may run along the row, but not over the indices.
    let saved = lane
    if let lane, !idIndices.contains(where: { $0[lane] != 0 }) { self.lane = nil }
    defer { lane = saved }
    func source(_ found: Affine) -> [Affine] { indices[..<axis] + [found] + indices[(axis + rank)...] }
    switch negative {
    case .fromEnd:
      let found = try wrapped(ids, at: idIndices, count: schedule.shape(of: data)[axis]).index
      lane = saved
      return try value(data, at: source(found))
    case .zero:
      if lane != nil || saved != nil { throw .notVector }
      let raw = try index(ids, at: idIndices)
      let name = clamped(.name(raw.name), count: schedule.shape(of: data)[axis], level: raw.level)
      let found = try value(data, at: source(Affine(variable: name)))
      let element = schedule.type(of: data).element
      let zero: CExpression = element == .string ? .name("(string){0, 0}") : .cast(element.computeType, 0)
      return bind(
        element.computeType, .conditional(.name(raw.name) < 0, zero, found.expression),
        level: max(raw.level, found.level))
    }
  }

  private mutating func gatheredND(_ node: Node, _ batchDims: Int, at indices: [Affine]) throws(EmitFailure) -> Operand
  {
    let (data, ids) = (node.inputs[0], node.inputs[1])
    let idShape = schedule.shape(of: ids)
    let tuples = idShape.rank - 1
    guard let width = idShape.dims.last?.constant else {
      throw unsupported(node, "gatherND needs index tuples of a fixed length")
    }
    var source = Array(indices[..<batchDims])
    for part in 0..<width {
      let place = Array(indices[..<tuples]) + [Affine(Dim(part))]
      source.append(try wrapped(ids, at: place, count: schedule.shape(of: data)[batchDims + part]).index)
    }
    return try value(data, at: source + indices[tuples...])
  }

  private mutating func padded(_ node: Node, _ before: [Int], at indices: [Affine]) throws(EmitFailure) -> Operand {
    if lane != nil { throw .notVector }
    let x = node.inputs[0]
    var inside: CExpression?
    var source = indices
    var deepest = 0
    for (axis, dim) in schedule.shape(of: x).dims.enumerated() {
      if dim == schedule.shape(of: node.outputs[0])[axis] { continue }
      let shifted = indices[axis] + Affine(Dim(-before[axis]))
      if let range = ranges.first(where: { Affine(variable: $0.key) == indices[axis] })?.value,
        let extent = dim.constant
      {
        let places = range.lowerBound - before[axis]..<range.upperBound - before[axis]
        if !places.overlaps(0..<extent) { return try value(node.inputs[1], at: []) }
        if places.lowerBound >= 0, places.upperBound <= extent {
          source[axis] = shifted
          continue
        }
      }
      let at = level(of: shifted)
      deepest = max(deepest, at)
      let place = bind("i64", .cast("i64", c(shifted)), level: at)
      let holds = bind("u8", .binary(place.expression >= 0, "&", place.expression < c(dim)), level: at)
      let name = fresh("at")
      levels[at].append(
        .declare(type: "const i64", name: name, .conditional(holds.expression, place.expression, 0)))
      declare(variable: name, level: at)
      source[axis] = Affine(variable: name)
      inside = inside.map { .binary($0, "&", holds.expression) } ?? holds.expression
    }
    let fill = try value(node.inputs[1], at: [])
    guard let inside else { return try value(x, at: source) }
    // An empty operand has no element 0 to read.
    let found = try value(x, at: source)
    return bind(
      schedule.type(of: x).element.computeType, .conditional(inside, found.expression, fill.expression),
      level: max(found.level, deepest))
  }

  private mutating func encoded(
    _ node: Node, _ depth: Int, _ axis: Int, at indices: [Affine],
  ) throws(EmitFailure) -> Operand {
    if lane != nil { throw .notVector }
    var place = indices
    let slot = place.remove(at: axis)
    let raw = try value(node.inputs[0], at: place)
    let (off, on) = (try value(node.inputs[1], at: []), try value(node.inputs[2], at: []))
    let level = max(raw.level, level(of: slot))
    let hit: CExpression = .binary(
      .binary(raw.expression, "==", c(slot)), "|", .binary(raw.expression, "==", c(slot + Affine(Dim(-depth)))))
    return bind(
      schedule.type(of: node.inputs[1]).element.computeType, .conditional(hit, on.expression, off.expression),
      level: level)
  }
}
