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
      let base = try call.operand(0)
      // Since opset 12 the exponent may have another type; the result has the base's.
      var exponent = try call.operand(1)
      let element = importer.element(of: base)
      if importer.element(of: exponent).isFloat && element.isInteger {
        let wide = try importer.converted(base, to: importer.element(of: exponent), call)
        return [try importer.converted(try importer.binary(.power, wide, exponent, call), to: element, call)]
      }
      exponent = try importer.converted(exponent, to: element, call)
      return [try importer.binary(.power, base, exponent, call)]
    },
    "PRelu": { (importer, call) throws(ImportError) in
      [try importer.binary(.prelu, try call.operand(0), try call.operand(1), call)]
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
      [try importer.binary(function, try call.operand(0), try call.operand(1), call)]
    }
  }

  private static func compare(_ function: CompareOp) -> Conversion {
    { (importer, call) throws(ImportError) in
      [try importer.emit(.compare(function), try call.operand(0), try call.operand(1), for: call)]
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
