import Glibc
import InferenceIR
import TensorTypes

/// The post-transforms of ai.onnx.ml, over the columns of a matrix of scores.
enum PostTransform: String {
  case none = "NONE"
  case softmax = "SOFTMAX"
  case logistic = "LOGISTIC"
  case softmaxZero = "SOFTMAX_ZERO"
  case probit = "PROBIT"

  /// The value of a `post_transform` attribute.
  static func named(_ name: String, _ call: Call) throws(ImportError) -> PostTransform {
    guard let known = PostTransform(rawValue: name) else { throw call.fail(.invalid("post_transform \"\(name)\"")) }
    return known
  }

  /// The codes of TreeEnsemble version 5.
  static func numbered(_ code: Int, _ call: Call) throws(ImportError) -> PostTransform {
    let order: [PostTransform] = [.none, .softmax, .logistic, .softmaxZero, .probit]
    guard order.indices.contains(code) else { throw call.fail(.invalid("post_transform \(code)")) }
    return order[code]
  }

  func apply(to scores: ValueID, _ importer: inout Importer, _ call: Call) throws(ImportError) -> ValueID {
    switch self {
    case .none: scores
    case .logistic: try importer.unary(.sigmoid, scores, call)
    case .softmax: try importer.emit(.softmax(axis: 1), scores, for: call)
    case .softmaxZero: try Self.softmaxZero(scores, &importer, call)
    case .probit: try Self.probit(scores, &importer, call)
    }
  }

  /// Softmax over the scores that are not zero; the zero ones are scaled alike and stay (nearly) zero.
  private static func softmaxZero(
    _ scores: ValueID, _ importer: inout Importer, _ call: Call,
  ) throws(ImportError) -> ValueID {
    let peak = try importer.emit(.reduce(.maximum, axes: [1], keepDims: true), scores, for: call)
    let small = importer.scalar(1e-7, .f32, call)
    let zero = importer.scalar(0, .f32, call)
    let counts = try importer.emit(
      .compare(.greater), try importer.unary(.absolute, scores, call), small, for: call)
    let shifted = try importer.unary(.exp, try importer.binary(.subtract, scores, peak, call), call)
    let scale = try importer.unary(.exp, try importer.unary(.negate, peak, call), call)
    let scaled = try importer.binary(.multiply, scores, scale, call)
    let parts = try importer.emit(.select, counts, shifted, scaled, for: call)
    let counted = try importer.emit(.select, counts, shifted, zero, for: call)
    let total = try importer.emit(.reduce(.sum, axes: [1], keepDims: true), counted, for: call)
    return try importer.binary(.divide, parts, total, call)
  }

  /// The quantile of the normal distribution, sqrt(2) * erfinv(2p - 1), by Winitzki's approximation of erfinv:
  /// the one that onnxruntime computes.
  private static func probit(
    _ scores: ValueID, _ importer: inout Importer, _ call: Call,
  ) throws(ImportError) -> ValueID {
    let a = 0.147
    let one = importer.scalar(1, .f32, call)
    let twice = try importer.binary(.multiply, scores, importer.scalar(2, .f32, call), call)
    let x = try importer.binary(.subtract, twice, one, call)
    let product = try importer.binary(
      .multiply, try importer.binary(.subtract, one, x, call), try importer.binary(.add, one, x, call), call)
    let logarithm = try importer.unary(.log, product, call)
    let half = try importer.binary(.multiply, logarithm, importer.scalar(0.5, .f32, call), call)
    let v = try importer.binary(.add, half, importer.scalar(2 / (Double.pi * a), .f32, call), call)
    let scaled = try importer.binary(.multiply, logarithm, importer.scalar(1 / a, .f32, call), call)
    let inner = try importer.binary(.subtract, try importer.unary(.square, v, call), scaled, call)
    let root = try importer.binary(.subtract, try importer.unary(.sqrt, inner, call), v, call)
    let signed = try importer.binary(
      .multiply, try importer.unary(.sign, x, call), try importer.unary(.sqrt, root, call), call)
    return try importer.binary(.multiply, signed, importer.scalar(2.0.squareRoot(), .f32, call), call)
  }
}
