import InferenceIR
import TensorTypes

extension Emitter {
  /// One element (or 16) of a node's result.
  mutating func apply(_ node: Node, at indices: [Affine]) throws(EmitFailure) -> Operand {
    let result = schedule.type(of: node.outputs[0])
    switch node.op {
    case .unary(let function):
      let x = try operand(node, 0, at: indices)
      return bindResult(try unary(function, x, node), result.element, [x])
    case .binary(let function):
      let (a, b) = (try operand(node, 0, at: indices), try operand(node, 1, at: indices))
      return bindResult(try binary(function, a, b, node), result.element, [a, b])
    case .compare(let function):
      if lane != nil { throw .notVector }
      let (a, b) = (try operand(node, 0, at: indices), try operand(node, 1, at: indices))
      return bindResult(compare(function, a, b, node), result.element, [a, b])
    case .select:
      if lane != nil { throw .notVector }
      let (c, a, b) = (
        try operand(node, 0, at: indices), try operand(node, 1, at: indices), try operand(node, 2, at: indices)
      )
      return bindResult(.conditional(c.expression, a.expression, b.expression), result.element, [c, a, b])
    case .cast(let element, let narrowing):
      if lane != nil { throw .notVector }
      let x = try operand(node, 0, at: indices)
      let from = schedule.type(of: node.inputs[0]).element
      return bindResult(converted(x.expression, from: from, to: element, narrowing), element, [x])
    case .bitcast(let element):
      guard let view = schedule.views[node.inputs[0]], lane == nil else { throw .notVector }
      let x = try load(view, indices, element)
      return bindResult(reinterpreted(x.expression, as: element), element, [x])
    case .bucketize(let boundaries):
      if lane != nil { throw .notVector }
      return bucketized(try operand(node, 0, at: indices), boundaries)
    case .hashBucket(let buckets):
      if lane != nil { throw .notVector }
      let x = try operand(node, 0, at: indices)
      let isString = schedule.type(of: node.inputs[0]).element == .string
      let key: CExpression = isString ? x.expression : .cast("u64", .cast("i64", x.expression))
      return bind("i64", .call("hash_bucket", [key, .integer(buckets)]), level: x.level)
    case .reshape, .transpose, .expand, .slice, .dimensions, .iota, .gather, .gatherElements, .gatherND, .pad, .oneHot:
      return try moved(node, at: indices)
    case .matmul, .convolution, .pool, .reduce, .argReduce, .softmax, .logSoftmax, .layerNorm, .rmsNorm, .attention,
      .recurrent,
      .cumulativeSum, .cumulativeProduct, .scatterElements, .scatterND, .concat, .positions, .nonMaxSuppression, .topK,
      .treeEnsemble:
      throw unsupported(node, "\(node.op.mnemonic) cannot run inside another kernel")
    }
  }

  /// The operand's element that meets `indices` under broadcasting.
  mutating func operand(_ node: Node, _ slot: Int, at indices: [Affine]) throws(EmitFailure) -> Operand {
    let id = node.inputs[slot]
    return try value(id, at: broadcastIndices(indices, to: schedule.shape(of: id)))
  }

  func broadcastIndices(_ indices: [Affine], to shape: Shape) -> [Affine] {
    zip(indices.suffix(shape.rank), shape.dims).map { index, dim in dim == 1 ? Affine(0) : index }
  }

  func unsupported(_ node: Node, _ message: String) -> EmitFailure {
    .unsupported(CompileError(origin: node.origin, message: message))
  }

  private mutating func bindResult(_ value: CExpression, _ element: ElementType, _ operands: [Operand]) -> Operand {
    let level = operands.map(\.level).max() ?? 0
    if operands.contains(where: \.isVector) { return bind("f32x16", value, level: level, isVector: true) }
    // Values of narrow floats are rounded once an operation, wherever they stand.
    let rounded: CExpression =
      element == .f16 ? .call("round_half", [value]) : element == .bf16 ? .call("round_bfloat", [value]) : value
    let narrow = element.isInteger && element.byteCount < 4
    return bind(
      element.computeType, narrow ? .cast(element.computeType, rounded) : rounded, level: level)
  }

  // MARK: Functions

  private func unary(_ function: UnaryOp, _ x: Operand, _ node: Node) throws(EmitFailure) -> CExpression {
    let element = schedule.type(of: node.inputs[0]).element
    let value = x.expression
    if element.isFloat {
      return Self.call(function, value, element)
    }
    switch function {
    case .not: return .unary(element == .bool ? "!" : "~", value)
    case .negate: return .unary("-", value)
    case .absolute: return .conditional(.binary(value, "<", 0), .unary("-", value), value)
    case .sign: return .binary(.binary(value, ">", 0), "-", .binary(value, "<", 0))
    case .square: return .binary(value, "*", value)
    case .relu: return .conditional(.binary(value, "<", 0), 0, value)
    case .exp, .log, .log1p, .sqrt, .reciprocal, .tanh, .sigmoid, .erf, .softplus, .softsign, .gelu, .geluTanh, .silu,
      .hardSwish, .mish, .floor, .ceil, .round, .sin, .cos, .isNaN, .isInf, .leakyRelu, .elu, .selu, .hardSigmoid,
      .inverse:
      throw unsupported(node, "\(function.mnemonic) has no kernel for \(element)")
    }
  }

