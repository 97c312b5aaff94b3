import InferenceIR
import TensorTypes

extension OperatorTable {
  static let contractions: [String: Conversion] = [
    "Einsum": { (importer, call) throws(ImportError) in
      let equation = try call.string("equation", "")
      return [try Einsum(equation, try call.variadic(), &importer, call).convert(&importer, call)]
    },
    "Gemm": gemm,
    "MatMul": { (importer, call) throws(ImportError) in
      [try matmul(try call.operand(0), try call.operand(1), &importer, call)]
    },
  ]

  /// `alpha * A * B + beta * C`.
  static let gemm: Conversion = { (importer, call) throws(ImportError) in
    let (alpha, beta) = (try call.float("alpha", 1), try call.float("beta", 1))
    let (transposeA, transposeB) = (try call.bool("transA", false), try call.bool("transB", false))
    let (a, b) = (try call.operand(0), try call.operand(1))
    for id in [a, b] where importer.shape(of: id).rank != 2 {
      throw call.fail(.shape("operands are matrices, found \(importer.type(of: id))"))
    }
    // Before opset 7 it says that C may be broadcast, which it may anyway.
    call.ignore("broadcast")
    let element = importer.element(of: a)
    let quantized = transposeA ? nil : try importer.quantizedProduct(a, b, transposeB: transposeB, call)
    var result: ValueID
    if let quantized {
      result = quantized
    } else {
      result = try importer.emit(.matmul(transposeA: transposeA, transposeB: transposeB), a, b, for: call)
    }
    if alpha != 1 { result = try importer.binary(.multiply, result, importer.scalar(alpha, element, call), call) }
    if var bias = call.optional(2), beta != 0 {
      if beta != 1 { bias = try importer.binary(.multiply, bias, importer.scalar(beta, element, call), call) }
      let product = importer.shape(of: result)
      result = try importer.binary(.add, result, bias, call)
      guard importer.shape(of: result) == product else {
        throw call.fail(.shape("operand C of shape \(importer.shape(of: bias)) does not broadcast to \(product)"))
      }
    }
    return [result]
  }

  /// numpy's matmul: a vector stands for a row on the left and for a column on the right.
  static func matmul(
    _ a: ValueID, _ b: ValueID, _ importer: inout Importer, _ call: Call,
  ) throws(ImportError) -> ValueID {
    let (left, right) = (importer.shape(of: a), importer.shape(of: b))
    guard left.rank > 0, right.rank > 0 else { throw call.fail(.shape("operands are scalars")) }
    if let product = try importer.quantizedProduct(a, b, transposeB: false, call) { return product }
    let x = left.rank == 1 ? try importer.reshaped(a, Shape([1] + left.dims), call) : a
    let y = right.rank == 1 ? try importer.reshaped(b, Shape(right.dims + [1]), call) : b
    let product = try importer.emit(.matmul(transposeA: false, transposeB: false), x, y, for: call)
    var dims = importer.shape(of: product).dims
    if left.rank == 1 { dims.remove(at: dims.count - 2) }
    if right.rank == 1 { dims.removeLast() }
    return try importer.reshaped(product, Shape(dims), call)
  }
}
