import InferenceIR
import PlanFormat
import TensorTypes
import Testing

@testable import InferenceCompiler

@Suite struct SearchTests {
  static let count = 4099
  static let k = 40
  let symbols = [Symbol(name: "batch", minimum: 1, maximum: 33)]

  /// `topK(x · matrix)`, and the same with the scores as an output, which keeps them from being fused away.
  private func graphs(_ matrix: [Float], depth: Int, isTransposed: Bool) throws -> [Graph] {
    try [false, true].map { showsScores in
      var graph = Graph(name: showsScores ? "scores" : "search", symbols: [SymbolRange("batch", 1, 33)])
      let x = graph.addInput("x", TensorType(.f32, [Dim(symbol: "batch"), Dim(depth)]))
      let count = matrix.count / depth
      let shape = isTransposed ? [count, depth] : [depth, count]
      let items = graph.addConstant("items", Constant(.f32, shape, matrix))
      let scores = try graph.apply(.matmul(transposeA: false, transposeB: isTransposed), x, items)
      let best = try graph.add(
        .topK(k: Self.k, axis: 1, largest: true, pad: nil), [scores], name: "best", origin: "best")
      graph.outputs = best + (showsScores ? [scores] : [])
      return graph
    }
  }

  private func isSearched(_ graph: Graph) throws -> Bool {
    try Schedule(graph).dispatches.contains { dispatch in
      if case .search = dispatch.work { true } else { false }
    }
  }

  /// The bits of values and places equal those of a product that is stored and then sorted.
  private func expectExact(
    _ matrix: [Float], queries: [[Float]], isTransposed: Bool = true, parts: Int = 3,
    sourceLocation: SourceLocation = #_sourceLocation,
  ) throws {
    let depth = queries[0].count
    let graphs = try graphs(matrix, depth: depth, isTransposed: isTransposed)
    #expect(try isSearched(graphs[0]))
    #expect(try !isSearched(graphs[1]))
    let loaded = try LoadedPrograms(graphs, symbols: symbols, batch: "batch", leastSplitCost: 0)
    let input = HostTensor(.f32, [queries.count, depth], queries.flatMap { $0 })
    let searched = loaded.run(0, [input], dims: ["batch": queries.count], parts: parts)
    let sorted = loaded.run(1, [input], dims: ["batch": queries.count])
    #expect(searched[0].bytes == sorted[0].bytes, sourceLocation: sourceLocation)
    #expect(searched[1] == sorted[1], sourceLocation: sourceLocation)
  }

  @Test(arguments: [8, 13, 64]) func `the best are those of the stored scores`(depth: Int) throws {
    var random = Seeded(UInt64(depth))
    let matrix = random.floats(Self.count * depth, in: -1...1)
    let queries = (0..<33).map { _ in random.floats(depth, in: -1...1) }
    try expectExact(matrix, queries: queries)
    try expectExact(matrix, queries: [queries[0]], isTransposed: false)
  }

  @Test func `near ties are told apart`() throws {
    var random = Seeded(4)
    // Clusters of columns that differ by less than a code's step, and columns that are equal.
    let centres = (0..<9).map { _ in random.floats(16, in: -1...1) }
    var matrix: [Float] = []
    for n in 0..<Self.count {
      for value in centres[n % 9] { matrix.append(value + (n % 5 == 0 ? 0 : Float(n % 7) * 1e-6)) }
    }
    let queries = centres.map { $0.map { $0 * 0.25 } } + [random.floats(16, in: -1...1)]
    try expectExact(matrix, queries: queries)
  }

  @Test func `columns that differ by a bit`() throws {
    let matrix = (0..<Self.count * 8).map { Float(1) + Float(($0 / 8 * 37) % 64) * Float.ulpOfOne }
    try expectExact(matrix, queries: [[Float](repeating: 0.3, count: 8), [Float](repeating: -0.3, count: 8)])
  }

  @Test func `queries without a bound are scored exactly`() throws {
    var random = Seeded(5)
    let matrix = random.floats(Self.count * 8, in: -1...1)
    let plain = random.floats(8, in: -1...1)
    let tiny = plain.map { $0 * 1e-12 }
    let huge = plain.map { $0 * 1e30 }
    var missing = plain
    missing[3] = .nan
    var infinite = plain
    infinite[1] = .infinity
    try expectExact(
      matrix, queries: [plain, [Float](repeating: 0, count: 8), tiny, huge, missing, infinite, plain.map { -$0 }])
  }

  @Test func `sizes from tiny to large`() throws {
    var random = Seeded(6)
    let matrix = (0..<Self.count).flatMap { n in
      random.floats(8, in: -1...1).map { $0 * [1e-20, 1e-3, 1, 0, 1e4][n % 5] }
    }
    try expectExact(matrix, queries: (0..<4).map { _ in random.floats(8, in: -10...10) })
  }

  @Test(arguments: [1, 2, 7]) func `few rows pass chunks of the columns`(parts: Int) throws {
    var random = Seeded(8)
    let count = 3 * 16384 + 5
    var matrix = random.floats(count * 8, in: -1...1)
    // All of a chunk's columns tie, which leaves too many to tell apart by bounds.
    for n in 20_000..<30_000 { matrix.replaceSubrange(n * 8..<n * 8 + 8, with: repeatElement(0.9, count: 8)) }
    let ties = [Float](repeating: 0.5, count: 8)
    var missing = ties
    missing[2] = .nan
    for queries in [[ties], [missing, ties, random.floats(8, in: -1...1)], (0..<5).map { _ in ties }] {
      try expectExact(matrix, queries: queries, parts: parts)
    }
  }

  @Test func `a matrix that bytes cannot stand for is not searched`() throws {
    var matrix = [Float](repeating: 0.5, count: Self.count * 8)
    #expect(try isSearched(graphs(matrix, depth: 8, isTransposed: true)[0]))
    for value in [Float.nan, .infinity, 1e20, 1e-30] {
      matrix.replaceSubrange(80..<88, with: repeatElement(value, count: 8))
      #expect(try !isSearched(graphs(matrix, depth: 8, isTransposed: true)[0]))
    }
  }

  @Test func `codes are within half a scale`() {
    var random = Seeded(7)
    let matrix = random.floats(20 * 9, in: -3...3)
    let rows = CompressedRows(Constant(.f32, [20, 9], matrix), isTransposed: true)
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: rows.codeBytes, alignment: 64)
    defer { bytes.deallocate() }
    rows.fillCodes(bytes)
    let scales = rows.scales()
    for n in 0..<20 {
      for k in 0..<9 {
        let at = ((n / 16 * rows.pairs + k / 2) * 16 + n % 16) * 2 + k % 2
        let code = Double(bytes.load(fromByteOffset: at, as: Int8.self))
        let error = abs(Double(matrix[n * 9 + k]) - Double(scales[n]) * code)
        #expect(error <= Double(scales[n]) / 2 * (1 + 1e-12) && abs(code) <= 127)
      }
    }
  }
}
