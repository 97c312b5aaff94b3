import InferenceIR
import TensorTypes

extension OperatorTable {
  /// Parts of tensors.
  static let slicing: [String: Conversion] = [
    "Slice": slice,
    "Split": split,
    "Trilu": trilu,
  ]

  private static let slice: Conversion = { (importer, call) throws(ImportError) in
    var x = try call.operand(0)
    let rank = importer.shape(of: x).rank
    let (starts, ends): ([Dim], [Dim])
    var (axes, steps): ([Int]?, [Int]?)
    if call.version < 10 {
      starts = (try call.ints("starts") ?? []).map { Dim($0) }
      ends = (try call.ints("ends") ?? []).map { Dim($0) }
      axes = try call.ints("axes")
    } else {
      starts = try importer.knownDims(try call.operand(1), "the starts of a slice", call)
      ends = try importer.knownDims(try call.operand(2), "the ends of a slice", call)
      if let operand = call.optional(3) { axes = try importer.knownInts(operand, "the axes of a slice", call) }
      if let operand = call.optional(4) { steps = try importer.knownInts(operand, "the steps of a slice", call) }
    }
    let along = try importer.axes(axes ?? Array(starts.indices), rank: rank, call)
    let by = steps ?? [Int](repeating: 1, count: starts.count)
    guard starts.count == ends.count, along.count == starts.count, by.count == starts.count else {
      throw call.fail(.invalid("starts, ends, axes and steps differ in length"))
    }
    for at in starts.indices {
      let size = importer.shape(of: x)[along[at]]
      let isWithin = by[at] > 0 && importer.assume(ends[at], isAtMost: size)
      let bounds = try SliceBounds(starts[at], ends[at], by[at], size, isWithin, importer.minima, call)
      if bounds.isEverything(of: size) { continue }
      x = try importer.emit(
        .slice(axis: along[at], start: bounds.start, length: bounds.length, step: bounds.step), x, for: call)
    }
    return [x]
  }

  private static let split: Conversion = { (importer, call) throws(ImportError) in
    let x = try call.operand(0)
    let shape = importer.shape(of: x)
    let axis = try importer.axis(try call.int("axis", 0), rank: shape.rank, call)
    var given = try call.version < 13 ? call.ints("split") : nil
    if call.version >= 13 || call.version == 1, let operand = call.optional(1) {
      given = try importer.knownInts(operand, "split", call)
    }
    let parts = try call.version >= 18 ? call.int("num_outputs", call.outputs.count) : call.outputs.count
    let lengths: [Dim]
    if let given {
      lengths = given.map { Dim($0) }
    } else {
      lengths = try equalParts(of: shape[axis], parts, call)
    }
    guard lengths.reduce(Dim(0), +) == shape[axis] else {
      throw call.fail(.shape("parts \(lengths) do not add up to \(shape[axis])"))
    }
    var results: [ValueID] = []
    var start = Dim(0)
    for length in lengths {
      results.append(try importer.emit(.slice(axis: axis, start: start, length: length, step: 1), x, for: call))
      start = start + length
    }
    return results
  }

  /// Equal parts; since opset 18 the last one may be smaller.
  private static func equalParts(of dim: Dim, _ parts: Int, _ call: Call) throws(ImportError) -> [Dim] {
    guard parts >= 1, parts <= max(call.outputs.count, 1) else { throw call.fail(.invalid("\(parts) parts")) }
    if let part = dim.dividedExactly(by: Dim(parts)) { return [Dim](repeating: part, count: parts) }
    guard let size = dim.constant else { throw call.fail(.unsupported("\(dim) in \(parts) parts")) }
    let part = (size + parts - 1) / parts
    let last = size - part * (parts - 1)
    guard last >= 0 else { throw call.fail(.shape("\(size) does not divide into \(parts) parts")) }
    return [Dim](repeating: Dim(part), count: parts - 1) + [Dim(last)]
  }

  /// Keeps the upper or the lower triangle of matrices.
  private static let trilu: Conversion = { (importer, call) throws(ImportError) in
    let x = try call.operand(0)
    let upper = try call.bool("upper", true)
    let shape = importer.shape(of: x)
    guard shape.rank >= 2 else { throw call.fail(.shape("x has shape \(shape), not a matrix's")) }
    var offset = 0
    if let operand = call.optional(1) {
      let known = try importer.knownInts(operand, "k", call)
      guard known.count == 1 else { throw call.fail(.invalid("k is not one number")) }
      // Beyond the width of any tensor all offsets are alike.
      offset = min(max(known[0], -TensorLoader.maximumElements), TensorLoader.maximumElements)
    }
    let k = importer.constant(Constant(.i64, [], [Int64(offset)]), call)
    let (row, column) = try rowsAndColumns(shape[shape.rank - 2], shape[shape.rank - 1], &importer, call)
    let diagonal = try importer.binary(.add, row, k, call)
    let keeps = try importer.emit(.compare(upper ? .greaterOrEqual : .lessOrEqual), column, diagonal, for: call)
    let element = importer.element(of: x)
    if element == .bool { return [try importer.binary(.and, keeps, x, call)] }
    return [try importer.emit(.select, keeps, x, importer.scalar(0, element, call), for: call)]
  }
}

/// The elements that one axis of a slice takes, bounds clamped as numpy does.
struct SliceBounds {
  let start: Dim
  let length: Dim
  let step: Int

  /// - Parameter isWithin: whether the end is known to be within the axis.
  init(
    _ start: Dim, _ end: Dim, _ step: Int, _ size: Dim, _ isWithin: Bool, _ minima: [String: Int], _ call: Call,
  ) throws(ImportError) {
    guard step != 0, step.magnitude < 1 << 40 else { throw call.fail(.invalid("a step of \(step)")) }
    // Walking backward starts at the last element at most, and ends before the first.
    let (least, greatest) = step > 0 ? (Dim(0), size) : (Dim(-1), size - 1)
    let first = try Self.clamped(start, least, greatest, size, false, minima, call)
    let last = try Self.clamped(end, least, greatest, size, isWithin, minima, call)
    self.step = step
    length = try OperatorTable.length(from: first, to: last, by: step, minima, call)
    // The start of nothing may lie outside the tensor.
    self.start = length == 0 ? 0 : first
  }

  func isEverything(of size: Dim) -> Bool { start == 0 && step == 1 && length == size }

  private static func clamped(
    _ bound: Dim, _ least: Dim, _ greatest: Dim, _ size: Dim, _ isWithin: Bool, _ minima: [String: Int],
    _ call: Call,
  ) throws(ImportError) -> Dim {
    var bound = bound
    if let value = bound.constant {
      // Exporters write "to the end" as the largest or smallest integer of 32 or 64 bits.
      if value >= Int(Int32.max) { return greatest }
      if value <= Int(Int32.min) { return least }
      if value < 0 { bound = bound + size }
    }
    if SymbolicArithmetic.isNeverAbove(bound, least, minima) { return least }
    if SymbolicArithmetic.isNeverAbove(greatest, bound, minima) { return greatest }
    guard SymbolicArithmetic.isNeverAbove(least, bound, minima),
      isWithin || SymbolicArithmetic.isNeverAbove(bound, greatest, minima)
    else { throw call.fail(.unsupported("a slice to \(bound) of \(size) elements, which may be fewer")) }
    return bound
  }
}
