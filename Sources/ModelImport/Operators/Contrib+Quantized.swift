import InferenceIR
import TensorTypes

extension OperatorTable {
  /// Contributed operators on quantised numbers.
  static let quantized: [String: Conversion] = [
    "QuantizeLinear": quantize,
    "DequantizeLinear": dequantize,
    "MatMulIntegerToFloat": { (importer, call) throws(ImportError) in
      let product = try importer.integerProduct(
        try call.operand(0), try call.operand(1), zeroA: call.optional(4), zeroB: call.optional(5), call)
      let scale = try importer.binary(.multiply, try call.operand(2), try call.operand(3), call)
      return [try scaled(product, scale, bias: call.optional(6), &importer, call)]
    },
    "DynamicQuantizeMatMul": { (importer, call) throws(ImportError) in
      let (stored, scale, zero) = try importer.quantizedDynamically(try call.operand(0), call)
      let product = try importer.integerProduct(
        stored, try call.operand(1), zeroA: zero, zeroB: call.optional(3), call)
      let factor = try importer.binary(.multiply, scale, try call.operand(2), call)
      return [try scaled(product, factor, bias: call.optional(4), &importer, call)]
    },
    "QGemm": { (importer, call) throws(ImportError) in
      let alpha = try call.float("alpha", 1)
      let (transposeA, transposeB) = (try call.bool("transA", false), try call.bool("transB", false))
      let a = try importer.centred(try call.operand(0), call.optional(2), call)
      // The zero points of B belong to the columns of the product.
      var zeros = call.optional(5)
      if transposeB { zeros = try zeros.map { (id) throws(ImportError) in try importer.rowwise(id, of: a, call) } }
      let b = try importer.centred(try call.operand(3), zeros, call)
      var sums = try importer.emit(.matmul(transposeA: transposeA, transposeB: transposeB), a, b, for: call)
      if let bias = call.optional(6) { sums = try importer.binary(.add, sums, bias, call) }
      var scale = try importer.binary(.multiply, try call.operand(1), try call.operand(4), call)
      if alpha != 1 {
        scale = try importer.binary(.multiply, scale, importer.scalar(alpha, importer.element(of: scale), call), call)
      }
      guard let resultScale = call.optional(7) else { return [try scaled(sums, scale, bias: nil, &importer, call)] }
      return [try importer.requantized(sums, scale, to: resultScale, try call.operand(8), call)]
    },
    "MatMulNBits": matMulNBits,
    "QLinearAdd": pairwise(.add),
    "QLinearMul": pairwise(.multiply),
    "QLinearSigmoid": elementwise { _ throws(ImportError) in .sigmoid },
    "QLinearLeakyRelu": elementwise { call throws(ImportError) in .leakyRelu(try call.float("alpha", 0.01)) },
    "QLinearSoftmax": { (importer, call) throws(ImportError) in
      let x = try Quantizer(try call.operand(1), call.optional(2)).dequantized(try call.operand(0), &importer, call)
      guard try call.int("opset", 13) >= 13 else { throw call.fail(.unsupportedAttribute("opset below 13")) }
      let axis = try importer.axis(try call.int("axis", -1), rank: importer.shape(of: x).rank, call)
      let y = try importer.emit(.softmax(axis: axis), x, for: call)
      return [try requantized(y, 3, 4, &importer, call)]
    },
    "QLinearGlobalAveragePool": { (importer, call) throws(ImportError) in
      let x = try Quantizer(try call.operand(1), call.optional(2)).dequantized(try call.operand(0), &importer, call)
      let rank = importer.shape(of: x).rank
      let axes = try call.bool("channels_last", false) ? Array(1..<rank - 1) : Array(2..<rank)
      let y = try importer.emit(.reduce(.mean, axes: axes, keepDims: true), x, for: call)
      return [try requantized(y, 3, 4, &importer, call)]
    },
    "QLinearConcat": { (importer, call) throws(ImportError) in
      let axis = try call.int("axis", 0)
      guard call.operands.count >= 5, call.operands.count % 3 == 2 else {
        throw call.fail(.invalid("\(call.operands.count) operands"))
      }
      var parts: [ValueID] = []
      for slot in stride(from: 2, to: call.operands.count, by: 3) {
        let quantizer = Quantizer(try call.operand(slot + 1), call.optional(slot + 2))
        parts.append(try quantizer.dequantized(try call.operand(slot), &importer, call))
      }
      let rank = importer.shape(of: parts[0]).rank
      let joined = try importer.emitAll(
        .concat(axis: try importer.axis(axis, rank: rank, call)), parts, for: call)[0]
      return [try requantized(joined, 0, 1, &importer, call)]
    },
  ]

  /// Sums times a scale, and a bias.
  private static func scaled(
    _ sums: ValueID, _ scale: ValueID, bias: ValueID?, _ importer: inout Importer, _ call: Call,
  ) throws(ImportError) -> ValueID {
    let real = try importer.converted(sums, to: importer.element(of: scale), call)
    let product = try importer.binary(.multiply, real, scale, call)
    return try bias.map { (bias) throws(ImportError) in try importer.binary(.add, product, bias, call) } ?? product
  }

