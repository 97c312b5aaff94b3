import InferenceIR
import PlanFormat
import TensorTypes
import Testing

@testable import InferenceCompiler

@Suite struct TreeTests {
  let symbols = [Symbol(name: "batch", minimum: 1, maximum: 70)]

  /// Random trees of random shape, with thresholds on a grid that inputs hit exactly.
  private func forest(
    _ count: Int, targets: Int, aggregate: TreeEnsemble.Aggregate, missing: Bool, entries: Int = 1,
    transform: TreeEnsemble.PostTransform = .none, depth: Int = 5, isLopsided: Bool = false, features: Int = 6,
    thresholds: ClosedRange<Int> = -3...3, _ random: inout Seeded,
  ) -> TreeEnsemble {
    var ensemble = TreeEnsemble(
      nodes: [], roots: [], leafTargets: [], leafWeights: [], targetCount: targets, featureCount: features,
      base: (0..<targets).map { Float($0) * 0.25 }, aggregate: aggregate, postTransform: transform)
    func grow(_ depth: Int, _ tree: Int) -> Int32 {
      let at = ensemble.nodes.count
      ensemble.nodes.append(.init(feature: -1, threshold: 0, left: 0, right: 0, missingGoesLeft: false))
      if depth == 0 || Int.random(in: 0..<6, using: &random) == 0 {
        let first = Int32(ensemble.leafTargets.count)
        for entry in 0..<entries {
          ensemble.leafTargets.append(Int32(entries > 1 ? (entry + tree) % targets : tree % targets))
          ensemble.leafWeights.append(Float.random(in: -1...1, using: &random))
        }
        ensemble.nodes[at] = .init(
          feature: -1, threshold: 0, left: first, right: Int32(entries), missingGoesLeft: false)
      } else {
        let deeper = isLopsided ? Int.random(in: 0...1, using: &random) : 2
        let left = grow(deeper == 1 ? 0 : depth - 1, tree)
        let right = grow(deeper == 0 ? 0 : depth - 1, tree)
        ensemble.nodes[at] = .init(
          feature: Int32.random(in: 0..<Int32(features), using: &random),
          threshold: Float(Int.random(in: thresholds, using: &random)),
          left: left, right: right, missingGoesLeft: missing && Bool.random(using: &random))
      }
      return Int32(at)
    }
    for tree in 0..<count { ensemble.roots.append(grow(depth, tree)) }
    return ensemble
  }

