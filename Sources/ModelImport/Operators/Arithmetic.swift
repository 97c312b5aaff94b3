import InferenceIR
import TensorTypes

extension OperatorTable {
  /// Functions of several broadcast tensors.
  static let arithmetic: [String: Conversion] = [
    "Add": binary(.add),
    "And": binary(.and),
    "Div": binary(.divide),
    "Mul": binary(.multiply),
    "Or": binary(.or),
    "Sub": binary(.subtract),
    "Xor": binary(.xor),
    "Max": variadic(.maximum),
    "Min": variadic(.minimum),
    "Sum": variadic(.add),
    "Mean": { (importer, call) throws(ImportError) in
      let operands = try call.variadic()
      let sum = try folded(.add, operands, &importer, call)
      let count = importer.scalar(Double(operands.count), importer.element(of: sum), call)
      return [try importer.binary(.divide, sum, count, call)]
    },
    "Clip": clip,
    "Mod": { (importer, call) throws(ImportError) in
      let truncated = try call.bool("fmod", false)
      return [try importer.binary(.modulo(truncated: truncated), try call.operand(0), try call.operand(1), call)]
    },
    "Pow": { (importer, call) throws(ImportError) in
      let (base, given) = try aligned(&importer, &call)
      // Since opset 12 the exponent may have another type; the result has the base's.
      var exponent = given
      let element = importer.element(of: base)
      if importer.element(of: exponent).isFloat && element.isInteger {
        let wide = try importer.converted(base, to: importer.element(of: exponent), call)
        return [try importer.converted(try importer.binary(.power, wide, exponent, call), to: element, call)]
      }
      exponent = try importer.converted(exponent, to: element, call)
      return [try importer.binary(.power, base, exponent, call)]
    },
    "PRelu": { (importer, call) throws(ImportError) in
      let (x, slope) = (try call.operand(0), try call.operand(1))
      let (shape, given) = (importer.shape(of: x), importer.shape(of: slope))
      // Before opset 7 a slope is one number, or one for each channel.
      guard call.version < 7, given.elementCount != 1, shape.rank > 1 else {
        return [try importer.binary(.prelu, x, slope, call)]
      }
      let column = Shape([given.elementCount] + [Dim](repeating: 1, count: shape.rank - 2))
      return [try importer.binary(.prelu, x, try importer.reshaped(slope, column, call), call)]
    },
  ]

  /// Comparisons and choices.
  static let comparisons: [String: Conversion] = [
    "Equal": compare(.equal),
    "Greater": compare(.greater),
    "GreaterOrEqual": compare(.greaterOrEqual),
    "Less": compare(.less),
    "LessOrEqual": compare(.lessOrEqual),
    "Where": { (importer, call) throws(ImportError) in
      [try importer.emit(.select, try call.operand(0), try call.operand(1), try call.operand(2), for: call)]
    },
  ]

  private static func binary(_ function: BinaryOp) -> Conversion {
    { (importer, call) throws(ImportError) in
      let (a, b) = try aligned(&importer, &call)
      return [try importer.binary(function, a, b, call)]
    }
  }

  /// Two operands as numpy broadcasts them. Before opset 7 the second is broadcast only where `broadcast` says so, with
  /// its first axis under axis `axis` of the first operand, or with its last axis under the last.
  private static func aligned(
    _ importer: inout Importer, _ call: inout Call,
  ) throws(ImportError) -> (ValueID, ValueID) {
    let (a, b) = (try call.operand(0), try call.operand(1))
    if call.version >= 7 { return (a, b) }
    let (shape, other) = (importer.shape(of: a), importer.shape(of: b))
    guard try call.bool("broadcast", false) else {
      call.ignore("axis")
      guard shape == other else { throw call.fail(.shape("\(shape) and \(other) differ, and broadcast is 0")) }
      return (a, b)
    }
    let axis = try call.int("axis") ?? shape.rank - other.rank
    guard axis >= 0, axis + other.rank <= shape.rank else {
      throw call.fail(.shape("\(other) does not fit \(shape) from axis \(axis) on"))
    }
    let trailing = [Dim](repeating: 1, count: shape.rank - other.rank - axis)
    let aligned = Shape(other.dims + trailing)
    guard try OperatorTable.broadcast(shape, aligned, call) == shape else {
      throw call.fail(.shape("\(other) does not broadcast to \(shape)"))
    }
    return (a, try importer.reshaped(b, aligned, call))
  }

  private static func compare(_ function: CompareOp) -> Conversion {
    { (importer, call) throws(ImportError) in
      let (a, b) = try aligned(&importer, &call)
      return [try importer.emit(.compare(function), a, b, for: call)]
    }
  }

  private static func variadic(_ function: BinaryOp) -> Conversion {
    { (importer, call) throws(ImportError) in [try folded(function, try call.variadic(), &importer, call)] }
  }

  /// From left to right; a single operand is its own result.
  private static func folded(
    _ function: BinaryOp, _ operands: [ValueID], _ importer: inout Importer, _ call: Call,
  ) throws(ImportError) -> ValueID {
    var result = operands[0]
    for operand in operands.dropFirst() { result = try importer.binary(function, result, operand, call) }
    return result
  }

  /// `min(max(x, low), high)`; bounds are attributes before opset 11 and optional operands since.
  private static let clip: Conversion = { (importer, call) throws(ImportError) in
    var result = try call.operand(0)
    let element = importer.element(of: result)
    var (low, high) = (call.optional(1), call.optional(2))
    if call.version < 11 {
      low = try call.float("min").map { importer.scalar(Double($0), element, call) }
      high = try call.float("max").map { importer.scalar(Double($0), element, call) }
    }
    if let low { result = try importer.binary(.maximum, result, low, call) }
    if let high { result = try importer.binary(.minimum, result, high, call) }
    return [result]
  }
}
