import InferenceIR
import TensorTypes

extension OperatorTable {
  /// Operators whose results are as long as the data say.
  static let selections: [String: Conversion] = [
    "Compress": compress, "NonZero": nonZero, "NonMaxSuppression": nonMaxSuppression,
  ]

  /// The elements where a condition holds.
  private static let compress: Conversion = { (importer, call) throws(ImportError) in
    var x = try call.operand(0)
    let condition = try call.operand(1)
    let axis: Int
    if let given = try call.int("axis") {
      axis = try importer.axis(given, rank: importer.shape(of: x).rank, call)
    } else {
      x = try importer.reshaped(x, [importer.shape(of: x).elementCount], call)
      axis = 0
    }
    guard importer.shape(of: condition).rank == 1 else {
      throw call.fail(.shape("a condition of shape \(importer.shape(of: condition))"))
    }
    let (size, count) = (importer.shape(of: x)[axis], importer.shape(of: condition)[0])
    guard SymbolicArithmetic.isNeverAbove(count, size, importer.minima) else {
      throw call.fail(.shape("\(count) conditions for \(size) elements"))
    }
    let places = try importer.positions(condition, in: condition, call)
    return [try importer.emit(.gather(axis: axis, negative: .fromEnd), x, places, for: call)]
  }

  /// The indices of what is not zero, one column each, in row-major order.
  private static let nonZero: Conversion = { (importer, call) throws(ImportError) in
    let x = try call.operand(0)
    let (element, shape) = (importer.element(of: x), importer.shape(of: x))
    guard element != .string, !element.isSmall else { throw call.fail(.unsupported("\(element)")) }
    let flat = try importer.reshaped(x, [shape.elementCount], call)
    let isSet =
      element == .bool ? flat : try importer.emit(.compare(.notEqual, .value(flat), 0), element, call)
    let places = try importer.positions(isSet, in: x, call)
    // A scalar is a vector of one element.
    let axes = shape.dims.isEmpty ? [Dim(1)] : shape.dims
    return [try importer.coordinates(places, in: axes, columns: false, call)]
  }

  private static let nonMaxSuppression: Conversion = { (importer, call) throws(ImportError) in
    let (boxes, scores) = (try call.operand(0), try call.operand(1))
    let shape = importer.shape(of: scores)
    guard shape.rank == 3, importer.shape(of: boxes).rank == 3 else {
      throw call.fail(.shape("boxes \(importer.shape(of: boxes)) and scores \(shape)"))
    }
    func number(_ index: Int, _ what: String) throws(ImportError) -> Double? {
      guard let id = call.optional(index) else { return nil }
      let numbers = try importer.knownNumbers(id, what, call)
      guard numbers.count == 1, !numbers[0].isNaN else { throw call.fail(.invalid("\(what) is \(numbers)")) }
      return numbers[0]
    }
    let wanted = try number(2, "the most boxes of a class") ?? 0
    let most = Int(min(max(wanted, 0), 1e15))
    let limit = shape[2].constant.map { min(most, $0) } ?? most
    guard limit <= 1 << 20 else { throw call.fail(.limit("\(limit) boxes of a class, of which there are \(shape[2])")) }
    let (overlap, least) = (try number(3, "the overlap"), try number(4, "the least score"))
    let corners: NonMaxSuppression.Corners = try call.bool("center_point_box", false) ? .centre : .diagonal
    if limit == 0 { return [importer.constant(Constant(.i64, [0, 3], [Int64]()), call)] }
    let op = NonMaxSuppression(
      limit: limit, overlap: Float(overlap ?? 0), leastScore: least.map { Float($0) }, corners: corners)
    let kept = try importer.emit(.nonMaxSuppression(op), boxes, scores, for: call)
    let all = try importer.reshaped(kept, [importer.shape(of: kept).elementCount], call)
    let places = try importer.positions(try importer.emit(.value(all) >= 0, .i64, call), in: all, call)
    let box = try importer.emit(.gather(axis: 0, negative: .zero), all, places, for: call)
    let classes = try importer.coordinates(places, in: [shape[0], shape[1], Dim(limit)], columns: true, call)
    let heads = try importer.emit(.slice(axis: 1, start: 0, length: 2, step: 1), classes, for: call)
    let column = try importer.reshaped(box, [importer.shape(of: places)[0], 1], call)
    return [try importer.emit(.concat(axis: 1), heads, column, for: call)]
  }
}

extension Importer {
  /// Where a vector of bools holds: constants, or as many positions as a new symbol says.
  /// - Parameter source: what the vector was made from.
  fileprivate mutating func positions(
    _ mask: ValueID, in source: ValueID, _ call: Call,
  ) throws(ImportError) -> ValueID {
    if let known = found[source] { return known }
    if let known = graph[mask].constant {
      let places = known.integers.enumerated().filter { $0.element != 0 }.map { Int64($0.offset) }
      return constant(Constant(.i64, [places.count], places), call)
    }
    let symbol = defineSymbol()
    let places = try emitAll(.positions(count: Dim(symbol: symbol)), [mask], for: call)[0]
    found[source] = places
    return places
  }

  /// The index along every axis of elements that are given by their places in row-major order.
  /// - Parameter columns: one column for every axis, else one row.
  fileprivate mutating func coordinates(
    _ places: ValueID, in dims: [Dim], columns: Bool, _ call: Call,
  ) throws(ImportError) -> ValueID {
    let count = shape(of: places)[0]
    var parts: [ValueID] = []
    for (axis, size) in dims.enumerated() {
      let stride = Shape(Array(dims[(axis + 1)...])).elementCount
      var index = places
      if stride != 1 { index = try binary(.divide, index, try dimension(stride, call), call) }
      if axis > 0 { index = try binary(.modulo(truncated: true), index, try dimension(size, call), call) }
      parts.append(try reshaped(index, columns ? [count, 1] : [1, count], call))
    }
    return parts.count == 1 ? parts[0] : try emitAll(.concat(axis: columns ? 1 : 0), parts, for: call)[0]
  }

  /// A dimension as an i64 scalar.
  private mutating func dimension(_ dim: Dim, _ call: Call) throws(ImportError) -> ValueID {
    guard let tensor = SymbolicTensor(element: .i64, shape: [], dims: [dim]) else {
      throw call.fail(.limit("a dimension of \(dim)"))
    }
    return try materialize(tensor, call)
  }
}
