import InferenceIR
import TensorTypes

extension OperatorTable {
  /// Ensembles of decision trees.
  static let trees: [String: Conversion] = [
    "TreeEnsemble": treeEnsemble,
    "TreeEnsembleClassifier": treeEnsembleClassifier,
    "TreeEnsembleRegressor": treeEnsembleRegressor,
  ]

  private static let treeEnsembleRegressor: Conversion = { (importer, call) throws(ImportError) in
    let targets = try call.int("n_targets", 1)
    let transform = try PostTransform.named(try call.string("post_transform", "NONE"), call)
    let aggregate = try aggregate(named: try call.string("aggregate_function", "SUM"), call)
    guard (1...1 << 20).contains(targets) else { throw call.fail(.invalid("n_targets is \(targets)")) }
    var source = try TreeAttributes(prefix: "target", targetCount: targets, &importer, &call).source
    source.aggregate = aggregate
    guard source.base.isEmpty || source.base.count == targets else {
      throw call.fail(.invalid("\(source.base.count) base values for \(targets) targets"))
    }
    let scores = try emit(source, &importer, &call)
    return [try transformed(scores, transform, targets, &importer, call)]
  }

  /// ai.onnx.ml 5: trees over arrays of nodes and leaves.
  private static let treeEnsemble: Conversion = { (importer, call) throws(ImportError) in
    let targets = try call.int("n_targets", 1)
    let transform = try PostTransform.numbered(try call.int("post_transform", 0), call)
    guard (1...1 << 20).contains(targets) else { throw call.fail(.invalid("n_targets is \(targets)")) }
    let source = try TreeEnsembleV5(targetCount: targets, &importer, &call).source
    let scores = try emit(source, &importer, &call)
    let result = try transformed(scores, transform, targets, &importer, call)
    // Results have the type of the features.
    let isWide = importer.element(of: try call.operand(0)) == .f64
    return [isWide ? try importer.converted(result, to: .f64, call) : result]
  }

  private static func aggregate(
    named name: String, _ call: Call,
  ) throws(ImportError) -> TreeEnsemble.Aggregate {
    switch name {
    case "SUM": .sum
    case "AVERAGE": .average
    case "MIN": .minimum
    case "MAX": .maximum
    default: throw call.fail(.invalid("aggregate_function \"\(name)\""))
    }
  }

  /// With a single target the standard applies every transform, while onnxruntime applies only PROBIT: what a model
  /// means there depends on who reads it.
  private static func transformed(
    _ scores: ValueID, _ transform: PostTransform, _ targets: Int, _ importer: inout Importer, _ call: Call,
  ) throws(ImportError) -> ValueID {
    guard targets > 1 || transform == .none || transform == .probit else {
      throw call.fail(
        .unsupportedAttribute(
          "post_transform = \"\(transform.rawValue)\" on a single target, which runtimes read differently"))
    }
    return try transform.apply(to: scores, &importer, call)
  }

  /// The raw scores of a forest, `f32[rows, targets]`.
  private static func emit(
    _ source: TreeSource, _ importer: inout Importer, _ call: inout Call,
  ) throws(ImportError) -> ValueID {
    let x = try call.operand(0)
    let type = importer.type(of: x)
    guard type.shape.rank == 2, let columns = type.shape[1].constant else {
      throw call.fail(.shape("features have shape \(type.shape); they need a row each and a fixed number of columns"))
    }
    guard type.element != .string else { throw call.fail(.unsupportedElement("string of features")) }
    let (ensemble, ranks): (TreeEnsemble, TreeRanks?)
    do throws(TreeSource.Defect) {
      if type.element == .f64 {
        let ranked = try TreeRanks(source, featureCount: columns)
        (ensemble, ranks) = (ranked.ensemble, ranked)
      } else {
        (ensemble, ranks) = (try source.normalized(featureCount: columns), nil)
      }
    } catch {
      throw call.fail(.invalid(error.text))
    }
    let features: ValueID
    if let ranks {
      features = try ranks.features(x, &importer, call)
    } else {
      features = try importer.converted(x, to: .f32, call)
    }
    return try importer.emit(.treeEnsemble(ensemble), features, for: call)
  }

