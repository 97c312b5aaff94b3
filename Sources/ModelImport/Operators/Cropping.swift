import InferenceIR
import TensorTypes

extension OperatorTable {
  /// Operators that put a frame around a tensor or take one away.
  static let cropping: [String: Conversion] = ["CenterCropPad": centerCropPad, "Pad": pad]

  /// Pad (2, 11, 13, 18, 19): a negative pad removes elements; what is added is a constant, or elements of x itself.
  private static let pad: Conversion = { (importer, call) throws(ImportError) in
    let mode = try call.string("mode", "constant")
    guard ["constant", "reflect", "edge", "wrap"].contains(mode) else {
      throw call.fail(.invalid("mode is \"\(mode)\""))
    }
    var x = try call.operand(0)
    let shape = importer.shape(of: x)
    let element = importer.element(of: x)
    var pads: [Int]
    var fill: ValueID
    if call.version < 11 {
      pads = try call.ints(call.version == 1 ? "paddings" : "pads") ?? []
      fill = importer.scalar(try call.float("value", 0), element, call)
    } else {
      pads = try importer.knownInts(try call.operand(1), "pads", call)
      fill = call.optional(2) ?? importer.constant(zero(element), call)
      fill = try importer.reshaped(fill, .scalar, call)
    }
    if let operand = call.optional(3) {
      let axes = try importer.axes(
        try importer.knownInts(operand, "the axes of a pad", call), rank: shape.rank, call)
      guard pads.count == 2 * axes.count else { throw call.fail(.invalid("\(pads.count) pads for axes \(axes)")) }
      var all = [Int](repeating: 0, count: 2 * shape.rank)
      for (at, axis) in axes.enumerated() {
        all[axis] = pads[at]
        all[shape.rank + axis] = pads[axes.count + at]
      }
      pads = all
    }
    guard pads.count == 2 * shape.rank, pads.allSatisfy({ $0.magnitude < 1 << 40 }) else {
      throw call.fail(.invalid("pads \(pads) for rank \(shape.rank)"))
    }
    for axis in 0..<shape.rank {
      let (before, after) = (min(pads[axis], 0), min(pads[shape.rank + axis], 0))
      if before == 0 && after == 0 { continue }
      x = try importer.emit(
        .slice(axis: axis, start: Dim(-before), length: shape[axis] + Dim(before + after), step: 1), x, for: call)
    }
    let (before, after) = (pads[..<shape.rank].map { max($0, 0) }, pads[shape.rank...].map { max($0, 0) })
    if (before + after).allSatisfy({ $0 == 0 }) { return [x] }
    if mode == "constant" { return [try importer.emit(.pad(before: before, after: after), x, fill, for: call)] }
    for axis in 0..<shape.rank where before[axis] + after[axis] > 0 {
      x = try extended(x, axis, before[axis], after[axis], mode, &importer, call)
    }
    return [x]
  }

  private static func zero(_ element: ElementType) -> Constant {
    element == .string ? Constant(strings: [[]], shape: []) : Constant(element, [], rounding: [0])
  }

  /// One axis continued by its own elements.
  private static func extended(
    _ x: ValueID, _ axis: Int, _ before: Int, _ after: Int, _ mode: String, _ importer: inout Importer, _ call: Call,
  ) throws(ImportError) -> ValueID {
    let shape = importer.shape(of: x)
    guard let size = shape[axis].constant, size > 0, size + before + after <= 1 << 26 else {
      throw call.fail(.unsupported("mode \"\(mode)\" on axis \(axis) of \(shape), which must be fixed and not empty"))
    }
    let places = (-before..<size + after).map { place -> Int64 in
      switch mode {
      case "edge": return Int64(min(max(place, 0), size - 1))
      case "wrap": return Int64((place % size + size) % size)
      default:
        // Back and forth between the ends, which are not repeated.
        let period = max(2 * (size - 1), 1)
        let offset = (place % period + period) % period
        return Int64(min(offset, period - offset) % size)
      }
    }
    let table = importer.constant(Constant(.i64, [places.count], places), call)
    return try importer.emit(.gather(axis: axis, negative: .fromEnd), x, table, for: call)
  }

  /// CenterCropPad (18): the middle of an axis that is too long; zeros on both sides of one that is too short. Where
  /// the difference is odd the end gets the larger part.
  private static let centerCropPad: Conversion = { (importer, call) throws(ImportError) in
    var x = try call.operand(0)
    let shape = importer.shape(of: x)
    let axes = try importer.axes(try call.ints("axes") ?? Array(0..<shape.rank), rank: shape.rank, call)
    let wanted = try importer.knownInts(try call.operand(1), "a shape", call)
    guard wanted.count == axes.count, wanted.allSatisfy({ $0 >= 0 && $0 < 1 << 40 }) else {
      throw call.fail(.invalid("a shape of \(wanted) for axes \(axes)"))
    }
    var (before, after) = (shape.dims.map { _ in 0 }, shape.dims.map { _ in 0 })
    for (axis, target) in zip(axes, wanted) where shape[axis] != Dim(target) {
      guard let size = shape[axis].constant else {
        throw call.fail(.unsupported("axis \(axis) of \(shape), which must be fixed"))
      }
      if target < size {
        x = try importer.emit(
          .slice(axis: axis, start: Dim((size - target) / 2), length: Dim(target), step: 1), x, for: call)
      } else {
        before[axis] = (target - size) / 2
        after[axis] = target - size - before[axis]
      }
    }
    if (before + after).allSatisfy({ $0 == 0 }) { return [x] }
    let fill = importer.constant(zero(importer.element(of: x)), call)
    return [try importer.emit(.pad(before: before, after: after), x, fill, for: call)]
  }
}
