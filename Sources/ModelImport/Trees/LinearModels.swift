import InferenceIR
import TensorTypes

extension OperatorTable {
  static let linearRegressor: Conversion = { (importer, call) throws(ImportError) in
    let transform = try PostTransform.named(try call.string("post_transform", "NONE"), call)
    let scores = try linearScores(try call.int("targets", 1), &importer, &call)
    return [try transform.apply(to: scores, &importer, call)]
  }

  /// One row of coefficients a class; the label is that of the largest score.
  static let linearClassifier: Conversion = { (importer, call) throws(ImportError) in
    let transform = try PostTransform.named(try call.string("post_transform", "NONE"), call)
    call.ignore("multi_class")
    let integers = try call.ints("classlabels_ints") ?? []
    let texts = try call.strings("classlabels_strings") ?? []
    let count = max(integers.count, texts.count)
    guard integers.isEmpty != texts.isEmpty else {
      throw call.fail(.invalid("it needs either integer or string labels"))
    }
    let labels =
      texts.isEmpty
      ? Constant(.i64, [count], integers.map { Int64($0) }) : Constant(strings: texts, shape: [count])
    guard count > 1, try call.floats("intercepts")?.count ?? count == count else {
      throw call.fail(.unsupported("a classifier of \(count) classes without a row of coefficients each"))
    }
    let scores = try linearScores(count, &importer, &call)
    let best = try importer.emit(
      .argReduce(largest: true, axis: 1, keepDims: false, selectLast: false), scores, for: call)
    let table = importer.constant(labels, call)
    let label = try importer.emit(.gather(axis: 0, negative: .fromEnd), table, best, for: call)
    return [label, try transform.apply(to: scores, &importer, call)]
  }

  /// `x * coefficients^T + intercepts`, one row of coefficients a target.
  private static func linearScores(
    _ targets: Int, _ importer: inout Importer, _ call: inout Call,
  ) throws(ImportError) -> ValueID {
    let x = try importer.converted(try call.operand(0), to: .f32, call)
    let coefficients = try call.floats("coefficients") ?? []
    let intercepts = try call.floats("intercepts") ?? []
    guard targets >= 1, coefficients.count % targets == 0, intercepts.isEmpty || intercepts.count == targets else {
      throw call.fail(
        .invalid("\(coefficients.count) coefficients, \(intercepts.count) intercepts, \(targets) targets"))
    }
    let weights = importer.constant(Constant(.f32, [targets, coefficients.count / targets], coefficients), call)
    let result = try importer.emit(.matmul(transposeA: false, transposeB: true), x, weights, for: call)
    if intercepts.isEmpty { return result }
    return try importer.binary(.add, result, importer.constant(Constant(.f32, [targets], intercepts), call), call)
  }
}
