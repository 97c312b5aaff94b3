import InferenceIR
import ModelImport
import TensorTypes
import Testing

@Suite struct TreeImportTests {
  typealias Attributes = [(String, ModelBuilder.Attribute)]

  /// One split on feature 0 at 1 between leaves 10 and 20.
  static func stump(_ mode: String, missing: Int64? = nil, leaf: String = "target") -> Attributes {
    var attributes: Attributes = [
      ("nodes_treeids", .ints([0, 0, 0])), ("nodes_nodeids", .ints([0, 1, 2])),
      ("nodes_featureids", .ints([0, 0, 0])), ("nodes_modes", .strings([mode, "LEAF", "LEAF"])),
      ("nodes_values", .floats([1, 0, 0])), ("nodes_truenodeids", .ints([1, 0, 0])),
      ("nodes_falsenodeids", .ints([2, 0, 0])), ("\(leaf)_treeids", .ints([0, 0])),
      ("\(leaf)_nodeids", .ints([1, 2])), ("\(leaf)_ids", .ints([0, 0])), ("\(leaf)_weights", .floats([10, 20])),
    ]
    if let missing { attributes.append(("nodes_missing_value_tracks_true", .ints([missing, 0, 0]))) }
    return attributes
  }

  static func model(
    _ attributes: Attributes, _ operation: String = "TreeEnsembleRegressor", outputs: [String] = ["y"],
    element: Int64 = 1,
  ) -> ModelBuilder {
    var builder = ModelBuilder()
    builder.opsets = [("", 17), ("ai.onnx.ml", 3)]
    builder.input("x", ["n", "1"], element: element)
    builder.node(operation, ["x"], outputs, name: "trees", domain: "ai.onnx.ml", attributes)
    for output in outputs { builder.output(output) }
    return builder
  }

  /// The scores of a stump for values below, at and above its threshold, and a missing one.
  func scores(_ mode: String, missing: Int64? = nil) throws -> [Float] {
    let graph = try importModel(Self.model(Self.stump(mode, missing: missing)))
    let x = HostTensor(.f32, [4, 1], [Float(1).nextDown, 1, Float(1).nextUp, .nan])
    return try Interpreter.run(graph, inputs: [x])[0].values(as: Float.self)
  }

  @Test(
    arguments: [
      ("BRANCH_LEQ", [10, 10, 20, 20]), ("BRANCH_LT", [10, 20, 20, 20]), ("BRANCH_GTE", [20, 10, 10, 20]),
      ("BRANCH_GT", [20, 20, 10, 20]), ("BRANCH_EQ", [20, 10, 20, 20]), ("BRANCH_NEQ", [10, 20, 10, 10]),
    ] as [(String, [Float])])
  func `every mode decides as ONNX says`(mode: String, expected: [Float]) throws {
    #expect(try scores(mode) == expected)
    #expect(try scores(mode, missing: 1) == Array(expected[..<3]) + [10])
    // Features of f64 are told apart where f32 could not.
    for missing in [nil, 1] as [Int64?] {
      let graph = try importModel(Self.model(Self.stump(mode, missing: missing), element: 11))
      let x = HostTensor(.f64, [4, 1], [1.nextDown, 1, 1.nextUp, .nan])
      let found = try Interpreter.run(graph, inputs: [x])[0].values(as: Float.self)
      #expect(found == Array(expected[..<3]) + [missing == nil ? expected[3] : 10])
    }
  }

  @Test func `an infinite threshold leaves only missing values`() throws {
    let attributes = Self.stump("BRANCH_LEQ").map { $0.0 == "nodes_values" ? ($0.0, .floats([.infinity, 0, 0])) : $0 }
    let graph = try importModel(Self.model(attributes))
    let x = HostTensor(.f32, [4, 1], [-.infinity, 0, .infinity, .nan] as [Float])
    #expect(try Interpreter.run(graph, inputs: [x])[0].values(as: Float.self) == [10, 10, 10, 20])
    let wide = try importModel(Self.model(attributes, element: 11))
    let y = HostTensor(.f64, [4, 1], [-.infinity, 0, .infinity, .nan] as [Double])
    #expect(try Interpreter.run(wide, inputs: [y])[0].values(as: Float.self) == [10, 10, 10, 20])
  }

