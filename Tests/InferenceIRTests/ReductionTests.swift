import InferenceIR
import TensorTypes
import Testing

@Suite struct ReductionTests {
  let x = f32([2, 3], [1, 2, 3, 4, 5, 6])

  @Test func `matmul multiplies, transposed or not`() throws {
    let b = f32([3, 2], [1, 0, 0, 1, 1, 1])
    #expect(try floats(.matmul(transposeA: false, transposeB: false), x, b) == [4, 5, 10, 11])
    let bT = f32([2, 3], [1, 0, 1, 0, 1, 1])
    #expect(try floats(.matmul(transposeA: false, transposeB: true), x, bT) == [4, 5, 10, 11])
    let xT = f32([3, 2], [1, 4, 2, 5, 3, 6])
    #expect(try floats(.matmul(transposeA: true, transposeB: true), xT, bT) == [4, 5, 10, 11])
  }

  @Test func `matmul broadcasts leading axes`() throws {
    let a = f32([2, 1, 1, 2], [1, 2, 3, 4])
    let b = f32([2, 2, 1], [1, 1, 10, 10])
    let product = try run(.matmul(transposeA: false, transposeB: false), a, b)
    #expect(product.shape == [2, 2, 1, 1])
    #expect(product.values(as: Float.self) == [3, 30, 7, 70])
  }

  @Test func `sums do not lose small terms`() throws {
    let many = f32([1 << 12], [Float](repeating: 1, count: 1 << 12))
    let big = f32([1], [Float(1 << 24)])
    #expect(try floats(.reduce(.sum, axes: [0], keepDims: false), try run(.concat(axis: 0), big, many)) == [16_781_312])
  }

  @Test func `every reduction over the last axis`() throws {
    func reduce(_ function: ReduceOp) throws -> [Float] { try floats(.reduce(function, axes: [1], keepDims: false), x) }
    #expect(try reduce(.sum) == [6, 15])
    #expect(try reduce(.mean) == [2, 5])
    #expect(try reduce(.maximum) == [3, 6])
    #expect(try reduce(.minimum) == [1, 4])
    #expect(try reduce(.product) == [6, 120])
    #expect(try reduce(.l1) == [6, 15])
    #expect(try reduce(.sumSquare) == [14, 77])
    #expect(try reduce(.l2) == [Float(14).squareRoot(), Float(77).squareRoot()])
    #expect(try reduce(.logSum) == [1.7917595, 2.7080502])
    #expect(try reduce(.logSumExp) == [3.407606, 6.407606])
  }

  @Test func `reductions over other axes and over nothing`() throws {
    let kept = try run(.reduce(.sum, axes: [0], keepDims: true), x)
    #expect(kept.shape == [1, 3] && kept.values(as: Float.self) == [5, 7, 9])
    #expect(try floats(.reduce(.sum, axes: [1, 0], keepDims: false), x) == [21])
    #expect(try floats(.reduce(.maximum, axes: [0], keepDims: false), f32([0, 2], [])) == [-.infinity, -.infinity])
    #expect(try integers(.reduce(.mean, axes: [0], keepDims: false), i64([2], [-3, 0])) == [-1])
  }

  @Test func `logSumExp does not overflow`() throws {
    #expect(try floats(.reduce(.logSumExp, axes: [0], keepDims: false), f32([2], [1000, 1000])) == [1000.693147])
  }

  @Test func `argmax takes the first or the last of equals`() throws {
    let ties = f32([4], [1, 7, 7, 0])
    #expect(try integers(.argReduce(largest: true, axis: 0, keepDims: false, selectLast: false), ties) == [1])
    #expect(try integers(.argReduce(largest: true, axis: 0, keepDims: false, selectLast: true), ties) == [2])
    #expect(try integers(.argReduce(largest: false, axis: 0, keepDims: true, selectLast: false), ties) == [3])
  }

  @Test func `softmax sums to one even for large scores`() throws {
    #expect(try floats(.softmax(axis: 0), f32([2], [1e30, 1e30])) == [0.5, 0.5])
    #expect(try floats(.logSoftmax(axis: 0), f32([2], [0, 0])) == [-0.6931472, -0.6931472])
  }

