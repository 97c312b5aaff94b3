import InferenceIR
import TensorTypes

extension OperatorTable {
  /// Operators that write elements at indices.
  static let scattering: [String: Conversion] = [
    // Scatter (9) is ScatterElements under its first name.
    "Scatter": scatterElements,
    "ScatterElements": scatterElements,
    "ScatterND": { (importer, call) throws(ImportError) in
      let reduction = try reduction(&call)
      return [
        try importer.emit(
          .scatterND(reduction), try call.operand(0), try call.operand(1), try call.operand(2), for: call)
      ]
    },
    "TensorScatter": tensorScatter,
    "MaxUnpool": maxUnpool,
    "ReverseSequence": reverseSequence,
  ]

  private static func reduction(_ call: inout Call) throws(ImportError) -> ScatterReduction {
    switch try call.string("reduction", "none") {
    case "none": return .replace
    case "add": return .add
    case "mul": return .multiply
    case "min": return .minimum
    case "max": return .maximum
    case let other: throw call.fail(.invalid("reduction \"\(other)\""))
    }
  }

  private static let scatterElements: Conversion = { (importer, call) throws(ImportError) in
    let data = try call.operand(0)
    let axis = try importer.axis(try call.int("axis", 0), rank: importer.shape(of: data).rank, call)
    let reduction = try reduction(&call)
    return [
      try importer.emit(
        .scatterElements(axis: axis, reduction), data, try call.operand(1), try call.operand(2), for: call)
    ]
  }

  /// TensorScatter (24): writes into a cache from one index a sequence on; `circular` wraps around.
  private static let tensorScatter: Conversion = { (importer, call) throws(ImportError) in
    let (cache, update) = (try call.operand(0), try call.operand(1))
    let (shape, written) = (importer.shape(of: cache), importer.shape(of: update))
    let axis = try importer.axis(try call.int("axis", -2), rank: shape.rank, call)
    let mode = try call.string("mode", "linear")
    guard mode == "linear" || mode == "circular" else { throw call.fail(.invalid("mode is \"\(mode)\"")) }
    guard axis > 0, written.rank == shape.rank else { throw call.fail(.shape("\(written) into \(shape)")) }
    let steps = try importer.emitAll(.iota(count: written[axis], start: 0, step: 1), [], for: call)[0]
    let after = [Dim](repeating: 1, count: shape.rank - 1 - axis)
    var places = try importer.reshaped(steps, Shape([written[axis]] + after), call)
    if let starts = call.optional(2) {
      let first = try importer.reshaped(
        try importer.converted(starts, to: .i64, call),
        Shape([shape[0]] + [Dim](repeating: 1, count: shape.rank - 1)), call)
      places = try importer.binary(.add, first, places, call)
    }
    if mode == "circular" {
      guard let size = shape[axis].constant else { throw call.fail(.unsupported("a cache of open length")) }
      places = try importer.emit(
        .binary(.modulo(truncated: false), .value(places), .number(Double(size))), .i64, call)
    }
    let indices = try importer.expanded(places, written, call)
    return [try importer.emit(.scatterElements(axis: axis, .replace), cache, indices, update, for: call)]
  }

  /// MaxUnpool (9, 11, 22): puts every maximum where MaxPool found it, in a tensor of zeros.
  private static let maxUnpool: Conversion = { (importer, call) throws(ImportError) in
    let (x, indices) = (try call.operand(0), try call.operand(1))
    let shape = importer.shape(of: x)
    let spatial = shape.rank - 2
    guard spatial > 0, let kernel = try call.ints("kernel_shape"), kernel.count == spatial else {
      throw call.fail(.invalid("x of shape \(shape), and its kernel_shape"))
    }
    let strides = try call.ints("strides") ?? kernel.map { _ in 1 }
    let pads = try call.ints("pads") ?? (kernel + kernel).map { _ in 0 }
    guard strides.count == spatial, pads.count == 2 * spatial,
      (kernel + strides + pads).allSatisfy({ $0 >= 0 && $0 < 1 << 20 })
    else { throw call.fail(.invalid("kernel_shape \(kernel), strides \(strides), pads \(pads)")) }
    var dims = Array(shape.dims[..<2])
    for at in 0..<spatial {
      dims.append((shape[at + 2] - 1) * Dim(strides[at]) + Dim(kernel[at] - pads[at] - pads[spatial + at]))
    }
    let full = Shape(dims)
    try importer.requireSize(TensorType(importer.element(of: x), full), call)
    let element = importer.element(of: x)
    let zeros = try importer.expanded(importer.scalar(0, element, call), [full.elementCount], call)
    let flat = Shape([shape.elementCount])
    let filled = try importer.emit(
      .scatterElements(axis: 0, .replace), zeros, try importer.reshaped(indices, flat, call),
      try importer.reshaped(x, flat, call), for: call)
    let result = try importer.reshaped(filled, full, call)
    guard let operand = call.optional(2) else { return [result] }
    let wanted = try importer.knownInts(operand, "an output shape", call)
    guard wanted.count == shape.rank, let inferred = full.constant, zip(wanted, inferred).allSatisfy({ $0 >= $1 })
    else { throw call.fail(.unsupported("an output shape \(wanted) for \(full)")) }
    let after = zip(wanted, inferred).map { $0 - $1 }
    return [
      try importer.emit(
        .pad(before: after.map { _ in 0 }, after: after), result, importer.scalar(0, element, call), for: call)
    ]
  }

  /// Turns the first elements of every sequence round, as many as its length says.
  private static let reverseSequence: Conversion = { (importer, call) throws(ImportError) in
    let (x, lengths) = (try call.operand(0), try call.operand(1))
    let shape = importer.shape(of: x)
    let (batch, time) = (try call.int("batch_axis", 1), try call.int("time_axis", 0))
    guard shape.rank >= 2, [batch, time].sorted() == [0, 1] else {
      throw call.fail(.invalid("batch axis \(batch) and time axis \(time) of \(shape)"))
    }
    let after = [Dim](repeating: 1, count: shape.rank - 2)
    func column(_ id: ValueID, _ axis: Int) throws(ImportError) -> ValueID {
      let ends = axis == 0 ? [shape[0], 1] : [1, shape[1]]
      return try importer.reshaped(id, Shape(ends + after), call)
    }
    let step = try column(try importer.emitAll(.iota(count: shape[time], start: 0, step: 1), [], for: call)[0], time)
    let length = try column(try importer.converted(lengths, to: .i64, call), batch)
    let places = try importer.emit(
      .choice(.value(step) < .value(length), .value(length) - 1 - .value(step), .value(step)), .i64, call)
    return [
      try importer.emit(.gatherElements(axis: time), x, try importer.expanded(places, shape, call), for: call)
    ]
  }
}
