import InferenceIR
import TensorTypes

/// Short forms for graphs in tests.
extension Graph {
  mutating func f32(_ shape: [Int], _ values: [Float]) -> ValueID {
    addConstant("c\(values.count)", Constant(.f32, shape, values))
  }

  mutating func i64(_ shape: [Int], _ values: [Int64]) -> ValueID {
    addConstant("i\(values.count)", Constant(.i64, shape, values))
  }

  mutating func apply(_ op: Op, _ operands: ValueID...) throws -> ValueID {
    try add(op, operands, name: "v\(values.count)", origin: "test \(op.mnemonic)")[0]
  }

  /// `activation(x * w + b)` with seeded weights.
  mutating func dense(
    _ x: ValueID, _ inputs: Int, _ outputs: Int, _ activation: UnaryOp?, _ random: inout Seeded,
    transposed: Bool = false,
  ) throws -> ValueID {
    let scale = 1 / Float(inputs).squareRoot()
    let w = f32(
      transposed ? [outputs, inputs] : [inputs, outputs], random.floats(inputs * outputs, in: -scale...scale))
    let b = f32([outputs], random.floats(outputs))
    var y = try apply(.binary(.add), try apply(.matmul(transposeA: false, transposeB: transposed), x, w), b)
    if let activation { y = try apply(.unary(activation), y) }
    return y
  }
}
