import InferenceIR
import TensorTypes

extension OperatorTable {
  static let quantizedConvolutions: [String: Conversion] = [
    "ConvInteger": { (importer, call) throws(ImportError) in
      [
        try integerConvolution(
          try call.operand(0), try call.operand(1), zeroX: call.optional(2), zeroW: call.optional(3), bias: nil,
          &importer, &call)
      ]
    },
    "QLinearConv": { (importer, call) throws(ImportError) in
      let (x, w) = (try call.operand(0), try call.operand(3))
      let sums = try integerConvolution(
        x, w, zeroX: try call.operand(2), zeroW: try call.operand(5), bias: call.optional(8), &importer, &call)
      let scale = try mapwise(try call.operand(4), rank: importer.shape(of: x).rank - 1, &importer, call)
      return [
        try importer.requantized(
          sums, try importer.binary(.multiply, try call.operand(1), scale, call), to: try call.operand(6),
          try call.operand(7), call)
      ]
    },
  ]

  /// The exact convolution in i32 of integers less their zero points; padding stands for the zero point. That of the
  /// weights may differ by map.
  private static func integerConvolution(
    _ x: ValueID, _ w: ValueID, zeroX: ValueID?, zeroW: ValueID?, bias: ValueID?, _ importer: inout Importer,
    _ call: inout Call,
  ) throws(ImportError) -> ValueID {
    let rank = importer.shape(of: x).rank
    var zeros = zeroW
    if let zero = zeroW { zeros = try mapwise(zero, rank: rank, &importer, call) }
    let operand = try importer.converted(try importer.centred(x, zeroX, call), to: .i32, call)
    let weights = try importer.converted(try importer.centred(w, zeros, call), to: .i32, call)
    return try convolution(operand, weights, bias: bias, &importer, &call)
  }

  /// A number for each map as a tensor of `rank` that broadcasts along the first axis; a single one as it is.
  private static func mapwise(
    _ value: ValueID, rank: Int, _ importer: inout Importer, _ call: Call,
  ) throws(ImportError) -> ValueID {
    guard importer.isColumn(value) else { return value }
    let column = importer.shape(of: value).dims + [Dim](repeating: 1, count: max(rank - 1, 0))
    return try importer.reshaped(value, Shape(column), call)
  }
}
