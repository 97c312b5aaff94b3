import InferenceIR
import TensorTypes

/// What a value of real numbers was made from.
struct Dequantized {
  var stored: ValueID
  var quantizer: Quantizer
}

extension Importer {
  /// The product of dequantised matrices as an exact integer product and one scaling:
  /// `sum((a - za) * sa * (b - zb) * sb) = sa * sb * sum((a - za) * (b - zb))`.
  ///
  /// For constant weights of 8 bits with one scale, or one for each column, and activations of 8 bits with one scale.
  /// - Returns: nil where the operands are anything else.
  mutating func quantizedProduct(
    _ a: ValueID, _ b: ValueID, transposeB: Bool, _ call: Call,
  ) throws(ImportError) -> ValueID? {
    guard let x = dequantized[a], let w = dequantized[b], graph[w.stored].constant != nil, element(of: a) == .f32,
      element(of: b) == .f32, isByte(x), isByte(w), isUniform(x), x.quantizer.zero.map({ isByte($0) }) ?? true,
      w.quantizer.zero.map({ isByte($0) }) ?? true
    else { return nil }
    let (left, right) = (shape(of: a), shape(of: b))
    let columnAxis = transposeB ? 0 : 1
    // Sums of products of 9-bit numbers stay in i32.
    guard left.rank >= 2, right.rank == 2, let depth = right[1 - columnAxis].constant, depth < 1 << 15,
      left.dims.last == right[1 - columnAxis], isUniform(w) || isByColumn(w, columnAxis)
    else { return nil }
    func scalar(_ id: ValueID, _ importer: inout Importer) throws(ImportError) -> ValueID {
      importer.shape(of: id).elementCount == 1 ? try importer.reshaped(id, .scalar, call) : id
    }
    let zeroA = try x.quantizer.zero.map { (id) throws(ImportError) in try scalar(id, &self) }
    var zeroB = try w.quantizer.zero.map { (id) throws(ImportError) in try scalar(id, &self) }
    if transposeB { zeroB = try zeroB.map { (id) throws(ImportError) in try rowwise(id, of: b, call) } }
    let sums = try emit(
      .matmul(transposeA: false, transposeB: transposeB), try centred(x.stored, zeroA, call),
      try centred(w.stored, zeroB, call), for: call)
    let scales = try [x.quantizer.scale, w.quantizer.scale].map { (id) throws(ImportError) in
      try converted(try scalar(id, &self), to: .f32, call)
    }
    let scale = try binary(.multiply, scales[0], scales[1], call)
    return try binary(.multiply, try converted(sums, to: .f32, call), scale, call)
  }

  private func isByte(_ value: Dequantized) -> Bool { isByte(value.stored) }

  private func isByte(_ id: ValueID) -> Bool { element(of: id) == .u8 || element(of: id) == .i8 }

  private func isUniform(_ value: Dequantized) -> Bool { shape(of: value.quantizer.scale).elementCount == 1 }

  private func isByColumn(_ value: Dequantized, _ axis: Int) -> Bool {
    let quantizer = value.quantizer
    return quantizer.block == 0 && shape(of: quantizer.scale).rank == 1
      && (quantizer.axis == axis || quantizer.axis == axis - 2)
  }
}
