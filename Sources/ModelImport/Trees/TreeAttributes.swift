import InferenceIR
import TensorTypes

/// Reads the node attributes that TreeEnsembleClassifier and TreeEnsembleRegressor share (ai.onnx.ml 1 and 3).
struct TreeAttributes {
  /// Weights of leaves are given as entries of their own, each naming its leaf.
  struct Entry {
    let target: Int
    let weight: Float
  }

  let source: TreeSource
  let entries: [Entry]

  /// - Parameter prefix: `class` or `target`, which begins the names of the leaves' attributes.
  init(prefix: String, targetCount: Int, _ importer: inout Importer, _ call: inout Call) throws(ImportError) {
    let treeIDs = try Self.required("nodes_treeids", &call)
    let nodeIDs = try Self.required("nodes_nodeids", &call)
    let features = try Self.required("nodes_featureids", &call)
    let whenTrue = try Self.required("nodes_truenodeids", &call)
    let whenFalse = try Self.required("nodes_falsenodeids", &call)
    let thresholds = try Self.numbers("nodes_values", &importer, &call) ?? []
    let modes = try call.strings("nodes_modes") ?? []
    let missing = try call.ints("nodes_missing_value_tracks_true") ?? []
    call.ignore("nodes_hitrates", "nodes_hitrates_as_tensor")
    let count = treeIDs.count
    let lengths = [nodeIDs.count, features.count, whenTrue.count, whenFalse.count, thresholds.count, modes.count]
    guard count > 0, lengths.allSatisfy({ $0 == count }), missing.isEmpty || missing.count == count else {
      throw call.fail(.invalid("its nodes_* attributes have different lengths: \([count] + lengths)"))
    }

    struct NodeID: Hashable {
      let tree: Int
      let node: Int
    }
    var places: [NodeID: Int] = [:]
    var roots: [Int] = []
    var trees: Set<Int> = []
    for index in 0..<count {
      let id = NodeID(tree: treeIDs[index], node: nodeIDs[index])
      guard places.updateValue(index, forKey: id) == nil else {
        throw call.fail(.invalid("node \(id.node) of tree \(id.tree) is defined twice"))
      }
      // The first node of a tree is its root.
      if trees.insert(id.tree).inserted { roots.append(index) }
    }
    func place(_ tree: Int, _ node: Int) throws(ImportError) -> Int {
      guard let index = places[NodeID(tree: tree, node: node)] else {
        throw call.fail(.invalid("node \(node) of tree \(tree) is not defined"))
      }
      return index
    }
    let leafTrees = try call.ints("\(prefix)_treeids") ?? []
    let leafNodes = try call.ints("\(prefix)_nodeids") ?? []
    let targets = try call.ints("\(prefix)_ids") ?? []
    let weights = try (Self.numbers("\(prefix)_weights", &importer, &call) ?? []).map { Float($0) }
    guard [leafNodes.count, targets.count, weights.count].allSatisfy({ $0 == leafTrees.count }) else {
      throw call.fail(.invalid("its \(prefix)_* attributes have different lengths"))
    }
    var leaves = [[(target: Int, weight: Float)]](repeating: [], count: count)
    for at in leafTrees.indices {
      leaves[try place(leafTrees[at], leafNodes[at])].append((targets[at], weights[at]))
    }
    var nodes: [TreeSource.Node] = []
    nodes.reserveCapacity(count)
    for index in 0..<count {
      guard let mode = try Self.mode(modes[index], call) else {
        nodes.append(.leaf(leaves[index]))
        continue
      }
      // Weights of inner nodes are never reached.
      nodes.append(
        .split(
          TreeSource.Split(
            feature: features[index], mode: mode, threshold: thresholds[index],
            whenTrue: try place(treeIDs[index], whenTrue[index]),
            whenFalse: try place(treeIDs[index], whenFalse[index]),
            missingIsTrue: !missing.isEmpty && missing[index] == 1)))
    }

    entries = zip(targets, weights).map { Entry(target: $0, weight: $1) }
    source = TreeSource(
      nodes: nodes, roots: roots, targetCount: targetCount,
      base: try (Self.numbers("base_values", &importer, &call) ?? []).map { Float($0) },
      aggregate: .sum)
  }

  private static func required(_ name: String, _ call: inout Call) throws(ImportError) -> [Int] {
    guard let values = try call.ints(name) else { throw call.fail(.invalid("attribute \"\(name)\" is missing")) }
    return values
  }

  /// Floats, or since version 3 doubles as a tensor.
  private static func numbers(
    _ name: String, _ importer: inout Importer, _ call: inout Call,
  ) throws(ImportError) -> [Double]? {
    let floats = try call.floats(name)
    guard let tensor = try call.tensor("\(name)_as_tensor") else { return floats?.map { Double($0) } }
    let constant = try importer.loader.constant(tensor)
    guard constant.element == .f32 || constant.element == .f64 else {
      throw call.fail(.unsupportedElement("\(constant.element) of \(name)_as_tensor"))
    }
    return constant.doubles
  }

  /// - Returns: nil for a leaf.
  private static func mode(_ name: [UInt8], _ call: Call) throws(ImportError) -> TreeSource.Mode? {
    switch String(decoding: name, as: UTF8.self) {
    case "LEAF": nil
    case "BRANCH_LEQ": .lessOrEqual
    case "BRANCH_LT": .less
    case "BRANCH_GTE": .greaterOrEqual
    case "BRANCH_GT": .greater
    case "BRANCH_EQ": .equal
    case "BRANCH_NEQ": .notEqual
    case let other: throw call.fail(.invalid("node mode \"\(other)\""))
    }
  }
}
