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
  /// weights may differ by map. Where the weights prove that no sum leaves the integers that f32 holds, it is made in
  /// f32, which has the faster kernels.
  private static func integerConvolution(
    _ x: ValueID, _ w: ValueID, zeroX: ValueID?, zeroW: ValueID?, bias: ValueID?, _ importer: inout Importer,
    _ call: inout Call,
  ) throws(ImportError) -> ValueID {
    let rank = importer.shape(of: x).rank
    var zeros = zeroW
    if let zero = zeroW { zeros = try mapwise(zero, rank: rank, &importer, call) }
    let narrow = try importer.centred(w, zeros, call)
    let element: ElementType = importer.sumsFitFloats(narrow, bias) ? .f32 : .i32
    let operand = try importer.converted(try importer.centred(x, zeroX, call), to: element, call)
    let weights = try importer.folded(.cast(element), [narrow], call)
    let offset = try bias.map { (bias) throws(ImportError) in try importer.converted(bias, to: element, call) }
    return try importer.converted(
      try convolution(operand, weights, bias: offset, &importer, &call), to: .i32, call)
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

extension Importer {
  /// Whether every partial sum of a map's bias and its weights times numbers of 9 bits stays within 2^24.
  fileprivate func sumsFitFloats(_ weights: ValueID, _ bias: ValueID?) -> Bool {
    guard let constant = graph[weights].constant, let maps = constant.shape.first, maps > 0 else { return false }
    let offsets = bias.map { graph[$0].constant?.integers ?? [] }
    guard offsets.map({ $0.count == maps }) ?? true else { return false }
    let numbers = constant.values(as: Int16.self)
    let count = numbers.count / maps
    return (0..<maps).allSatisfy { map in
      let sum = numbers[map * count..<(map + 1) * count].reduce(0) { $0 + Int($1.magnitude) }
      let offset = Int(clamping: offsets?[map].magnitude ?? 0)
      return offset < 1 << 24 && sum * 255 + offset <= 1 << 24
    }
  }
}
