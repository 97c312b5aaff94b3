import InferenceIR
import TensorTypes

extension OperatorTable {
  /// Most keys of an encoder: every value is compared with every key.
  private static let maximumKeys = 4096

  /// One column a category: 1 where the value is that category.
  static let oneHotEncoder: Conversion = { (importer, call) throws(ImportError) in
    let x = try call.operand(0)
    guard try call.bool("zeros", true) else { throw call.fail(.unsupportedAttribute("zeros = 0")) }
    let categories: Constant
    if let texts = try call.strings("cats_strings") {
      categories = Constant(strings: texts, shape: [texts.count])
    } else if let numbers = try call.ints("cats_int64s") {
      let element = importer.element(of: x)
      guard element.isInteger || element.isFloat else { throw call.fail(.shape("x is \(element)")) }
      categories = Constant(element, [numbers.count], wrapping: numbers.map { Int64($0) })
    } else {
      throw call.fail(.invalid("it has no categories"))
    }
    let table = importer.constant(categories, call)
    return [try importer.converted(try matches(x, table, &importer, call), to: .f32, call)]
  }

  /// Replaces keys by values: the position of the matching key, counted from 1, picks from a table that begins with
  /// the default.
  static let labelEncoder: Conversion = { (importer, call) throws(ImportError) in
    let x = try call.operand(0)
    let (keys, values, otherwise) = try table(&importer, &call)
    guard keys.elementCount == values.elementCount, values.elementCount > 0, keys.element == importer.element(of: x)
    else {
      throw call.fail(
        .invalid(
          "\(keys.elementCount) keys of \(keys.element), \(values.elementCount) values, x is \(importer.element(of: x))"
        ))
    }
    let count = keys.elementCount
    let matching = try matches(x, importer.constant(keys, call), &importer, call)
    let positions = importer.constant(Constant(.i64, [count], (0..<count).map { Int64($0) + 1 }), call)
    let numbers = try importer.binary(
      .multiply, try importer.converted(matching, to: .i64, call), positions, call)
    let rank = importer.shape(of: x).rank
    let at = try importer.emit(.reduce(.maximum, axes: [rank], keepDims: false), numbers, for: call)
    let entries = try importer.emit(
      .concat(axis: 0), importer.constant(otherwise, call), importer.constant(values, call), for: call)
    return [try importer.emit(.gather(axis: 0, negative: .fromEnd), entries, at, for: call)]
  }

  /// Keys, values and the default as vectors.
  private static func table(
    _ importer: inout Importer, _ call: inout Call,
  ) throws(ImportError) -> (keys: Constant, values: Constant, otherwise: Constant) {
    guard call.version >= 2 else { throw call.fail(.unsupported("version 1 of ai.onnx.ml")) }
    let keys = try list("keys", &importer, &call)
    let values = try list("values", &importer, &call)
    var otherwise: Constant
    switch values.element {
    case .string:
      otherwise = Constant(strings: [Array(try call.string("default_string", "_Unused").utf8)], shape: [1])
    case .i64: otherwise = Constant(.i64, [1], [Int64(try call.int("default_int64", -1))])
    case .f32: otherwise = Constant(.f32, [1], [try call.float("default_float") ?? 0])
    case .bool, .u8, .u16, .u32, .u64, .i8, .i16, .i32, .f16, .bf16, .f64, .small:
      otherwise = Constant(values.element, [1], rounding: [-1])
    }
    if let tensor = try call.tensor("default_tensor") {
      otherwise = try importer.loader.constant(tensor)
      guard otherwise.elementCount == 1, otherwise.element == values.element else {
        throw call.fail(.invalid("default_tensor does not fit the values"))
      }
      otherwise.shape = [1]
    }
    call.ignore("default_string", "default_int64", "default_float")
    return (keys, values, otherwise)
  }

  private static func list(
    _ name: String, _ importer: inout Importer, _ call: inout Call,
  ) throws(ImportError) -> Constant {
    if let texts = try call.strings("\(name)_strings") { return Constant(strings: texts, shape: [texts.count]) }
    if let numbers = try call.ints("\(name)_int64s") {
      return Constant(.i64, [numbers.count], numbers.map { Int64($0) })
    }
    if let numbers = try call.floats("\(name)_floats") { return Constant(.f32, [numbers.count], numbers) }
    if let tensor = try call.tensor("\(name)_tensor") {
      let constant = try importer.loader.constant(tensor)
      guard constant.shape.count == 1 else { throw call.fail(.invalid("\(name)_tensor is not a vector")) }
      return constant
    }
    throw call.fail(.invalid("it has no \(name)"))
  }

  /// Whether each element equals each key: the shape of x and one more axis.
  private static func matches(
    _ x: ValueID, _ keys: ValueID, _ importer: inout Importer, _ call: Call,
  ) throws(ImportError) -> ValueID {
    guard let count = importer.shape(of: keys)[0].constant, count <= maximumKeys else {
      throw call.fail(.limit("more than \(maximumKeys) keys"))
    }
    let column = try importer.reshaped(x, Shape(importer.shape(of: x).dims + [1]), call)
    return try importer.emit(.compare(.equal), column, keys, for: call)
  }
}
