import InferenceIR
import TensorTypes

extension OperatorTable {
  /// Quantised numbers: `real = (stored - zero point) * scale`.
  static let quantization: [String: Conversion] = [
    "QuantizeLinear": quantize,
    "DequantizeLinear": dequantize,
    "DynamicQuantizeLinear": { (importer, call) throws(ImportError) in
      let (stored, scale, zero) = try importer.quantizedDynamically(try call.operand(0), call)
      return [stored, scale, zero]
    },
    "MatMulInteger": { (importer, call) throws(ImportError) in
      [
        try importer.integerProduct(
          try call.operand(0), try call.operand(1), zeroA: call.optional(2), zeroB: call.optional(3), call)
      ]
    },
    "QLinearMatMul": { (importer, call) throws(ImportError) in
      let product = try importer.integerProduct(
        try call.operand(0), try call.operand(3), zeroA: call.optional(2), zeroB: call.optional(5), call)
      let rows = try importer.rowwise(try call.operand(1), of: try call.operand(0), call)
      let scale = try importer.binary(.multiply, rows, try call.operand(4), call)
      return [try importer.requantized(product, scale, to: try call.operand(6), try call.operand(7), call)]
    },
  ]

  static let quantize: Conversion = { (importer, call) throws(ImportError) in
    let (x, zero) = (try call.operand(0), call.optional(2))
    var quantizer = Quantizer(try call.operand(1), zero, axis: try call.int("axis", 1))
    quantizer.block = try call.int("block_size", 0)
    let saturates = try call.bool("saturate", true)
    let precision = try call.element("precision")
    let named = try call.element("output_dtype")
    let element = zero.map { importer.element(of: $0) } ?? named ?? .u8
    guard named == nil || named == element else { throw call.fail(.invalid("output_dtype is not the zero point's")) }
    return [
      try quantizer.quantized(
        x, to: element, precision: precision, narrowing: Narrowing(saturates: saturates), &importer, call)
    ]
  }

  static let dequantize: Conversion = { (importer, call) throws(ImportError) in
    var quantizer = Quantizer(try call.operand(1), call.optional(2), axis: try call.int("axis", 1))
    quantizer.block = try call.int("block_size", 0)
    let named = try call.element("output_dtype")
    let x = try call.operand(0)
    // Weights become constants whatever their size.
    importer.folding.isUnlimited = importer.graph[x].constant != nil
    defer { importer.folding.isUnlimited = false }
    let result = try quantizer.dequantized(x, to: named, &importer, call)
    importer.dequantized[result] = Dequantized(stored: x, quantizer: quantizer)
    return [result]
  }
}

/// A scale and a zero point for all of a tensor, for every slice along an axis, or for blocks of slices.
struct Quantizer {
  var scale: ValueID
  var zero: ValueID?
  var axis: Int
  /// Slices in a block; 0 for none.
  var block = 0

  init(_ scale: ValueID, _ zero: ValueID?, axis: Int = 1) {
    self.scale = scale
    self.zero = zero
    self.axis = axis
  }

  /// `saturate(round(x / scale) + zero)`, the quotient in `precision` or the scale's type; halves go to even.
  func quantized(
    _ x: ValueID, to element: ElementType, precision: ElementType? = nil, narrowing: Narrowing = .saturating,
    _ importer: inout Importer, _ call: Call,
  ) throws(ImportError) -> ValueID {
    let shape = importer.shape(of: x)
    let divisor = try importer.computable(try aligned(scale, shape, &importer, call), call)
    let precision = precision ?? importer.element(of: divisor)
    var result = try importer.binary(
      .divide, try importer.converted(x, to: precision, call), try importer.converted(divisor, to: precision, call),
      call)
    let isInteger: Bool
    if case .small(let small) = element { isInteger = small.integers != nil } else { isInteger = element.isInteger }
    if isInteger { result = try importer.unary(.round, result, call) }
    // f32 holds every sum that does not saturate exactly.
    if precision != .f64 { result = try importer.converted(result, to: .f32, call) }
    if let zero = importer.nonzero(zero) {
      let offset = try aligned(zero, shape, &importer, call)
      result = try importer.binary(
        .add, result, try importer.converted(offset, to: importer.element(of: result), call), call)
    }
    guard case .small(let small) = element else { return try importer.converted(result, to: element, call) }
    guard let range = small.integers else { return try importer.emit(.cast(element, narrowing), result, for: call) }
    let type = importer.element(of: result)
    let (low, high) = (Double(range.lowerBound), Double(range.upperBound))
    result = try importer.binary(.maximum, result, importer.scalar(low, type, call), call)
    result = try importer.binary(.minimum, result, importer.scalar(high, type, call), call)
    return try importer.converted(result, to: element, call)
  }

