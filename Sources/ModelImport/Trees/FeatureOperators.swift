import InferenceIR
import TensorTypes

extension OperatorTable {
  /// The pre- and post-processing operators of ai.onnx.ml.
  static let features: [String: Conversion] = [
    "ArrayFeatureExtractor": arrayFeatureExtractor,
    "Binarizer": { (importer, call) throws(ImportError) in
      let x = try call.operand(0)
      let element = importer.element(of: x)
      let threshold = importer.scalar(try call.float("threshold", 0), element, call)
      return [try importer.converted(try importer.emit(.compare(.greater), x, threshold, for: call), to: element, call)]
    },
    "FeatureVectorizer": { (importer, call) throws(ImportError) in
      call.ignore("inputdimensions")
      var parts: [ValueID] = []
      for operand in try call.variadic() { parts.append(try importer.converted(operand, to: .f32, call)) }
      guard parts.allSatisfy({ importer.shape(of: $0).rank == 2 }) else {
        throw call.fail(.shape("operands are not matrices"))
      }
      return [parts.count == 1 ? parts[0] : try importer.emitAll(.concat(axis: 1), parts, for: call)[0]]
    },
    "Imputer": imputer,
    "LabelEncoder": labelEncoder,
    "LinearClassifier": linearClassifier,
    "LinearRegressor": linearRegressor,
    "Normalizer": normalizer,
    "OneHotEncoder": oneHotEncoder,
    "Scaler": scaler,
    // A list of maps from class to probability: served as the matrix it is made from, columns in label order.
    "ZipMap": { (_, call) throws(ImportError) in
      call.ignore("classlabels_int64s", "classlabels_strings")
      return [try call.operand(0)]
    },
  ]

  private static let arrayFeatureExtractor: Conversion = { (importer, call) throws(ImportError) in
    let x = try call.operand(0)
    let rank = importer.shape(of: x).rank
    guard rank > 0 else { throw call.fail(.shape("x is a scalar")) }
    let matrix = rank == 1 ? try importer.reshaped(x, Shape([1] + importer.shape(of: x).dims), call) : x
    let indices = try call.operand(1)
    let flat = try importer.reshaped(indices, [importer.shape(of: indices).elementCount], call)
    return [try importer.emit(.gather(axis: max(rank, 2) - 1, negative: .fromEnd), matrix, flat, for: call)]
  }

  /// Replaces NaN, or one chosen value, by a value per feature.
  private static let imputer: Conversion = { (importer, call) throws(ImportError) in
    let x = try call.operand(0)
    let element = importer.element(of: x)
    let isMissing: ValueID
    let values: Constant
    if let numbers = try call.floats("imputed_value_floats") {
      let replaced = try call.float("replaced_value_float", 0)
      values = Constant(element, [numbers.count], rounding: numbers.map { Double($0) })
      isMissing =
        replaced.isNaN
        ? try importer.unary(.isNaN, x, call)
        : try importer.emit(.compare(.equal), x, importer.scalar(replaced, element, call), for: call)
    } else if let numbers = try call.ints("imputed_value_int64s") {
      let replaced = importer.constant(Constant(.i64, [], [Int64(try call.int("replaced_value_int64", 0))]), call)
      values = Constant(.i64, [numbers.count], numbers.map { Int64($0) })
      isMissing = try importer.emit(.compare(.equal), x, replaced, for: call)
    } else {
      throw call.fail(.invalid("it has no imputed values"))
    }
    call.ignore("replaced_value_float", "replaced_value_int64")
    let table = importer.constant(values.elementCount == 1 ? reshaped(values, []) : values, call)
    return [try importer.emit(.select, isMissing, table, x, for: call)]
  }

  private static func reshaped(_ constant: Constant, _ shape: [Int]) -> Constant {
    var copy = constant
    copy.shape = shape
    return copy
  }

  /// `(x - offset) * scale`, per feature or for all.
  private static let scaler: Conversion = { (importer, call) throws(ImportError) in
    var x = try importer.converted(try call.operand(0), to: .f32, call)
    let steps: [(String, BinaryOp)] = [("offset", .subtract), ("scale", .multiply)]
    for (name, function) in steps {
      guard let numbers = try call.floats(name), !numbers.isEmpty else { continue }
      let operand = importer.constant(Constant(.f32, numbers.count == 1 ? [] : [numbers.count], numbers), call)
      let shape = importer.shape(of: x)
      x = try importer.binary(function, x, operand, call)
      guard importer.shape(of: x) == shape else {
        throw call.fail(.shape("\(numbers.count) values of \(name) for features of shape \(shape)"))
      }
    }
    return [x]
  }

  /// Divides every row by its norm; a row of zeros stays as it is.
  private static let normalizer: Conversion = { (importer, call) throws(ImportError) in
    let x = try importer.converted(try call.operand(0), to: .f32, call)
    let rank = importer.shape(of: x).rank
    guard rank == 1 || rank == 2 else { throw call.fail(.shape("x has rank \(rank)")) }
    let kind = try call.string("norm", "MAX")
    let norm: ValueID
    switch kind {
    case "MAX": norm = try importer.emit(.reduce(.maximum, axes: [rank - 1], keepDims: true), x, for: call)
    case "L1": norm = try importer.emit(.reduce(.l1, axes: [rank - 1], keepDims: true), x, for: call)
    case "L2": norm = try importer.emit(.reduce(.l2, axes: [rank - 1], keepDims: true), x, for: call)
    default: throw call.fail(.invalid("norm \"\(kind)\""))
    }
    let isZero = try importer.emit(.compare(.equal), norm, importer.scalar(0, .f32, call), for: call)
    let divisor = try importer.emit(.select, isZero, importer.scalar(1, .f32, call), norm, for: call)
    return [try importer.binary(.divide, x, divisor, call)]
  }
}
