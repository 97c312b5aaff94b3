import InferenceIR
import TensorTypes

/// Reads the attributes of TreeEnsemble (ai.onnx.ml 5): arrays of inner nodes and arrays of leaves.
struct TreeEnsembleV5 {
  let source: TreeSource

  init(targetCount: Int, _ importer: inout Importer, _ call: inout Call) throws(ImportError) {
    let aggregates: [TreeEnsemble.Aggregate] = [.average, .sum, .minimum, .maximum]
    let aggregate = try call.int("aggregate_function", 1)
    guard aggregates.indices.contains(aggregate) else {
      throw call.fail(.invalid("aggregate_function \(aggregate)"))
    }
    let splits = try Self.floats("nodes_splits", &importer, &call) ?? []
    let modes = try Self.modes(&importer, &call)
    let features = try call.ints("nodes_featureids") ?? []
    let whenTrue = try call.ints("nodes_truenodeids") ?? []
    let whenFalse = try call.ints("nodes_falsenodeids") ?? []
    let trueIsLeaf = try call.ints("nodes_trueleafs") ?? []
    let falseIsLeaf = try call.ints("nodes_falseleafs") ?? []
    let missing = try call.ints("nodes_missing_value_tracks_true") ?? []
    let leafTargets = try call.ints("leaf_targetids") ?? []
    let leafWeights = try Self.floats("leaf_weights", &importer, &call) ?? []
    let roots = try call.ints("tree_roots") ?? []
    var members = try Self.memberLists(&importer, &call)[...]
    call.ignore("nodes_hitrates")

    let count = splits.count
    let lengths = [modes.count, features.count, whenTrue.count, whenFalse.count, trueIsLeaf.count, falseIsLeaf.count]
    guard lengths.allSatisfy({ $0 == count }), missing.isEmpty || missing.count == count,
      leafTargets.count == leafWeights.count
    else { throw call.fail(.invalid("its nodes_* or leaf_* attributes have different lengths")) }
    func child(_ index: Int, isLeaf: Bool) throws(ImportError) -> Int {
      guard index >= 0, index < (isLeaf ? leafTargets.count : count) else {
        throw call.fail(.invalid("\(isLeaf ? "leaf" : "node") \(index) does not exist"))
      }
      // Leaves stand after the inner nodes.
      return isLeaf ? count + index : index
    }
    var nodes: [TreeSource.Node] = []
    nodes.reserveCapacity(count + leafTargets.count)
    for index in 0..<count {
      var mode = modes[index]
      if case .member = mode {
        guard let list = members.popFirst() else {
          throw call.fail(.invalid("membership_values has fewer lists than nodes that test membership"))
        }
        mode = .member(list)
      }
      nodes.append(
        .split(
          TreeSource.Split(
            feature: features[index], mode: mode, threshold: splits[index],
            whenTrue: try child(whenTrue[index], isLeaf: trueIsLeaf[index] != 0),
            whenFalse: try child(whenFalse[index], isLeaf: falseIsLeaf[index] != 0),
            missingIsTrue: !missing.isEmpty && missing[index] != 0)))
    }
    for (target, weight) in zip(leafTargets, leafWeights) { nodes.append(.leaf([(target, Float(weight))])) }

    var entries: [Int] = []
    for root in roots {
      guard (0..<count).contains(root) else { throw call.fail(.invalid("root \(root) does not exist")) }
      // A tree that is one leaf is written as a node whose both children are that leaf.
      let isLeaf = trueIsLeaf[root] != 0 && falseIsLeaf[root] != 0 && whenTrue[root] == whenFalse[root]
      entries.append(isLeaf ? count + whenTrue[root] : root)
    }
    source = TreeSource(
      nodes: nodes, roots: entries, targetCount: targetCount, base: [], aggregate: aggregates[aggregate])
  }

  private static func constant(
    _ name: String, _ importer: inout Importer, _ call: inout Call,
  ) throws(ImportError) -> Constant? {
    guard let tensor = try call.tensor(name) else { return nil }
    return try importer.loader.constant(tensor)
  }

  /// A tensor of f32 or f64.
  private static func floats(
    _ name: String, _ importer: inout Importer, _ call: inout Call,
  ) throws(ImportError) -> [Double]? {
    guard let constant = try constant(name, &importer, &call) else { return nil }
    guard constant.element == .f32 || constant.element == .f64 else {
      throw call.fail(.unsupportedElement("\(constant.element) of \(name)"))
    }
    return constant.doubles
  }

  private static func modes(
    _ importer: inout Importer, _ call: inout Call,
  ) throws(ImportError) -> [TreeSource.Mode] {
    var modes: [TreeSource.Mode] = []
    for code in try constant("nodes_modes", &importer, &call)?.integers ?? [] {
      switch code {
      case 0: modes.append(.lessOrEqual)
      case 1: modes.append(.less)
      case 2: modes.append(.greaterOrEqual)
      case 3: modes.append(.greater)
      case 4: modes.append(.equal)
      case 5: modes.append(.notEqual)
      case 6: modes.append(.member([]))
      default: throw call.fail(.invalid("node mode \(code)"))
      }
    }
    return modes
  }

  /// The lists of `membership_values`, each ended by a NaN.
  private static func memberLists(
    _ importer: inout Importer, _ call: inout Call,
  ) throws(ImportError) -> [[Double]] {
    let values = try floats("membership_values", &importer, &call) ?? []
    var lists = values.split(omittingEmptySubsequences: false) { $0.isNaN }.map(Array.init)
    if lists.last?.isEmpty == true { lists.removeLast() }
    return lists
  }
}