  /// `(x - zero) * scale`, in f32 and then rounded to `element` or the scale's type.
  func dequantized(
    _ x: ValueID, to element: ElementType? = nil, _ importer: inout Importer, _ call: Call,
  ) throws(ImportError) -> ValueID {
    let shape = importer.shape(of: x)
    let factor = try importer.computable(try aligned(scale, shape, &importer, call), call)
    var result = try importer.converted(x, to: .f32, call)
    if let zero = importer.nonzero(zero) {
      let offset = try aligned(zero, shape, &importer, call)
      result =
        importer.element(of: x) == .i32
        ? try importer.converted(try importer.binary(.subtract, x, offset, call), to: .f32, call)
        : try importer.binary(.subtract, result, try importer.converted(offset, to: .f32, call), call)
    }
    result = try importer.binary(.multiply, result, try importer.converted(factor, to: .f32, call), call)
    return try importer.converted(result, to: element ?? importer.element(of: factor), call)
  }

  /// A scale or zero point in a shape that broadcasts to the tensor's.
  private func aligned(
    _ value: ValueID, _ shape: Shape, _ importer: inout Importer, _ call: Call,
  ) throws(ImportError) -> ValueID {
    let own = importer.shape(of: value)
    if own.elementCount == 1 { return try importer.reshaped(value, .scalar, call) }
    let axis = try importer.axis(axis, rank: shape.rank, call)
    if block == 0 {
      guard own.rank == 1, own[0] == shape[axis] else {
        throw call.fail(.shape("a scale of shape \(own) does not fit axis \(axis) of \(shape)"))
      }
      var dims = [Dim](repeating: 1, count: shape.rank)
      dims[axis] = own[0]
      return try importer.reshaped(value, Shape(dims), call)
    }
    guard own.rank == shape.rank, block > 0, let blocks = own[axis].constant, let length = shape[axis].constant,
      blocks == (length + block - 1) / block
    else { throw call.fail(.shape("a scale of shape \(own) has no blocks of \(block) for \(shape)")) }
    // Every element of the axis becomes `block` equal ones, of which the last may be too many.
    var dims = own.dims
    dims.insert(1, at: axis + 1)
    var repeated = try importer.reshaped(value, Shape(dims), call)
    dims[axis + 1] = Dim(block)
    repeated = try importer.expanded(repeated, Shape(dims), call)
    dims.remove(at: axis + 1)
    dims[axis] = Dim(blocks * block)
    repeated = try importer.reshaped(repeated, Shape(dims), call)
    if blocks * block == length { return repeated }
    return try importer.emit(.slice(axis: axis, start: 0, length: Dim(length), step: 1), repeated, for: call)
  }
}

extension Importer {
  /// The zero point, unless it is known to be 0 everywhere.
  func nonzero(_ zero: ValueID?) -> ValueID? {
    guard let zero, let constant = graph[zero].constant else { return zero }
    return constant.data.bytes.allSatisfy { $0 == 0 } ? nil : zero
  }

  /// A vector with an element per row of matrices, as a column.
  func isColumn(_ value: ValueID) -> Bool { shape(of: value).rank == 1 && shape(of: value)[0] != 1 }

