import InferenceIR
import TensorTypes

extension OperatorTable {
  static let losses: [String: Conversion] = [
    "NegativeLogLikelihoodLoss": { (importer, call) throws(ImportError) in
      let loss = try Likelihood(&call)
      return [try loss.convert(try call.operand(0), &importer, call)]
    },
    "SoftmaxCrossEntropyLoss": { (importer, call) throws(ImportError) in
      let loss = try Likelihood(&call)
      let scores = try call.operand(0)
      let logarithms = try importer.emit(.logSoftmax(axis: 1), scores, for: call)
      return [try loss.convert(logarithms, &importer, call), logarithms]
    },
  ]
}

/// The negative log likelihood of labels (ai.onnx 12, 13, 22): `x` is `[N, C, d…]`, labels are `[N, d…]`.
private struct Likelihood {
  private let reduction: String
  /// A label whose places count as nothing.
  private let ignored: Int?

  init(_ call: inout Call) throws(ImportError) {
    reduction = try call.string("reduction", "mean")
    ignored = try call.int("ignore_index")
    guard ["none", "sum", "mean"].contains(reduction) else { throw call.fail(.invalid("reduction \"\(reduction)\"")) }
  }

  func convert(_ x: ValueID, _ importer: inout Importer, _ call: Call) throws(ImportError) -> ValueID {
    let element = importer.element(of: x)
    let shape = importer.shape(of: x)
    var labels = try call.operand(1)
    let places = importer.shape(of: labels)
    guard shape.rank >= 2, places.dims == [shape[0]] + shape.dims[2...] else {
      throw call.fail(.shape("labels of \(places) for scores of \(shape)"))
    }
    var keeps: ValueID?
    if let ignored {
      let kind = importer.element(of: labels)
      let isKept = try importer.emit(.compare(.notEqual, .value(labels), .number(Double(ignored))), kind, call)
      labels = try importer.emit(.choice(.value(isKept), .value(labels), 0), kind, call)
      keeps = isKept
    }
    let column = try importer.reshaped(labels, Shape([places[0], 1] + places.dims.dropFirst()), call)
    let picked = try importer.emit(.gatherElements(axis: 1), x, column, for: call)
    var loss = try importer.unary(.negate, try importer.reshaped(picked, places, call), call)
    var weights: ValueID?
    if let table = call.optional(2) {
      weights = try importer.emit(.gather(axis: 0, negative: .fromEnd), table, labels, for: call)
      loss = try importer.binary(.multiply, loss, weights ?? loss, call)
    }
    if let keeps {
      weights = try importer.emit(
        .choice(.value(keeps), weights.map { .value($0) } ?? 1, 0), element, call)
      // Not a product with 0: an ignored score may be infinite.
      loss = try importer.emit(.choice(.value(keeps), .value(loss), 0), element, call)
    }
    if reduction == "none" { return loss }
    let axes = Array(0..<places.rank)
    if reduction == "mean", weights == nil {
      return try importer.emit(.reduce(.mean, axes: axes, keepDims: false), loss, for: call)
    }
    let total = try importer.emit(.reduce(.sum, axes: axes, keepDims: false), loss, for: call)
    guard reduction == "mean", let weights else { return total }
    return try importer.binary(
      .divide, total, try importer.emit(.reduce(.sum, axes: axes, keepDims: false), weights, for: call), call)
  }
}