  /// Quantises by the scale and the zero point in two slots; without a zero point to u8.
  private static func requantized(
    _ y: ValueID, _ scale: Int, _ zero: Int, _ importer: inout Importer, _ call: Call,
  ) throws(ImportError) -> ValueID {
    let quantizer = Quantizer(try call.operand(scale), call.optional(zero))
    return try quantizer.quantized(
      y, to: call.optional(zero).map { importer.element(of: $0) } ?? .u8, &importer, call)
  }

  private static func pairwise(_ function: BinaryOp) -> Conversion {
    { (importer, call) throws(ImportError) in
      let a = try Quantizer(try call.operand(1), call.optional(2)).dequantized(try call.operand(0), &importer, call)
      let b = try Quantizer(try call.operand(4), call.optional(5)).dequantized(try call.operand(3), &importer, call)
      return [try requantized(try importer.binary(function, a, b, call), 6, 7, &importer, call)]
    }
  }

  private static func elementwise(
    _ function: @escaping @Sendable (inout Call) throws(ImportError) -> UnaryOp,
  ) -> Conversion {
    { (importer, call) throws(ImportError) in
      let x = try Quantizer(try call.operand(1), call.optional(2)).dequantized(try call.operand(0), &importer, call)
      return [try requantized(try importer.unary(try function(&call), x, call), 3, 4, &importer, call)]
    }
  }

  /// `A x dequantised(B)ᵀ`: B is `u8[N, blocks, block * bits / 8]` with elements packed from the lowest bits, scales
  /// `[N, blocks]`, zero points packed alike or of the scales' type; without them zero is 2^(bits - 1).
  private static let matMulNBits: Conversion = { (importer, call) throws(ImportError) in
    let (bits, block) = (try call.int("bits", 4), try call.int("block_size", 32))
    let (depth, columns) = (try call.int("K", 0), try call.int("N", 0))
    call.ignore("accuracy_level", "weight_prepacked")
    guard [2, 4, 8].contains(bits), block >= 16, block < 1 << 20, depth > 0, columns > 0, depth < 1 << 30,
      columns < 1 << 30
    else { throw call.fail(.unsupportedAttribute("bits \(bits), block_size \(block), K \(depth), N \(columns)")) }
    if call.optional(4) != nil { throw call.fail(.unsupported("an index of groups (operand 4)")) }
    let blocks = (depth + block - 1) / block
    guard let b = importer.graph[try call.operand(1)].constant,
      let scales = importer.graph[try call.operand(2)].constant
    else { throw call.fail(.unsupported("weights that are only known at run time")) }
    guard b.element == .u8, scales.element.isFloat, scales.elementCount == columns * blocks,
      b.elementCount == columns * blocks * (block * bits / 8)
    else { throw call.fail(.shape("B or its scales do not have \(columns) x \(blocks) blocks of \(block)")) }
    var zeros = [Float](repeating: Float(1 << (bits - 1)), count: columns * blocks)
    if let id = call.optional(3) {
      guard let constant = importer.graph[id].constant else {
        throw call.fail(.unsupported("zero points that are only known at run time"))
      }
      let row = (blocks * bits + 7) / 8
      if constant.element.isFloat, constant.elementCount == zeros.count {
        zeros = constant.doubles.map { Float($0) }
      } else if constant.element == .u8, constant.elementCount == columns * row {
        zeros = zeros.indices.map { at in
          let (column, index) = (at / blocks, at % blocks)
          return Float(packed(constant.data.bytes, at: (column * row * 8) + index * bits, bits))
        }
      } else {
        throw call.fail(.shape("zero points have type \(constant.type)"))
      }
    }
    let factors = scales.doubles.map { Float($0) }
    let matrix = ConstantBytes(byteCount: columns * depth * 4) { target in
      let weights = target.bindMemory(to: Float.self)
      for column in 0..<columns {
        for k in 0..<depth {
          let group = column * blocks + k / block
          let bit = (group * block + k % block) * bits
          weights[column * depth + k] = (Float(packed(b.data.bytes, at: bit, bits)) - zeros[group]) * factors[group]
        }
      }
    }
    let element = importer.element(of: try call.operand(0))
    let weights = importer.constant(Constant(element: .f32, shape: [columns, depth], data: matrix), call)
    let x = try importer.converted(try call.operand(0), to: .f32, call)
    let rows = Shape([importer.shape(of: x).dims.dropLast().reduce(Dim(1), *), Dim(depth)])
    var product = try importer.emit(
      .matmul(transposeA: false, transposeB: true), try importer.reshaped(x, rows, call), weights, for: call)
    if let bias = call.optional(5) {
      product = try importer.binary(.add, product, try importer.converted(bias, to: .f32, call), call)
    }
    let shape = Shape(importer.shape(of: x).dims.dropLast() + [Dim(columns)])
    return [try importer.converted(try importer.reshaped(product, shape, call), to: element, call)]
  }

  /// The `width` bits at a place that they do not leave their byte at.
  private static func packed(_ bytes: UnsafeRawBufferPointer, at bit: Int, _ width: Int) -> UInt8 {
    bytes[bit / 8] >> UInt8(bit % 8) & UInt8(truncatingIfNeeded: 1 << width - 1)
  }
}