  mutating func rowwise(_ value: ValueID, of matrix: ValueID, _ call: Call) throws(ImportError) -> ValueID {
    guard isColumn(value), shape(of: matrix).rank > 1 else { return value }
    return try reshaped(value, Shape(shape(of: value).dims + [1]), call)
  }

  /// `(a - zeroA) x (b - zeroB)` in i32, as numpy multiplies matrices. `a`'s zero point may differ by row, `b`'s by
  /// column.
  mutating func integerProduct(
    _ a: ValueID, _ b: ValueID, zeroA: ValueID?, zeroB: ValueID?, _ call: Call,
  ) throws(ImportError) -> ValueID {
    let rows = try zeroA.map { (zero) throws(ImportError) in try rowwise(zero, of: a, call) }
    return try OperatorTable.matmul(try centred(a, rows, call), try centred(b, zeroB, call), &self, call)
  }

  /// Integers of 8 bits less their zero point, which i16 holds. Weights are folded whatever their size: every product
  /// reads them.
  mutating func centred(_ x: ValueID, _ zero: ValueID?, _ call: Call) throws(ImportError) -> ValueID {
    for id in [x, zero].compactMap(\.self) where element(of: id) != .u8 && element(of: id) != .i8 {
      throw call.fail(.unsupportedElement("\(element(of: id)) of a quantised operand"))
    }
    let wide = try folded(.cast(.i16), [x], call)
    guard let zero = nonzero(zero) else { return wide }
    return try folded(.binary(.subtract), [wide, try folded(.cast(.i16), [zero], call)], call)
  }

  mutating func folded(_ op: Op, _ operands: [ValueID], _ call: Call) throws(ImportError) -> ValueID {
    let before = folding.isUnlimited
    folding.isUnlimited = true
    defer { folding.isUnlimited = before }
    return try emitAll(op, operands, for: call)[0]
  }

  /// `saturate(round(x * scale / resultScale) + resultZero)` of exact sums.
  mutating func requantized(
    _ sums: ValueID, _ scale: ValueID, to resultScale: ValueID, _ resultZero: ValueID, _ call: Call,
  ) throws(ImportError) -> ValueID {
    let factor = try converted(try binary(.divide, scale, resultScale, call), to: .f32, call)
    var result = try binary(.multiply, try converted(sums, to: .f32, call), factor, call)
    result = try unary(.round, result, call)
    result = try binary(.add, result, try converted(resultZero, to: .f32, call), call)
    return try converted(result, to: element(of: resultZero), call)
  }

  /// Quantises to u8 by the range of the values, which is made to hold 0.
  mutating func quantizedDynamically(
    _ x: ValueID, _ call: Call,
  ) throws(ImportError) -> (stored: ValueID, scale: ValueID, zero: ValueID) {
    let axes = Array(shape(of: x).dims.indices)
    let (none, steps) = (scalar(0, .f32, call), scalar(255, .f32, call))
    func end(_ reduction: ReduceOp, _ bound: BinaryOp, _ importer: inout Importer) throws(ImportError) -> ValueID {
      try importer.binary(
        bound, none, try importer.emit(.reduce(reduction, axes: axes, keepDims: false), x, for: call), call)
    }
    let (low, high) = (try end(.minimum, .minimum, &self), try end(.maximum, .maximum, &self))
    // A tensor of zeros has scale 1 / 255.
    let span = try binary(.subtract, high, low, call)
    let isFlat = try emit(.compare(.equal), high, low, for: call)
    let range = try emit(.select, isFlat, scalar(1, .f32, call), span, for: call)
    let scale = try binary(.divide, range, steps, call)
    let zero = try binary(.subtract, none, try binary(.divide, low, scale, call), call)
    let stored = try converted(try unary(.round, zero, call), to: .u8, call)
    return (try Quantizer(scale, stored).quantized(x, to: .u8, &self, call), scale, stored)
  }
}
