import InferenceIR
import TensorTypes

extension OperatorTable {
  static let normalizations: [String: Conversion] = [
    "BatchNormalization": batchNormalization,
    "Dropout": dropout,
    "GroupNormalization": groupNormalization,
    "InstanceNormalization": instanceNormalization,
    "LayerNormalization": layerNormalization,
    "LRN": localResponseNormalization,
    "LpNormalization": lpNormalization,
    "MeanVarianceNormalization": meanVarianceNormalization,
    "RMSNormalization": rmsNormalization,
    // onnxruntime's exporters write it without a domain.
    "SimplifiedLayerNormalization": simplifiedLayerNormalization,
  ]

  /// Inference: a multiplication and an addition per channel, computed from the parameters at import.
  private static let batchNormalization: Conversion = { (importer, call) throws(ImportError) in
    let x = try call.operand(0)
    let epsilon = try call.float("epsilon", 1e-5)
    let momentum = try call.float("momentum", 0.9)
    if try call.bool("training_mode", false) { return try batchTraining(x, epsilon, momentum, &importer, call) }
    // Before opset 7 inference had to be asked for.
    let isInference = try call.version >= 7 ? true : call.bool("is_test", false)
    guard isInference else {
      throw call.fail(.unsupported("training, which is_test = 0 means"))
    }
    guard try call.int("spatial", 1) == 1 else { throw call.fail(.unsupportedAttribute("spatial = 0")) }
    for output in 1..<5 { try call.requireUnused(output: output) }
    let shape = importer.shape(of: x)
    guard shape.rank >= 2 else { throw call.fail(.shape("x has shape \(shape), and needs a channel axis")) }
    let element = importer.element(of: x)
    let column = Shape([shape[1]] + [Dim](repeating: 1, count: shape.rank - 2))
    var parameters: [ValueID] = []
    for index in 1...4 {
      // Parameters may be wider than a half-precision x.
      let wide = try importer.converted(try call.operand(index), to: element, call)
      parameters.append(try importer.reshaped(wide, column, call))
    }
    let variance = try importer.binary(.add, parameters[3], importer.scalar(epsilon, element, call), call)
    let factor = try importer.binary(.divide, parameters[0], try importer.unary(.sqrt, variance, call), call)
    let shift = try importer.binary(
      .subtract, parameters[1], try importer.binary(.multiply, parameters[2], factor, call), call)
    return [try importer.binary(.add, try importer.binary(.multiply, x, factor, call), shift, call)]
  }

  /// BatchNormalization (14, 15) in training: by the mean and the variance of the batch, which move the running ones.
  private static func batchTraining(
    _ x: ValueID, _ epsilon: Double, _ momentum: Double, _ importer: inout Importer, _ call: Call,
  ) throws(ImportError) -> [ValueID] {
    let shape = importer.shape(of: x)
    guard shape.rank >= 2 else { throw call.fail(.shape("x has shape \(shape), and needs a channel axis")) }
    let element = importer.element(of: x)
    let column = Shape([shape[1]] + [Dim](repeating: 1, count: shape.rank - 2))
    let axes = shape.dims.indices.filter { $0 != 1 }
    let mean = try importer.emit(.reduce(.mean, axes: axes, keepDims: true), x, for: call)
    let centred = try importer.binary(.subtract, x, mean, call)
    let variance = try importer.emit(
      .reduce(.mean, axes: axes, keepDims: true), try importer.unary(.square, centred, call), for: call)
    func parameter(_ index: Int) throws(ImportError) -> Formula {
      .value(
        try importer.reshaped(try importer.converted(try call.operand(index), to: element, call), column, call))
    }
    let root = Formula.unary(.sqrt, .value(variance) + .number(epsilon))
    var results = [
      try importer.emit(try parameter(1) * .value(centred) / root + (try parameter(2)), element, call)
    ]
    for (index, fresh) in [(3, mean), (4, variance)] {
      let old = try call.operand(index)
      let running = importer.element(of: old)
      let new = try importer.converted(try importer.reshaped(fresh, [shape[1]], call), to: running, call)
      results.append(
        try importer.emit(.value(old) * .number(momentum) + .value(new) * .number(1 - momentum), running, call))
    }
    return results
  }

