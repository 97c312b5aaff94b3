import InferenceIR
import TensorTypes

extension OperatorTable {
  /// Sources of constants, and conversions of element types.
  static let constants: [String: Conversion] = [
    "Constant": constant,
    "ConstantOfShape": constantOfShape,
    "EyeLike": eyeLike,
    "Range": range,
  ]

  private static let constant: Conversion = { (importer, call) throws(ImportError) in
    let value: Constant
    if let tensor = try call.tensor("value") {
      value = try importer.loader.constant(tensor)
    } else if let number = try call.float("value_float") {
      value = Constant(.f32, [], [number])
    } else if let numbers = try call.floats("value_floats") {
      value = Constant(.f32, [numbers.count], numbers)
    } else if let number = try call.int("value_int") {
      value = Constant(.i64, [], [Int64(number)])
    } else if let numbers = try call.ints("value_ints") {
      value = Constant(.i64, [numbers.count], numbers.map { Int64($0) })
    } else if let text = try call.string("value_string") {
      value = Constant(strings: [Array(text.utf8)], shape: [])
    } else if let texts = try call.strings("value_strings") {
      value = Constant(strings: texts, shape: [texts.count])
    } else {
      throw call.fail(.unsupported("a constant without a dense value"))
    }
    return [importer.constant(value, call)]
  }

  private static let constantOfShape: Conversion = { (importer, call) throws(ImportError) in
    let dims = try importer.knownDims(try call.operand(0), "a shape", call)
    var value = Constant(.f32, [], [0 as Float])
    if let tensor = try call.tensor("value") {
      value = try importer.loader.constant(tensor)
      guard value.elementCount == 1 else { throw call.fail(.invalid("the value has \(value.elementCount) elements")) }
      value.shape = []
    }
    return [try importer.expanded(importer.constant(value, call), Shape(dims), call)]
  }

  private static let eyeLike: Conversion = { (importer, call) throws(ImportError) in
    let x = try call.operand(0)
    let shape = importer.shape(of: x)
    guard shape.rank == 2 else { throw call.fail(.shape("x has shape \(shape), not a matrix's")) }
    var element = importer.element(of: x)
    if let code = try call.int("dtype") {
      guard let named = OnnxElement.element(Int64(code)) else {
        throw call.fail(.unsupportedElement(OnnxElement.name(Int64(code))))
      }
      element = named
    }
    let offset = importer.constant(Constant(.i64, [], [Int64(try call.int("k", 0))]), call)
    let (row, column) = try rowsAndColumns(shape[0], shape[1], &importer, call)
    let diagonal = try importer.emit(
      .compare(.equal), column, try importer.binary(.add, row, offset, call), for: call)
    return [try importer.converted(diagonal, to: element, call)]
  }

  /// The row numbers as a column and the column numbers as a row, which broadcast to every place of a matrix.
  static func rowsAndColumns(
    _ rows: Dim, _ columns: Dim, _ importer: inout Importer, _ call: Call,
  ) throws(ImportError) -> (ValueID, ValueID) {
    let row = try importer.emitAll(.iota(count: rows, start: 0, step: 1), [], for: call)[0]
    let column = try importer.emitAll(.iota(count: columns, start: 0, step: 1), [], for: call)[0]
    return (try importer.reshaped(row, [rows, 1], call), try importer.reshaped(column, [1, columns], call))
  }

  private static let range: Conversion = { (importer, call) throws(ImportError) in
    let (start, limit, delta) = (try call.operand(0), try call.operand(1), try call.operand(2))
    let element = importer.element(of: start)
    if element.isFloat {
      var bounds: [Double] = []
      for (id, what) in [(start, "the start"), (limit, "the limit"), (delta, "the step")] {
        bounds += try importer.knownNumbers(id, "\(what) of a range", call)
      }
      guard bounds.count == 3, bounds[2] != 0 else { throw call.fail(.invalid("bounds of \(bounds)")) }
      let count = ((bounds[1] - bounds[0]) / bounds[2]).rounded(.up)
      guard abs(count) <= Double(1 << 24) else { throw call.fail(.limit("\(count) elements")) }
      let numbers = (0..<Int(max(count, 0))).map { index in bounds[0] + Double(index) * bounds[2] }
      return [importer.constant(Constant(element, [numbers.count], rounding: numbers), call)]
    }
    let first = try importer.knownDims(start, "the start of a range", call)
    let end = try importer.knownDims(limit, "the limit of a range", call)
    let step = try importer.knownInts(delta, "the step of a range", call)
    guard first.count == 1, end.count == 1, step.count == 1, step[0] != 0 else {
      throw call.fail(.invalid("the bounds are not scalars, or the step is 0"))
    }
    guard SizeLimit.admits(first[0]), SizeLimit.admits(end[0]), step[0].magnitude < 1 << 40 else {
      throw call.fail(.limit("bounds \(first[0]) and \(end[0])"))
    }
    let count = try length(from: first[0], to: end[0], by: step[0], importer.minima, call)
    let origin = first[0].constant
    var result = try importer.emitAll(
      .iota(count: count, start: origin ?? 0, step: step[0]), [], for: call)[0]
    if origin == nil { result = try importer.binary(.add, result, try importer.converted(start, to: .i64, call), call) }
    return [try importer.converted(result, to: element, call)]
  }

  /// The number of elements from `start` up to but without `end`.
  static func length(
    from start: Dim, to end: Dim, by step: Int, _ minima: [String: Int], _ call: Call,
  ) throws(ImportError) -> Dim {
    let span = step > 0 ? end - start : start - end
    if let distance = span.constant {
      guard distance.magnitude < 1 << 61 else { throw call.fail(.limit("\(distance) elements")) }
      return Dim(max(0, (distance + abs(step) - 1) / abs(step)))
    }
    guard SymbolicArithmetic.isNeverAbove(0, span, minima) else {
      throw call.fail(.unsupported("a length \(span) that may be negative"))
    }
    guard let length = span.dividedExactly(by: Dim(abs(step))) else {
      throw call.fail(.unsupported("every \(abs(step))th of \(span) elements"))
    }
    return length
  }
}