  @Test func `layerNorm centres and scales each row`() throws {
    let normal = try floats(
      .layerNorm(axis: 1, epsilon: 0), f32([2, 2], [1, 3, 10, 20]), f32([2], [1, 2]), f32([2], [0.5, 0]))
    #expect(normal == [-0.5, 2, -0.5, 2])
  }

  @Test func `cumulative sums run both ways`() throws {
    let v = i64([3], [1, 2, 3])
    #expect(try integers(.cumulativeSum(axis: 0, exclusive: false, reverse: false), v) == [1, 3, 6])
    #expect(try integers(.cumulativeSum(axis: 0, exclusive: true, reverse: false), v) == [0, 1, 3])
    #expect(try integers(.cumulativeSum(axis: 0, exclusive: true, reverse: true), v) == [5, 3, 0])
  }

  @Test func `cumulative products run both ways`() throws {
    let v = i64([3], [2, 3, 4])
    #expect(try integers(.cumulativeProduct(axis: 0, exclusive: false, reverse: false), v) == [2, 6, 24])
    #expect(try integers(.cumulativeProduct(axis: 0, exclusive: true, reverse: true), v) == [12, 4, 1])
  }

  @Test func `topK breaks ties by index, puts NaN last and pads`() throws {
    let results = try Interpreter.evaluate(
      .topK(k: 5, axis: 0, largest: true, pad: -9), [f32([4], [2, .nan, 5, 2])])
    #expect(results[0].values(as: Float.self).map { $0.isNaN ? 0 : $0 } == [5, 2, 2, 0, -9])
    #expect(results[1].integers == [2, 0, 3, 1, -1])
  }

  // MARK: - Selections

  @Test func `positions are as many as the dimension says`() throws {
    let mask = bools([5], [false, true, true, false, true])
    #expect(try integers(.positions(count: 3), mask) == [1, 2, 4])
    #expect(try Interpreter.evaluate(.positions(count: 3), [mask])[1].integers == [3])
    #expect(throws: InterpreterError(origin: "", message: "positions: 3 hold where the dimension is 2")) {
      try run(.positions(count: 2), mask)
    }
    #expect(refusal(.positions(count: 2), TensorType(.bool, [2, 2])).contains("needs a vector of bools"))
  }

  @Test func `a run tells the symbols that operations define`() throws {
    var graph = Graph(name: "g", symbols: [SymbolRange("n", 1, 9)])
    let x = graph.addInput("x", TensorType(.bool, [Dim(symbol: "n")]))
    let places = try graph.add(.positions(count: Dim(symbol: "found.1")), [x], name: "places", origin: "here")
    graph.outputs = [places[0]]
    graph.boundDefinedSymbols()
    #expect(graph.symbols.last == SymbolRange("found.1", 0, 9))
    try graph.verify()
    #expect(graph.pruned().nodes.count == 1)
    let input = HostTensor(.bool, [4], [UInt8(1), 0, 0, 1])
    // What is given for such a symbol does not count.
    let run = try Interpreter.runFindingSymbols(graph, inputs: [input], symbols: ["found.1": 7])
    #expect(run.symbols == ["n": 4, "found.1": 2])
    #expect(run.outputs == [HostTensor(.i64, [2], [Int64(0), 3])])
  }

  @Test func `of boxes that overlap the best stays`() throws {
    let boxes = f32([1, 4, 4], [0, 0, 1, 1, 0, 0.1, 1, 1.1, 0, 0.6, 1, 1.6, 3, 3, 2, 2])
    let scores = f32([1, 2, 4], [0.5, 0.9, 0.6, 0.2, 0.7, 0.7, 0.1, .nan])
    func kept(_ limit: Int, _ overlap: Float, _ least: Float?) throws -> [Int64] {
      try integers(
        .nonMaxSuppression(
          NonMaxSuppression(limit: limit, overlap: overlap, leastScore: least, corners: .diagonal)), boxes, scores)
    }
    #expect(try kept(3, 0.5, nil) == [1, 2, 3, 0, 2, -1])
    #expect(try kept(3, 0.3, 0.2) == [1, -1, -1, 0, -1, -1])
    #expect(try kept(1, 1, nil) == [1, 0])
  }
}