  /// LRN (1, 13): `x / (bias + alpha / size * sum of x^2 over neighbouring channels)^beta`.
  private static let localResponseNormalization: Conversion = { (importer, call) throws(ImportError) in
    let x = try call.operand(0)
    let shape = importer.shape(of: x)
    guard shape.rank >= 2, let size = try call.int("size"), (1...1 << 12).contains(size) else {
      throw call.fail(.invalid("x of shape \(shape), and its size"))
    }
    let (alpha, beta) = (try call.float("alpha", 1e-4), try call.float("beta", 0.75))
    let bias = try call.float("bias", 1)
    let element = importer.element(of: x)
    var (before, after) = (shape.dims.map { _ in 0 }, shape.dims.map { _ in 0 })
    (before[1], after[1]) = ((size - 1) / 2, size / 2)
    let squares = try importer.emit(
      .pad(before: before, after: after), try importer.unary(.square, x, call), importer.scalar(0, element, call),
      for: call)
    var sum: Formula?
    for offset in 0..<size {
      let part = Formula.value(
        try importer.emit(.slice(axis: 1, start: Dim(offset), length: shape[1], step: 1), squares, for: call))
      sum = sum.map { $0 + part } ?? part
    }
    let base = .number(bias) + .number(alpha / Double(size)) * (sum ?? 0)
    return [try importer.emit(.value(x) / .binary(.power, base, .number(beta)), element, call)]
  }

  private static let dropout: Conversion = { (importer, call) throws(ImportError) in
    call.ignore("ratio", "seed")
    let isInference = try call.version >= 7 ? true : call.bool("is_test", false)
    guard isInference else {
      throw call.fail(.unsupported("training, which is_test = 0 means"))
    }
    if let training = call.optional(2), try importer.knownInt(training, "training_mode", call) != 0 {
      // Dropping nothing is what inference does.
      let ratio = try call.optional(1).map { (id) throws(ImportError) in
        try importer.knownNumbers(id, "a ratio", call)
      }
      guard ratio?.allSatisfy({ $0 == 0 }) ?? false else {
        throw call.fail(.unsupported("training mode, whose results are random"))
      }
    }
    let x = try call.operand(0)
    guard call.outputs.count > 1, !call.outputs[1].isEmpty else { return [x] }
    // The mask of what is kept: everything.
    let kept = importer.constant(Constant(.bool, [], [1 as UInt8]), call)
    return [x, try importer.expanded(kept, importer.shape(of: x), call)]
  }

  private static let layerNormalization: Conversion = { (importer, call) throws(ImportError) in
    let x = try call.operand(0)
    let axis = try importer.axis(try call.int("axis", -1), rank: importer.shape(of: x).rank, call)
    let epsilon = try call.float("epsilon", 1e-5)
    call.ignore("stash_type")
    var operands = [x, try call.operand(1)]
    if let bias = call.optional(2) { operands.append(bias) }
    let normal = try importer.emitAll(.layerNorm(axis: axis, epsilon: epsilon), operands, for: call)
    guard call.outputs.dropFirst().contains(where: { !$0.isEmpty }) else { return normal }

    // The mean and the inverse standard deviation, in f32 at least.
    let wide = try importer.converted(x, to: importer.element(of: x) == .f64 ? .f64 : .f32, call)
    let axes = Array(axis..<importer.shape(of: x).rank)
    let mean = try importer.emit(.reduce(.mean, axes: axes, keepDims: true), wide, for: call)
    let centred = try importer.binary(.subtract, wide, mean, call)
    let variance = try importer.emit(
      .reduce(.mean, axes: axes, keepDims: true), try importer.unary(.square, centred, call), for: call)
    let small = importer.scalar(epsilon, importer.element(of: wide), call)
    let deviation = try importer.unary(.sqrt, try importer.binary(.add, variance, small, call), call)
    return normal + [mean, try importer.unary(.reciprocal, deviation, call)]
  }

  /// `x / sqrt(mean(x^2) + epsilon) * scale`.
  private static let rmsNormalization: Conversion = { (importer, call) throws(ImportError) in
    let x = try call.operand(0)
    let axis = try importer.axis(try call.int("axis", -1), rank: importer.shape(of: x).rank, call)
    let epsilon = try call.float("epsilon", 1e-5)
    call.ignore("stash_type")
    return [try rootMeanSquare(x, axis, epsilon, scale: try call.operand(1), &importer, call)]
  }

