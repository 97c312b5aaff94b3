import InferenceIR
import TensorTypes

extension OperatorTable {
  /// Functions of one tensor.
  static let activations: [String: Conversion] = [
    "Abs": unary(.absolute),
    "Acos": unary(.inverse(.acos)),
    "Acosh": unary(.inverse(.acosh)),
    "Asin": unary(.inverse(.asin)),
    "Asinh": unary(.inverse(.asinh)),
    "Atan": unary(.inverse(.atan)),
    "Atanh": unary(.inverse(.atanh)),
    "Ceil": unary(.ceil),
    "Cos": unary(.cos),
    "Cosh": unary(.inverse(.cosh)),
    "Erf": unary(.erf),
    "Exp": unary(.exp),
    "Floor": unary(.floor),
    "HardSwish": unary(.hardSwish),
    "IsNaN": { (importer, call) throws(ImportError) in
      [try importer.unary(.isNaN, try importer.computable(try call.operand(0), call), call)]
    },
    "Log": unary(.log),
    "Mish": unary(.mish),
    "Neg": unary(.negate),
    "Not": unary(.not),
    "Reciprocal": unary(.reciprocal),
    "Relu": unary(.relu),
    "Round": unary(.round),
    "Sigmoid": unary(.sigmoid),
    "Sign": unary(.sign),
    "Sin": unary(.sin),
    "Sinh": unary(.inverse(.sinh)),
    "Softplus": unary(.softplus),
    "Softsign": unary(.softsign),
    "Sqrt": unary(.sqrt),
    "Tanh": unary(.tanh),
    "Celu": celu,
    "Elu": { (importer, call) throws(ImportError) in
      let alpha = try call.float("alpha", 1)
      return [try importer.unary(.elu(alpha), try call.operand(0), call)]
    },
    "Gelu": { (importer, call) throws(ImportError) in
      let approximate = try call.string("approximate", "none")
      guard approximate == "none" || approximate == "tanh" else {
        throw call.fail(.invalid("approximate is \"\(approximate)\""))
      }
      return [try importer.unary(approximate == "tanh" ? .geluTanh : .gelu, try call.operand(0), call)]
    },
    "HardSigmoid": { (importer, call) throws(ImportError) in
      let (alpha, beta) = (try call.float("alpha", 0.2), try call.float("beta", 0.5))
      return [try importer.unary(.hardSigmoid(alpha: alpha, beta: beta), try call.operand(0), call)]
    },
    "IsInf": isInf,
    "LeakyRelu": { (importer, call) throws(ImportError) in
      let alpha = try call.float("alpha", 0.01)
      return [try importer.unary(.leakyRelu(alpha), try call.operand(0), call)]
    },
    "Selu": { (importer, call) throws(ImportError) in
      // Version 1 has fewer digits.
      let alpha = try call.float("alpha", call.version < 6 ? 1.6732 : 1.67326319217681884765625)
      let gamma = try call.float("gamma", call.version < 6 ? 1.0507 : 1.05070102214813232421875)
      return [try importer.unary(.selu(alpha: alpha, gamma: gamma), try call.operand(0), call)]
    },
    "Shrink": shrink,
    "SwiGLU": { (importer, call) throws(ImportError) in
      [try importer.binary(.multiply, try swish(&importer, &call)[0], try call.operand(1), call)]
    },
    "Swish": swish,
    "Tan": { (importer, call) throws(ImportError) in
      let x = try call.operand(0)
      let (sine, cosine) = (try importer.unary(.sin, x, call), try importer.unary(.cos, x, call))
      return [try importer.binary(.divide, sine, cosine, call)]
    },
    "ThresholdedRelu": { (importer, call) throws(ImportError) in
      let x = try call.operand(0)
      let element = importer.element(of: x)
      let alpha = importer.scalar(try call.float("alpha", 1), element, call)
      let zero = importer.scalar(0, element, call)
      let above = try importer.emit(.compare(.greater), x, alpha, for: call)
      return [try importer.emit(.select, above, x, zero, for: call)]
    },
  ]

  private static func unary(_ function: UnaryOp) -> Conversion {
    { (importer, call) throws(ImportError) in [try importer.unary(function, try call.operand(0), call)] }
  }

  /// `max(0, x) + min(0, alpha * (exp(x / alpha) - 1))`: the elu of `x / alpha`, times alpha.
  private static let celu: Conversion = { (importer, call) throws(ImportError) in
    let x = try call.operand(0)
    let alpha = importer.scalar(try call.float("alpha", 1), importer.element(of: x), call)
    let scaled = try importer.binary(.divide, x, alpha, call)
    return [try importer.binary(.multiply, try importer.unary(.elu(1), scaled, call), alpha, call)]
  }

  private static let isInf: Conversion = { (importer, call) throws(ImportError) in
    let x = try importer.computable(try call.operand(0), call)
    let positive = try call.bool("detect_positive", true)
    let negative = try call.bool("detect_negative", true)
    if positive && negative { return [try importer.unary(.isInf, x, call)] }
    let bound = importer.scalar(positive ? .infinity : -.infinity, importer.element(of: x), call)
    let equal = try importer.emit(.compare(.equal), x, bound, for: call)
    if positive || negative { return [equal] }
    let never = importer.constant(Constant(.bool, [], [0 as UInt8]), call)
    return [try importer.binary(.and, equal, never, call)]
  }

  /// `x + bias` below `-lambd`, `x - bias` above `lambd`, else 0.
  private static let shrink: Conversion = { (importer, call) throws(ImportError) in
    let x = try call.operand(0)
    let element = importer.element(of: x)
    let bias = importer.scalar(try call.float("bias", 0), element, call)
    let lambda = try call.float("lambd", 0.5)
    let (low, high) = (importer.scalar(-lambda, element, call), importer.scalar(lambda, element, call))
    let below = try importer.emit(.compare(.less), x, low, for: call)
    let above = try importer.emit(.compare(.greater), x, high, for: call)
    let zero = importer.scalar(0, element, call)
    let shrunk = try importer.binary(.subtract, x, bias, call)
    let inner = try importer.emit(.select, above, shrunk, zero, for: call)
    return [try importer.emit(.select, below, try importer.binary(.add, x, bias, call), inner, for: call)]
  }

  /// `x * sigmoid(alpha * x)`.
  private static let swish: Conversion = { (importer, call) throws(ImportError) in
    let x = try call.operand(0)
    let alpha = try call.float("alpha", 1)
    if alpha == 1 { return [try importer.unary(.silu, x, call)] }
    let scaled = try importer.binary(.multiply, x, importer.scalar(alpha, importer.element(of: x), call), call)
    return [try importer.binary(.multiply, x, try importer.unary(.sigmoid, scaled, call), call)]
  }
}