  /// A function of one float, or of 16.
  static func call(_ function: UnaryOp, _ value: CExpression, _ element: ElementType = .f32) -> CExpression {
    func number(_ value: Double) -> CExpression { element == .f64 ? .double(value) : .float(Float(value)) }
    switch function {
    case .isNaN: return .binary(value, "!=", value)
    case .isInf: return .binary(.call("m_absolute", [value]), "==", .name("__builtin_inff()"))
    case .not: return .binary(value, "==", 0)
    case .leakyRelu(let alpha): return .call("m_leakyRelu", [value, number(alpha)])
    case .elu(let alpha): return .call("m_elu", [value, number(alpha)])
    case .selu(let alpha, let gamma): return .call("m_selu", [value, number(alpha), number(gamma)])
    case .hardSigmoid(let alpha, let beta):
      return .call("m_hardSigmoid", [value, number(alpha), number(beta)])
    case .negate, .absolute, .sign, .exp, .log, .log1p, .sqrt, .reciprocal, .square, .tanh, .sigmoid, .relu, .erf,
      .softplus, .softsign, .gelu, .geluTanh, .silu, .hardSwish, .mish, .floor, .ceil, .round, .sin, .cos,
      .inverse:
      return .call("m_\(function.mnemonic)", [value])
    }
  }

  private func binary(
    _ function: BinaryOp, _ a: Operand, _ b: Operand, _ node: Node,
  ) throws(EmitFailure) -> CExpression {
    let element = schedule.type(of: node.inputs[0]).element
    let (x, y) = (splat(a), splat(b))
    // Two scalars stay scalar: vectors begin where a lane takes part.
    let (p, q) = a.isVector || b.isVector ? (x, y) : (a.expression, b.expression)
    let wide = element == .u64 ? "u64" : "i64"
    func integers(_ name: String) -> CExpression { .call(name, [.cast(wide, p), .cast(wide, q)]) }
    func doubles(_ name: String) -> CExpression {
      .cast(element.computeType, .call(name, [.cast("f64", p), .cast("f64", q)]))
    }
    if !function.runsInRegisters, a.isVector || b.isVector { throw .notVector }
    switch function {
    case .add: return .binary(p, "+", q)
    case .subtract: return .binary(p, "-", q)
    case .multiply: return .binary(p, "*", q)
    case .divide: return element.isFloat ? .binary(p, "/", q) : integers("divide")
    case .minimum:
      if isNumber(node.inputs[1]) { return .call("m_atMost", [p, q]) }
      return element.isFloat ? .call("m_minimum", [p, q]) : .conditional(.binary(p, "<", q), p, q)
    case .maximum:
      if isNumber(node.inputs[1]) { return .call("m_atLeast", [p, q]) }
      return element.isFloat ? .call("m_maximum", [p, q]) : .conditional(.binary(p, ">", q), p, q)
    case .power: return element.isFloat ? .call("m_power", [p, q]) : integers("power_integer")
    case .modulo(let truncated):
      let name = truncated ? "remainder_truncated" : "remainder_floored"
      return element.isFloat ? doubles(name) : integers(name)
    case .and: return element.isFloat ? .binary(p, "*", q) : .binary(p, "&", q)
    case .or: return element.isFloat ? .call("m_maximum", [p, q]) : .binary(p, "|", q)
    case .xor: return element.isFloat ? .binary(p, "!=", q) : .binary(p, "^", q)
    case .shiftLeft, .shiftRight:
      let name = function == .shiftLeft ? "shift_left" : "shift_right"
      return .call(name, [.cast(wide, p), .cast(wide, q), .integer(element.bitWidth)])
    case .prelu:
      return .conditional(
        .binary(p, "<", .cast(a.isVector || b.isVector ? "f32x16" : element.computeType, 0)),
        .binary(p, "*", q), p)
    }
  }

  /// Whether a value is one constant that is computed with in f32 and is not NaN.
  private func isNumber(_ id: ValueID) -> Bool {
    guard let constant = schedule.graph[id].constant, constant.elementCount == 1, constant.element.isFloat,
      constant.element.computeType == "f32", let value = constant.doubles.first
    else { return false }
    return !value.isNaN
  }

  private func compare(_ function: CompareOp, _ a: Operand, _ b: Operand, _ node: Node) -> CExpression {
    if schedule.type(of: node.inputs[0]).element == .string {
      let same: CExpression = .call("equal_strings", [a.expression, b.expression])
      return function == .equal ? same : .unary("!", same)
    }
    let sign =
      switch function {
      case .equal: "=="
      case .notEqual: "!="
      case .less: "<"
      case .lessOrEqual: "<="
      case .greater: ">"
      case .greaterOrEqual: ">="
      }
    return .binary(a.expression, sign, b.expression)
  }

  private mutating func bucketized(_ x: Operand, _ boundaries: [Double]) -> Operand {
    let name = fresh("boundaries")
    levels[0].append(.table(type: "f64", name: name, boundaries.map { .double($0) }))
    return bind(
      "i64", .call("bucketize", [.cast("f64", x.expression), .name(name), .integer(boundaries.count)]), level: x.level)
  }
}

extension ElementType {
  /// Least and greatest value of an integer type, as far as they fit `Int`.
  var range: (Int, Int) {
    switch self {
    case .bool: (0, 1)
    case .u8: (0, Int(UInt8.max))
    case .u16: (0, Int(UInt16.max))
    case .u32: (0, Int(UInt32.max))
    case .i8: (Int(Int8.min), Int(Int8.max))
    case .i16: (Int(Int16.min), Int(Int16.max))
    case .i32: (Int(Int32.min), Int(Int32.max))
    case .u64, .i64, .f16, .bf16, .f32, .f64, .string, .small: (.min, .max)
    }
  }
}