  /// Every channel of every instance is normalised over its pixels.
  private static let instanceNormalization: Conversion = { (importer, call) throws(ImportError) in
    let x = try call.operand(0)
    let shape = importer.shape(of: x)
    let epsilon = try call.float("epsilon", 1e-5)
    guard shape.rank >= 3 else { throw call.fail(.shape("x has shape \(shape), and needs pixels")) }
    return [try normalized(x, groups: shape[1], epsilon, try call.operand(1), try call.operand(2), &importer, call)]
  }

  private static let groupNormalization: Conversion = { (importer, call) throws(ImportError) in
    let x = try call.operand(0)
    let epsilon = try call.float("epsilon", 1e-5)
    call.ignore("stash_type")
    guard call.version >= 21 else { throw call.fail(.unsupported("opset \(call.version), before 21")) }
    guard let groups = try call.int("num_groups"), groups > 0 else {
      throw call.fail(.invalid("num_groups is missing"))
    }
    return [
      try normalized(x, groups: Dim(groups), epsilon, try call.operand(1), try call.operand(2), &importer, call)
    ]
  }

  /// Normalises groups of channels and applies a scale and a bias per channel.
  private static func normalized(
    _ x: ValueID, groups: Dim, _ epsilon: Double, _ scale: ValueID, _ bias: ValueID,
    _ importer: inout Importer, _ call: Call,
  ) throws(ImportError) -> ValueID {
    let shape = importer.shape(of: x)
    guard shape.rank >= 2, let width = Shape(Array(shape.dims[1...])).elementCount.dividedExactly(by: groups) else {
      throw call.fail(.shape("\(shape) does not divide into \(groups) groups"))
    }
    let one = importer.scalar(1, importer.element(of: x), call)
    let rows = try importer.reshaped(x, [shape[0], groups, width], call)
    let normal = try importer.emit(.layerNorm(axis: 2, epsilon: epsilon), rows, one, for: call)
    let restored = try importer.reshaped(normal, shape, call)
    let column = Shape([shape[1]] + [Dim](repeating: 1, count: shape.rank - 2))
    let scaled = try importer.binary(.multiply, restored, try importer.reshaped(scale, column, call), call)
    return try importer.binary(.add, scaled, try importer.reshaped(bias, column, call), call)
  }

  /// `x / ||x||` along an axis; a zero vector stays zero.
  private static let lpNormalization: Conversion = { (importer, call) throws(ImportError) in
    let x = try call.operand(0)
    let axis = try importer.axis(try call.int("axis", -1), rank: importer.shape(of: x).rank, call)
    let p = try call.int("p", 2)
    guard p == 1 || p == 2 else { throw call.fail(.invalid("p is \(p)")) }
    let norm = try importer.emit(.reduce(p == 1 ? .l1 : .l2, axes: [axis], keepDims: true), x, for: call)
    let element = importer.element(of: x)
    let isZero = try importer.emit(.compare(.equal), norm, importer.scalar(0, element, call), for: call)
    let divisor = try importer.emit(.select, isZero, importer.scalar(1, element, call), norm, for: call)
    return [try importer.binary(.divide, x, divisor, call)]
  }

  /// `(x - mean) / (sqrt(mean((x - mean)^2)) + 1e-9)`.
  private static let meanVarianceNormalization: Conversion = { (importer, call) throws(ImportError) in
    let x = try call.operand(0)
    let axes = try importer.axes(try call.ints("axes") ?? [0, 2, 3], rank: importer.shape(of: x).rank, call)
    let mean = try importer.emit(.reduce(.mean, axes: axes, keepDims: true), x, for: call)
    let centred = try importer.binary(.subtract, x, mean, call)
    let variance = try importer.emit(
      .reduce(.mean, axes: axes, keepDims: true), try importer.unary(.square, centred, call), for: call)
    let small = importer.scalar(1e-9, importer.element(of: x), call)
    let deviation = try importer.binary(.add, try importer.unary(.sqrt, variance, call), small, call)
    return [try importer.binary(.divide, centred, deviation, call)]
  }
}
