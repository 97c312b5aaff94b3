import InferenceIR
import TensorTypes
import Testing

@Suite struct GraphTextTests {
  @Test func `a graph prints as documented`() throws {
    #expect(
      try GraphTests.small().graph.text() == """
        graph "small"
        symbol batch = 1...128
        input %0 "x" : f32[batch, 2]
        constant %1 "w" : f32[2] = [2.0, -0.5]
        %2 "scaled" : f32[batch, 2] = multiply(%0, %1) from "node \\"Mul\\""
        %3 "y" : f32[batch, 2] = relu(%2) from "node \\"Relu\\""
        output %3

        """)
  }

  /// Every operation, applied to something it accepts.
  static func everything() throws -> Graph {
    let (batch, seq) = (Dim(symbol: "batch"), Dim(symbol: "seq"))
    var graph = Graph(name: "every \"op\"\n", symbols: [SymbolRange("batch", 0, 8), SymbolRange("seq", 1, 4)])
    let x = graph.addInput("x", TensorType(.f32, [batch, 4]))
    let n = graph.addInput("n", TensorType(.i64, [batch]))
    let s = graph.addInput("s", TensorType(.string, [seq, batch * 2 - 1]))
    let steps = graph.addInput("steps", TensorType(.f32, [seq, batch, 4]))
    let state = graph.addInput("state", TensorType(.f32, [batch, 1]))
    let weights = graph.addConstant("weights", f32([4, 1], [1, 2, 3, 4]))
    let scalar = graph.addConstant("zero", f32([], [.infinity]))
    let last = graph.addConstant("last", i64([2], [.min, .max]))
    let words = graph.addConstant("words", Constant(strings: [Array("é\n".utf8)], shape: []))
    let big = graph.addConstant("big", Constant(.u64, [1], [UInt64.max]))
    let flags = graph.addConstant("flags", bools([2], [true, false]))
    let half = graph.addConstant("half", Constant(.f16, [2], [0.1, -.nan] as [Float16]))

    func apply(_ op: Op, _ operands: ValueID...) throws -> ValueID {
      let results = try graph.add(op, operands, name: op.mnemonic, origin: "test")
      graph.outputs += results
      return results[0]
    }
    let unary: [UnaryOp] = [
      .negate, .absolute, .sign, .exp, .log, .log1p, .sqrt, .reciprocal, .square, .tanh, .sigmoid, .relu, .erf,
      .softplus, .softsign, .gelu, .geluTanh, .silu, .hardSwish, .mish, .floor, .ceil, .round, .sin, .cos, .isNaN,
      .isInf, .leakyRelu(0.01), .elu(1), .selu(alpha: 1.67, gamma: -1e-7), .hardSigmoid(alpha: 0.2, beta: .infinity),
    ]
    for function in unary + InverseOp.allCases.map({ .inverse($0) }) { _ = try apply(.unary(function), x) }
    _ = try apply(.unary(.not), flags)
    let binary: [BinaryOp] = [
      .add, .subtract, .multiply, .divide, .power, .minimum, .maximum, .modulo(truncated: true),
      .modulo(truncated: false), .prelu,
    ]
    for function in binary { _ = try apply(.binary(function), x, scalar) }
    for function in [BinaryOp.and, .or, .xor] { _ = try apply(.binary(function), flags, flags) }
    for function in CompareOp.allCases { _ = try apply(.compare(function), x, scalar) }
    for function in ReduceOp.allCases { _ = try apply(.reduce(function, axes: [1, 0], keepDims: true), x) }
    _ = try apply(.select, try apply(.compare(.less), x, scalar), x, scalar)
    _ = try apply(.compare(.equal), s, words)
    _ = try apply(.cast(.bf16), half)
    let small = try apply(.cast(.small(.f8e5m2), Narrowing(saturates: false, scale: .nearest)), half)
    _ = try apply(.bitcast(.small(.f8e4m3fn)), small)
    _ = try apply(.cast(.f64), big)
    _ = try apply(.matmul(transposeA: true, transposeB: false), x, x)
    _ = try apply(.argReduce(largest: false, axis: 1, keepDims: false, selectLast: true), x)
    _ = try apply(.softmax(axis: 1), x)
    _ = try apply(.logSoftmax(axis: 0), x)
    _ = try apply(.layerNorm(axis: 1, epsilon: 1e-5), x, scalar, scalar)
    _ = try apply(.rmsNorm(axis: 1, epsilon: 1e-5), x, scalar)
    _ = try apply(.attention(scale: 0.125, unattended: .nan), x, x, x)
    let lstm = Recurrence(
      cell: .lstm, hidden: 1, activations: [.hardSigmoid(alpha: 0.2, beta: 0.5), .tanh, .leakyRelu(0.1)], clip: 3.5)
    _ = try apply(.recurrent(lstm), steps, weights, state, state)
    _ = try apply(.cumulativeSum(axis: 1, exclusive: true, reverse: false), x)
    _ = try apply(.cumulativeProduct(axis: 0, exclusive: false, reverse: true), x)
    let (spot, fresh) = (graph.addConstant("spot", i64([1, 1], [2])), graph.addConstant("fresh", f32([1, 1], [5])))
    for reduction in ScatterReduction.allCases {
      _ = try apply(.scatterElements(axis: 0, reduction), weights, spot, fresh)
      _ = try apply(.scatterND(reduction), weights, spot, fresh)
    }
    _ = try apply(.reshape([batch * 2, 2]), x)
    _ = try apply(.transpose([1, 0]), x)
    _ = try apply(.expand([seq, batch, 4]), x)
    _ = try apply(.concat(axis: 0), x, x, x)
    _ = try apply(.slice(axis: 0, start: batch - 1, length: batch, step: -1), x)
    _ = try apply(.gather(axis: 0, negative: .zero), x, n)
    _ = try apply(.gather(axis: 1, negative: .fromEnd), x, last)
    _ = try apply(.gatherElements(axis: 0), n, n)
    _ = try apply(.gatherND(batchDims: 0), x, last)
    _ = try apply(.pad(before: [0, 1], after: [2, 3]), x, scalar)
    _ = try apply(.topK(k: 3, axis: 1, largest: true, pad: -1.5), x)
    _ = try apply(.topK(k: 3, axis: 1, largest: false, pad: nil), x)
    _ = try apply(.oneHot(depth: 3, axis: 1), n, scalar, scalar)
    _ = try apply(.dimensions([batch, seq * batch * 2 + 1, 7]))
    _ = try apply(.iota(count: seq, start: -3, step: 2))
    _ = try apply(.treeEnsemble(TreeTests.forest()), try apply(.slice(axis: 1, start: 0, length: 2, step: 1), x))
    _ = try apply(.bucketize([-1.5, 0, .infinity]), x)
    _ = try apply(.hashBucket(buckets: 100), s)
    return graph
  }

  @Test func `every operation reads back as it was printed`() throws {
    let graph = try Self.everything()
    try graph.verify()
    let text = graph.text()
    let again = try Graph(parsing: text)
    #expect(again.text() == text)
    try again.verify()
    #expect(zip(again.nodes, graph.nodes).allSatisfy { $0.op == $1.op })
  }

  @Test func `large constants print as a digest and are read back with their value at hand`() throws {
    var graph = Graph(name: "large")
    let table = f32([20], (0..<20).map { Float($0) })
    let id = graph.addConstant("table", table)
    graph.outputs = try graph.add(.unary(.exp), [id], name: "y", origin: "test")
    let text = graph.text()
    #expect(text.contains("f32[20] = sha256:\(table.digest)"))
    #expect(throws: GraphTextError.self) { try Graph(parsing: text) }
    let again = try Graph(parsing: text) { $0 == table.digest ? table : nil }
    #expect(again.text() == text)
  }

  @Test(arguments: [
    ("", 1), ("graph \"g", 1), ("graph \"g\"\nnonsense", 2), ("graph \"g\"\noutput %3\n", 2),
    ("graph \"g\"\ninput %0 \"x\" : f33[2]\n", 2), ("graph \"g\"\ninput %0 \"x\" : f32[2\n", 2),
    ("graph \"g\"\ninput %0 \"x\" : f32\n%1 \"y\" : f32 = relu(%0) { slope: 1.0 } from \"\"\noutput %1\n", 3),
    ("graph \"g\"\ninput %0 \"x\" : f32\n%1 \"y\" : f32 = frobnicate(%0) from \"\"\noutput %1\n", 3),
    ("graph \"g\"\nconstant %0 \"x\" : f32[2] = [1.0]\n", 2),
  ])
  func `damaged text is refused with its line`(text: String, line: Int) {
    do throws(GraphTextError) {
      _ = try Graph(parsing: text)
      Issue.record("accepted")
    } catch {
      #expect(error.line == line, "\(error)")
    }
  }
}
