import InferenceIR
import TensorTypes
import Testing

@Suite struct TreeTests {
  /// `x0 <= 1 ? 10 : (x1 <= 2 ? 20 : 30)`, twice.
  static func forest(
    aggregate: TreeEnsemble.Aggregate = .sum, post: TreeEnsemble.PostTransform = .none,
  ) -> TreeEnsemble {
    TreeEnsemble(
      nodes: [
        .init(feature: 0, threshold: 1, left: 1, right: 2, missingGoesLeft: true),
        .init(feature: -1, threshold: 0, left: 0, right: 1, missingGoesLeft: false),
        .init(feature: 1, threshold: 2, left: 3, right: 4, missingGoesLeft: false),
        .init(feature: -1, threshold: 0, left: 1, right: 1, missingGoesLeft: false),
        .init(feature: -1, threshold: 0, left: 2, right: 1, missingGoesLeft: false),
      ],
      roots: [0, 2], leafTargets: [0, 0, 0], leafWeights: [10, 20, 30], targetCount: 1, featureCount: 2, base: [0.5],
      aggregate: aggregate, postTransform: post)
  }

  let x = f32([4, 2], [1, 3, 1.5, 2, 5, 5, .nan, .nan])

  @Test func `thresholds belong to the left and missing values go where the node says`() throws {
    #expect(try floats(.treeEnsemble(Self.forest()), x) == [40.5, 40.5, 60.5, 40.5])
  }

  @Test func `aggregates over the trees`() throws {
    #expect(try floats(.treeEnsemble(Self.forest(aggregate: .average)), x)[0] == 20.5)
    #expect(try floats(.treeEnsemble(Self.forest(aggregate: .minimum)), x)[0] == 10.5)
    #expect(try floats(.treeEnsemble(Self.forest(aggregate: .maximum)), x)[0] == 30.5)
  }

  @Test func `post-transforms`() throws {
    #expect(try floats(.treeEnsemble(Self.forest(post: .logistic)), x)[0] == 1)
    #expect(try floats(.treeEnsemble(Self.forest(post: .softmax)), x) == [1, 1, 1, 1])
  }

  @Test func `a row of another width is refused`() {
    #expect(throws: InterpreterError.self) { try run(.treeEnsemble(Self.forest()), f32([1, 3], [1, 2, 3])) }
  }
}