  @Test func `forests give the interpreter's bits for every number of rows`() throws {
    var random = Seeded(3)
    let ensembles = [
      forest(21, targets: 1, aggregate: .sum, missing: false, &random),
      forest(16, targets: 1, aggregate: .average, missing: true, &random),
      forest(9, targets: 3, aggregate: .sum, missing: true, &random),
      forest(9, targets: 3, aggregate: .sum, missing: false, entries: 2, &random),
      forest(3, targets: 2, aggregate: .minimum, missing: false, &random),
      forest(11, targets: 2, aggregate: .maximum, missing: false, entries: 2, &random),
      // Too deep for perfect trees: one with few leaves, one with many.
      forest(13, targets: 1, aggregate: .sum, missing: true, depth: 20, isLopsided: true, &random),
      forest(13, targets: 3, aggregate: .sum, missing: true, depth: 20, isLopsided: true, &random),
      forest(9, targets: 1, aggregate: .sum, missing: true, depth: 11, &random),
      // Deeper than a block of rows, and shallower.
      forest(20, targets: 1, aggregate: .sum, missing: true, depth: 8, &random),
      forest(20, targets: 1, aggregate: .minimum, missing: true, depth: 2, &random),
    ]
    let graphs = try ensembles.enumerated().map { at, ensemble in try graph(ensemble, "forest\(at)") }
    let loaded = try LoadedPrograms(graphs, symbols: symbols, batch: "batch", leastSplitCost: 0)
    for rows in [1, 2, 7, 8, 9, 16, 17, 21, 32, 33, 49, 70] {
      let grid: [Float] = [-3, -2.5, -2, -1, 0, 0.5, 1, 2, 3, .infinity, -.infinity, .nan]
      let input = HostTensor(.f32, [rows, 6], (0..<rows * 6).map { _ in grid.randomElement(using: &random) ?? 0 })
      for (at, graph) in graphs.enumerated() {
        let expected = try Interpreter.run(graph, inputs: [input])
        #expect(loaded.run(at, [input], dims: ["batch": rows]) == expected, "forest \(at), \(rows) rows")
        #expect(loaded.run(at, [input], dims: ["batch": rows], parts: 3) == expected, "forest \(at) in parts")
        let alike = sharing(input, columns: [0, 2, 5])
        #expect(
          try loaded.run(at, [alike], dims: ["batch": rows]) == Interpreter.run(graph, inputs: [alike]),
          "forest \(at), \(rows) rows that share columns")
      }
    }
  }

  @Test func `features with many thresholds have several columns of ranks`() throws {
    var random = Seeded(8)
    let wide = forest(
      200, targets: 1, aggregate: .sum, missing: true, depth: 6, features: 2, thresholds: -900...900, &random)
    let ranked = try #require(RankedTrees(wide))
    #expect(ranked.columns.count > 4 && ranked.columns.count <= 16 && ranked.hasNarrowNodes)
    #expect(ranked.columns.allSatisfy { $0.thresholds.count <= RankedTrees.maximumThresholds })
    let many = forest(
      200, targets: 1, aggregate: .sum, missing: true, depth: 6, features: 300, thresholds: -900...900, &random)
    #expect(try #require(RankedTrees(many)).hasNarrowNodes == false)

    let graphs = [try graph(wide, "wide"), try graph(many, "many")]
    let loaded = try LoadedPrograms(graphs, symbols: symbols, batch: "batch")
    for rows in [1, 40] {
      for (at, ensemble) in [wide, many].enumerated() {
        let count = rows * ensemble.featureCount
        let values = (0..<count).map { at in
          at % 11 == 0 ? Float.nan : Float(Int.random(in: -902...902, using: &random))
        }
        let input = HostTensor(.f32, [rows, ensemble.featureCount], values)
        let expected = try Interpreter.run(graphs[at], inputs: [input])
        #expect(loaded.run(at, [input], dims: ["batch": rows]) == expected, "\(graphs[at].name), \(rows) rows")
      }
    }
  }

  @Test func `unbalanced and deep ensembles have no ranks`() {
    var random = Seeded(9)
    #expect(
      RankedTrees(forest(300, targets: 1, aggregate: .sum, missing: false, depth: 8, isLopsided: true, &random)) == nil)
    #expect(RankedTrees(forest(2, targets: 1, aggregate: .sum, missing: false, depth: 12, &random)) == nil)
  }

  /// The rows with some columns equal to the first row's.
  private func sharing(_ input: HostTensor, columns: [Int]) -> HostTensor {
    var values = input.values(as: Float.self)
    for row in 0..<input.shape[0] {
      for column in columns { values[row * 6 + column] = values[column] }
    }
    return HostTensor(.f32, input.shape, values)
  }

  @Test func `post-transforms`() throws {
    var random = Seeded(5)
    let transforms: [TreeEnsemble.PostTransform] = [.none, .logistic, .softmax, .softmaxZero, .probit]
    let graphs = try transforms.map { transform in
      var ensemble = forest(12, targets: 3, aggregate: .average, missing: false, transform: transform, &random)
      if transform == .probit { ensemble.base = [0.5, 0.4, 0.6] }
      return try graph(ensemble, "\(transform)")
    }
    let loaded = try LoadedPrograms(graphs, symbols: symbols, batch: "batch")
    let input = HostTensor(.f32, [21, 6], random.floats(21 * 6, in: -4...4))
    for (at, graph) in graphs.enumerated() {
      let expected = try Interpreter.run(graph, inputs: [input])
      expectEqual(loaded.run(at, [input], dims: ["batch": 21]), expected, graph.name)
    }
  }

  private func graph(_ ensemble: TreeEnsemble, _ name: String) throws -> Graph {
    var graph = Graph(name: name, symbols: [SymbolRange("batch", 1, 70)])
    let x = graph.addInput("x", TensorType(.f32, [Dim(symbol: "batch"), Dim(ensemble.featureCount)]))
    graph.outputs = [try graph.apply(.treeEnsemble(ensemble), x)]
    return graph
  }
}