  private static let treeEnsembleClassifier: Conversion = { (importer, call) throws(ImportError) in
    let transform = try PostTransform.named(try call.string("post_transform", "NONE"), call)
    let integers = try call.ints("classlabels_int64s") ?? []
    let texts = try call.strings("classlabels_strings") ?? []
    let count = max(integers.count, texts.count)
    guard integers.isEmpty != texts.isEmpty, count <= 1 << 20 else {
      throw call.fail(.invalid("it needs either integer or string labels"))
    }
    let labels =
      texts.isEmpty
      ? Constant(.i64, [count], integers.map { Int64($0) }) : Constant(strings: texts, shape: [count])
    let attributes = try TreeAttributes(prefix: "class", targetCount: count, &importer, &call)
    let labelTable = importer.constant(labels, call)
    if count == 2 {
      return try binaryClassifier(attributes, transform, labelTable, &importer, &call)
    }
    guard count > 2 else { throw call.fail(.unsupported("a classifier of one class")) }
    guard attributes.source.base.isEmpty || attributes.source.base.count == count else {
      throw call.fail(.invalid("\(attributes.source.base.count) base values for \(count) classes"))
    }
    let scores = try emit(attributes.source, &importer, &call)
    let best = try importer.emit(
      .argReduce(largest: true, axis: 1, keepDims: false, selectLast: false), scores, for: call)
    let label = try importer.emit(.gather(axis: 0, negative: .fromEnd), labelTable, best, for: call)
    return [label, try transform.apply(to: scores, &importer, call)]
  }

  /// Two classes. Boosters export one column of weights, whose score decides for the second class above 0, or above
  /// 0.5 when no weight is negative (then it is a probability); both columns are made from it as onnxruntime does.
  private static func binaryClassifier(
    _ attributes: TreeAttributes, _ transform: PostTransform, _ labels: ValueID,
    _ importer: inout Importer, _ call: inout Call,
  ) throws(ImportError) -> [ValueID] {
    var source = attributes.source
    let columns = Set(attributes.entries.map(\.target))
    let isProbability = attributes.entries.allSatisfy { $0.weight >= 0 }
    guard source.base.isEmpty || (columns == [0] && source.base.count == 1) else {
      throw call.fail(.unsupportedAttribute("\(source.base.count) base values for class columns \(columns.sorted())"))
    }
    if columns == [0] { source.targetCount = 1 }
    let scores = try emit(source, &importer, &call)
    guard columns == [0] else {
      let isSecond: ValueID
      if columns == [1] {
        let second = try importer.emit(.slice(axis: 1, start: 1, length: 1, step: 1), scores, for: call)
        isSecond = try decision(second, isProbability, &importer, call)
      } else {
        isSecond = try importer.emit(
          .argReduce(largest: true, axis: 1, keepDims: false, selectLast: false), scores, for: call)
      }
      let label = try importer.emit(.gather(axis: 0, negative: .fromEnd), labels, isSecond, for: call)
      return [label, try transform.apply(to: scores, &importer, call)]
    }
    guard transform != .probit else {
      throw call.fail(.unsupportedAttribute("post_transform = \"PROBIT\" on one column of weights"))
    }
    let isSecond = try decision(scores, isProbability, &importer, call)
    let label = try importer.emit(.gather(axis: 0, negative: .fromEnd), labels, isSecond, for: call)
    let opposite: ValueID
    if isProbability && transform != .logistic {
      opposite = try importer.binary(.subtract, importer.scalar(1, .f32, call), scores, call)
    } else {
      opposite = try importer.unary(.negate, scores, call)
    }
    let both = try importer.emit(.concat(axis: 1), opposite, scores, for: call)
    return [label, transform == .logistic ? try importer.unary(.sigmoid, both, call) : both]
  }

  /// 1 where a single column of scores decides for the second class, else 0: an i64 vector.
  private static func decision(
    _ scores: ValueID, _ isProbability: Bool, _ importer: inout Importer, _ call: Call,
  ) throws(ImportError) -> ValueID {
    let threshold = importer.scalar(isProbability ? 0.5 : 0, .f32, call)
    let above = try importer.emit(.compare(.greater), scores, threshold, for: call)
    let flat = try importer.reshaped(above, [importer.shape(of: scores)[0]], call)
    return try importer.converted(flat, to: .i64, call)
  }
}
