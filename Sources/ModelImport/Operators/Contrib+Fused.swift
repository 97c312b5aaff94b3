import InferenceIR
import TensorTypes

extension OperatorTable {
  /// Contributed operators that are several standard ones.
  static let fused: [String: Conversion] = [
    "BiasGelu": { (importer, call) throws(ImportError) in
      let sum = try importer.binary(.add, try call.operand(0), try call.operand(1), call)
      return [try importer.unary(.gelu, sum, call)]
    },
    "FastGelu": { (importer, call) throws(ImportError) in
      var x = try call.operand(0)
      if let bias = call.optional(1) { x = try importer.binary(.add, x, bias, call) }
      return [try importer.unary(.geluTanh, x, call)]
    },
    "Gelu": { (importer, call) throws(ImportError) in [try importer.unary(.gelu, try call.operand(0), call)] },
    "QuickGelu": { (importer, call) throws(ImportError) in
      let x = try call.operand(0)
      let alpha = importer.scalar(try call.float("alpha", 1.702), importer.element(of: x), call)
      let gate = try importer.unary(.sigmoid, try importer.binary(.multiply, x, alpha, call), call)
      return [try importer.binary(.multiply, x, gate, call)]
    },
    "FusedGemm": { (importer, call) throws(ImportError) in
      let activation = try call.string("activation", "")
      let alpha = try call.float("activation_alpha")
      call.ignore("activation_beta", "activation_gamma")
      let product = try gemm(&importer, &call)[0]
      switch activation {
      case "": return [product]
      case "Relu": return [try importer.unary(.relu, product, call)]
      case "Sigmoid": return [try importer.unary(.sigmoid, product, call)]
      case "Tanh": return [try importer.unary(.tanh, product, call)]
      case "LeakyRelu": return [try importer.unary(.leakyRelu(Double(alpha ?? 0.01)), product, call)]
      default: throw call.fail(.unsupportedAttribute("activation \"\(activation)\""))
      }
    },
    "FusedMatMul": { (importer, call) throws(ImportError) in
      for name in ["transBatchA", "transBatchB"] where try call.bool(name, false) {
        throw call.fail(.unsupportedAttribute("\(name) = 1"))
      }
      let (a, b) = (try call.operand(0), try call.operand(1))
      let (transposeA, transposeB) = (try call.bool("transA", false), try call.bool("transB", false))
      var product: ValueID
      if transposeA || transposeB {
        product = try importer.emit(.matmul(transposeA: transposeA, transposeB: transposeB), a, b, for: call)
      } else {
        product = try matmul(a, b, &importer, call)
      }
      let alpha = try call.float("alpha", 1)
      if alpha != 1 {
        let factor = importer.scalar(alpha, importer.element(of: product), call)
        product = try importer.binary(.multiply, product, factor, call)
      }
      return [product]
    },
  ]
}
