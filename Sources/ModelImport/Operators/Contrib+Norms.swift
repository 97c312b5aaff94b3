import InferenceIR
import TensorTypes

extension OperatorTable {
  /// Contributed normalisations, with the sums that stand before them.
  static let contribNorms: [String: Conversion] = [
    "EmbedLayerNormalization": embedLayerNormalization,
    "SimplifiedLayerNormalization": simplifiedLayerNormalization,
    "SkipLayerNormalization": { (importer, call) throws(ImportError) in
      try skipNormalization(&importer, &call, bias: 4, shift: 3)
    },
    "SkipSimplifiedLayerNormalization": { (importer, call) throws(ImportError) in
      try skipNormalization(&importer, &call, bias: 3, shift: nil)
    },
  ]

  /// RMS normalisation over the axes from `axis`; the inverse deviations as a second output.
  static let simplifiedLayerNormalization: Conversion = { (importer, call) throws(ImportError) in
    let x = try call.operand(0)
    let axis = try importer.axis(try call.int("axis", -1), rank: importer.shape(of: x).rank, call)
    let epsilon = try call.float("epsilon", 1e-5)
    call.ignore("stash_type")
    try call.requireUnused(output: 1)
    return [try rootMeanSquare(x, axis, epsilon, scale: try call.operand(1), &importer, call)]
  }

  /// `x / sqrt(mean(x^2) + epsilon) * scale`, in f32 at least.
  static func rootMeanSquare(
    _ x: ValueID, _ axis: Int, _ epsilon: Double, scale: ValueID, _ importer: inout Importer, _ call: Call,
  ) throws(ImportError) -> ValueID {
    let element = importer.element(of: x)
    let wide = try importer.converted(x, to: element == .f64 ? .f64 : .f32, call)
    let axes = Array(axis..<importer.shape(of: x).rank)
    let mean = try importer.emit(
      .reduce(.mean, axes: axes, keepDims: true), try importer.unary(.square, wide, call), for: call)
    let small = importer.scalar(epsilon, importer.element(of: wide), call)
    let root = try importer.unary(.sqrt, try importer.binary(.add, mean, small, call), call)
    let normal = try importer.converted(try importer.binary(.divide, wide, root, call), to: element, call)
    return try importer.binary(.multiply, normal, scale, call)
  }

  /// Normalises `x + skip (+ bias)`; the fourth output is that sum.
  private static func skipNormalization(
    _ importer: inout Importer, _ call: inout Call, bias: Int, shift: Int?,
  ) throws(ImportError) -> [ValueID] {
    let epsilon = try call.float("epsilon", 1e-12)
    var sum = try importer.binary(.add, try call.operand(0), try call.operand(1), call)
    if let bias = call.optional(bias) { sum = try importer.binary(.add, sum, bias, call) }
    try call.requireUnused(output: 1)
    try call.requireUnused(output: 2)
    let axis = importer.shape(of: sum).rank - 1
    guard axis >= 0 else { throw call.fail(.shape("x is a scalar")) }
    let scale = try call.operand(2)
    guard let shift else {
      let normal = try rootMeanSquare(sum, axis, epsilon, scale: scale, &importer, call)
      return [normal, normal, normal, sum]
    }
    let operands = [sum, scale] + (call.optional(shift).map { [$0] } ?? [])
    let normal = try importer.emitAll(.layerNorm(axis: axis, epsilon: epsilon), operands, for: call)[0]
    return [normal, normal, normal, sum]
  }

  /// The sum of word, position and segment embeddings, normalised; then the number of tokens that the mask admits, and
  /// the sum itself.
  private static let embedLayerNormalization: Conversion = { (importer, call) throws(ImportError) in
    let epsilon = try call.float("epsilon", 1e-12)
    guard try call.int("mask_index_type", 0) == 0 else { throw call.fail(.unsupportedAttribute("mask_index_type")) }
    let ids = try call.operand(0)
    let shape = importer.shape(of: ids)
    guard shape.rank == 2 else { throw call.fail(.shape("input_ids have shape \(shape)")) }
    func rows(_ table: ValueID, _ at: ValueID, _ importer: inout Importer) throws(ImportError) -> ValueID {
      try importer.emit(.gather(axis: 0, negative: .fromEnd), table, at, for: call)
    }
    var sum = try rows(try call.operand(2), ids, &importer)
    var positions = try call.optional(8) ?? importer.emit(.iota(count: shape[1], start: 0, step: 1), for: call)
    if importer.shape(of: positions).rank == 1 {
      positions = try importer.reshaped(positions, [1, shape[1]], call)
    }
    sum = try importer.binary(.add, sum, try rows(try call.operand(3), positions, &importer), call)
    if let segments = call.optional(1), let table = call.optional(4) {
      sum = try importer.binary(.add, sum, try rows(table, segments, &importer), call)
    }
    let normal = try importer.emit(
      .layerNorm(axis: 2, epsilon: epsilon), sum, try call.operand(5), try call.operand(6), for: call)
    var counts = normal
    if call.outputs.count > 1, !call.outputs[1].isEmpty {
      guard let mask = call.optional(7) else {
        counts = try importer.expanded(
          importer.constant(Constant(.i32, [], [0 as Int32]), call), [shape[0]], call)
        return [normal, counts, sum]
      }
      counts = try importer.converted(
        try importer.emit(.reduce(.sum, axes: [1], keepDims: false), mask, for: call), to: .i32, call)
    }
    return [normal, counts, sum]
  }
}