  /// A chain of equality tests, each of which shares its other branch.
  static func chain(_ length: Int) -> ModelBuilder {
    let ids = (0..<Int64(2 * length + 1)).map { $0 }
    func each(_ inner: (Int64) -> Int64, _ leaf: Int64) -> [Int64] { ids.map { $0 < length ? inner($0) : leaf } }
    return model([
      ("nodes_treeids", .ints(ids.map { _ in 0 })), ("nodes_nodeids", .ints(ids)),
      ("nodes_featureids", .ints(ids.map { _ in 0 })),
      ("nodes_modes", .strings(ids.map { $0 < length ? "BRANCH_EQ" : "LEAF" })),
      ("nodes_values", .floats(ids.map { Float($0) })),
      ("nodes_truenodeids", .ints(each({ $0 + Int64(length) + 1 }, 0))),
      ("nodes_falsenodeids", .ints(each({ $0 + 1 }, 0))),
      ("target_treeids", .ints([0])), ("target_nodeids", .ints([Int64(length)])), ("target_ids", .ints([0])),
      ("target_weights", .floats([5])),
    ])
  }

  @Test func `chains of equality tests share branches within bounds`() throws {
    let graph = try importModel(Self.chain(10))
    let x = HostTensor(.f32, [2, 1], [3, 0.5] as [Float])
    #expect(try Interpreter.run(graph, inputs: [x])[0].values(as: Float.self) == [0, 5])
    #expect(refusal(Self.chain(60))?.reason.contains("expand to") == true)
  }

  @Test func `a tree with a cycle, a missing node or a bad feature is refused`() {
    func refused(_ name: String, _ value: ModelBuilder.Attribute) -> String {
      let attributes = Self.stump("BRANCH_LT").map { $0.0 == name ? (name, value) : $0 }
      return refusal(Self.model(attributes))?.reason ?? "accepted"
    }
    #expect(refused("nodes_truenodeids", .ints([0, 0, 0])).contains("node 0 is reached twice"))
    #expect(refused("nodes_truenodeids", .ints([2, 0, 0])).contains("node 2 is reached twice"))
    #expect(refused("nodes_falsenodeids", .ints([9, 0, 0])).contains("node 9 of tree 0 is not defined"))
    #expect(refused("nodes_featureids", .ints([1, 0, 0])).contains("feature 1 of 1"))
    #expect(refused("nodes_values", .floats([.nan, 0, 0])).contains("NaN"))
    #expect(refused("nodes_values", .floats([1])).contains("different lengths"))
    #expect(refused("target_ids", .ints([0, 3])).contains("target 3 of 1"))
    #expect(refused("nodes_modes", .strings(["BRANCH_XX", "LEAF", "LEAF"])).contains("BRANCH_XX"))
    #expect(refused("nodes_nodeids", .ints([0, 1, 1])).contains("defined twice"))
  }

  @Test func `a transform that runtimes read differently is refused`() {
    let error = refusal(Self.model(Self.stump("BRANCH_LT") + [("post_transform", .string("LOGISTIC"))]))
    #expect(error?.reason.contains("runtimes read differently") == true)
  }

  /// Label and probabilities of a binary classifier with one column of weights, for scores 10 and 20 plus `base`.
  func classified(_ base: Float, _ transform: String) throws -> (labels: [Int64], probabilities: [Float]) {
    let attributes =
      Self.stump("BRANCH_LEQ", leaf: "class") + [
        ("classlabels_int64s", .ints([7, 8])), ("post_transform", .string(transform)), ("base_values", .floats([base])),
      ]
    let graph = try importModel(Self.model(attributes, "TreeEnsembleClassifier", outputs: ["label", "p"]))
    let results = try Interpreter.run(graph, inputs: [HostTensor(.f32, [2, 1], [0, 2] as [Float])])
    return (results[0].values(as: Int64.self), results[1].values(as: Float.self))
  }

  @Test func `binary classifiers derive both columns from one, as onnxruntime does`() throws {
    // Weights without a negative one are taken for probabilities of the second class.
    let plain = try classified(-10, "NONE")
    #expect(plain.labels == [7, 8] && plain.probabilities == [1, 0, -9, 10])
    let logistic = try classified(-10, "LOGISTIC")
    #expect(logistic.probabilities[0] == 0.5 && logistic.probabilities[1] == 0.5)
    #expect(logistic.probabilities[3] > 0.9999)
  }
}
