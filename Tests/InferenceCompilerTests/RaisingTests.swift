import InferenceIR
import TensorTypes
import Testing

@testable import InferenceCompiler

/// What exporters write as many operations becomes one, with the same result.
@Suite struct RaisingTests {
  private var cases = GraphCases(seed: 21)

  /// Adds a case and expects its optimised graph to hold these operations.
  private mutating func add(
    _ name: String, _ inputs: [HostTensor], becomes mnemonics: [String],
    _ build: (inout Graph, [ValueID]) throws -> ValueID,
  ) throws {
    var optimized: Graph?
    try cases.add(name, inputs) { graph, x in
      let y = try build(&graph, x)
      var copy = graph
      copy.outputs = [y]
      optimized = try GraphPass.optimize(copy)
      return [y]
    }
    #expect(optimized?.nodes.map(\.op.mnemonic).sorted() == mnemonics.sorted(), "\(name)")
  }

  @Test mutating func `activations`() throws {
    let x = [cases.f32(3, 40, in: -4...4)]
    try add("gelu", x, becomes: ["gelu"]) { graph, x in
      let curve = try graph.apply(.unary(.erf), try graph.apply(.binary(.divide), x[0], graph.f32([], [1.4142135])))
      let gate = try graph.apply(.binary(.add), curve, graph.f32([], [1]))
      return try graph.apply(.binary(.multiply), try graph.apply(.binary(.multiply), x[0], gate), graph.f32([], [0.5]))
    }
    try add("gelu by tanh", x, becomes: ["geluTanh"]) { graph, x in
      let cube = try graph.apply(.binary(.power), x[0], graph.f32([], [3]))
      let cubic = try graph.apply(
        .binary(.add), x[0], try graph.apply(.binary(.multiply), cube, graph.f32([], [0.044715])))
      let curve = try graph.apply(
        .unary(.tanh), try graph.apply(.binary(.multiply), cubic, graph.f32([], [0.7978845608])))
      let half = try graph.apply(.binary(.multiply), x[0], graph.f32([], [0.5]))
      return try graph.apply(.binary(.multiply), half, try graph.apply(.binary(.add), curve, graph.f32([], [1])))
    }
    try add("silu", x, becomes: ["silu"]) { graph, x in
      try graph.apply(.binary(.multiply), x[0], try graph.apply(.unary(.sigmoid), x[0]))
    }
    try add("another curve", x, becomes: ["sigmoid", "multiply"]) { graph, x in
      let gate = try graph.apply(.unary(.sigmoid), x[0])
      return try graph.apply(.binary(.multiply), gate, gate)
    }
    try cases.check()
  }

  @Test mutating func `norms`() throws {
    var random = Seeded(22)
    let (scale, bias) = (random.floats(24), random.floats(24))
    func mean(_ graph: inout Graph, _ x: ValueID) throws -> ValueID {
      try graph.apply(.reduce(.mean, axes: [1], keepDims: true), x)
    }
    func root(_ graph: inout Graph, _ x: ValueID) throws -> ValueID {
      let squares = try graph.apply(.binary(.power), x, graph.f32([], [2]))
      let shifted = try graph.apply(.binary(.add), try mean(&graph, squares), graph.f32([], [1e-5]))
      return try graph.apply(.unary(.sqrt), shifted)
    }
    try add("layer norm", [cases.f32(5, 24)], becomes: ["layerNorm"]) { graph, x in
      let centred = try graph.apply(.binary(.subtract), x[0], try mean(&graph, x[0]))
      let normal = try graph.apply(.binary(.divide), centred, try root(&graph, centred))
      let scaled = try graph.apply(.binary(.multiply), normal, graph.f32([24], scale))
      return try graph.apply(.binary(.add), scaled, graph.f32([24], bias))
    }
    try add("rms norm", [cases.f32(5, 24)], becomes: ["rmsNorm"]) { graph, x in
      let inverse = try graph.apply(.unary(.reciprocal), try root(&graph, x[0]))
      let normal = try graph.apply(.binary(.multiply), x[0], inverse)
      return try graph.apply(.binary(.multiply), graph.f32([24], scale), normal)
    }
    try cases.check()
  }

  /// `x[batch, rows, heads * size]` as `[batch, heads, rows, size]`, or with the last two axes exchanged.
  private static func heads(
    _ graph: inout Graph, _ x: ValueID, _ count: Int, _ size: Int, turned: Bool = false,
  ) throws -> ValueID {
    let shape = graph.type(of: x).shape
    let split = try graph.apply(.reshape([shape[0], shape[1], Dim(count), Dim(size)]), x)
    return try graph.apply(.transpose(turned ? [0, 2, 3, 1] : [0, 2, 1, 3]), split)
  }

  @Test mutating func `attention between projections needs no copies`() throws {
    let inputs = [cases.f32(2, 7, 24), cases.f32(2, 9, 24), cases.f32(2, 9, 24), cases.f32(2, 1, 1, 9, in: -5...0)]
    try add(
      "attention", inputs,
      becomes: [
        "reshape", "transpose", "reshape", "transpose", "reshape", "transpose", "attention", "transpose", "reshape",
      ]
    ) { graph, x in
      let q = try Self.heads(&graph, x[0], 3, 8)
      let k = try Self.heads(&graph, x[1], 3, 8, turned: true)
      let v = try Self.heads(&graph, x[2], 3, 8)
      let scores = try graph.apply(
        .binary(.divide), try graph.apply(.matmul(transposeA: false, transposeB: false), q, k), graph.f32([], [2.5]))
      let weights = try graph.apply(.softmax(axis: 3), try graph.apply(.binary(.add), scores, x[3]))
      let sums = try graph.apply(.matmul(transposeA: false, transposeB: false), weights, v)
      return try graph.apply(.reshape([2, 7, 24]), try graph.apply(.transpose([0, 2, 1, 3]), sums))
    }
    try cases.check()
  }

  @Test mutating func `attention with shared keys and a chosen mask`() throws {
    let inputs = [cases.f32(2, 4, 5, 8), cases.f32(2, 2, 6, 8), cases.f32(2, 2, 6, 8), cases.f32(5, 6)]
    try add(
      "grouped", inputs, becomes: ["greater", "select", "reshape", "reshape", "reshape", "attention", "reshape"],
    ) { graph, x in
      func repeated(_ graph: inout Graph, _ x: ValueID) throws -> ValueID {
        let column = try graph.apply(.reshape([2, 2, 1, 6, 8]), x)
        return try graph.apply(.reshape([2, 4, 6, 8]), try graph.apply(.expand([2, 2, 2, 6, 8]), column))
      }
      let scale = graph.f32([], [0.5])
      let k = try graph.apply(.transpose([0, 1, 3, 2]), try repeated(&graph, x[1]))
      let scores = try graph.apply(
        .matmul(transposeA: false, transposeB: false), try graph.apply(.binary(.multiply), x[0], scale),
        try graph.apply(.binary(.multiply), k, scale))
      let admits = try graph.apply(.compare(.greater), x[3], graph.f32([], [-1]))
      let chosen = try graph.apply(.select, admits, scores, graph.f32([], [-3.4e38]))
      let weights = try graph.apply(.softmax(axis: 3), chosen)
      return try graph.apply(
        .matmul(transposeA: false, transposeB: false), weights, try repeated(&graph, x[2]))
    }
    try cases.check()
  }

  @Test mutating func `weights that are no numbers are zeros`() throws {
    // The first query sees no key, the second is no number, the third sees some keys.
    let q: [Float] = [1, 2, .nan, 4, 5, 6]
    let mask = (0..<12).map { $0 < 4 || $0 == 9 ? -Float.infinity : 0 }
    let inputs = [
      HostTensor(.f32, [3, 2], q), cases.f32(4, 2), cases.f32(4, 20), HostTensor(.f32, [3, 4], mask),
    ]
    try add("zeroed", inputs, becomes: ["attention"]) { graph, x in
      let scores = try graph.apply(.matmul(transposeA: false, transposeB: true), x[0], x[1])
      let weights = try graph.apply(.softmax(axis: 1), try graph.apply(.binary(.add), scores, x[3]))
      let known = try graph.apply(.select, try graph.apply(.unary(.isNaN), weights), graph.f32([], [0]), weights)
      return try graph.apply(.matmul(transposeA: false, transposeB: false), known, x[2])
    }
    try cases.check()
  }

  @Test mutating func `weights that somebody else reads stay apart`() throws {
    let inputs = [cases.f32(2, 5, 8), cases.f32(2, 6, 8), cases.f32(2, 6, 8)]
    try cases.add("weights", inputs) { graph, x in
      let scores = try graph.apply(.matmul(transposeA: false, transposeB: true), x[0], x[1])
      let weights = try graph.apply(.softmax(axis: 2), scores)
      return [try graph.apply(.matmul(transposeA: false, transposeB: false), weights, x[2]), weights]
    }
    try cases.check()
  }

  @Test mutating func `a causal mask is computed where nothing is read`() throws {
    let inputs = [cases.f32(2, 5, 8), cases.f32(2, 5, 8), cases.f32(2, 5, 8)]
    try cases.add("causal", inputs) { graph, x in
      let column = try graph.apply(.iota(count: 5, start: 0, step: 1))
      let row = try graph.apply(.reshape([5, 1]), column)
      let admits = try graph.apply(.compare(.lessOrEqual), column, row)
      let mask = try graph.apply(.select, admits, graph.f32([], [0]), graph.f32([], [-.infinity]))
      return [try graph.apply(.attention(scale: 0.4, unattended: .zeroWhereMasked), x[0], x[1], x[2], mask)]
    }
    try cases.check()
  }

  @Test mutating func `a mask that names what is hidden`() throws {
    let inputs = [cases.f32(2, 1, 8), cases.f32(2, 6, 8), cases.f32(2, 6, 8), cases.f32(1, 6)]
    try add("hidden", inputs, becomes: ["greater", "select", "attention"]) { graph, x in
      let scores = try graph.apply(.matmul(transposeA: false, transposeB: true), x[0], x[1])
      let hides = try graph.apply(.compare(.greater), x[3], graph.f32([], [0.5]))
      let chosen = try graph.apply(.select, hides, graph.f32([], [-3.4e38]), scores)
      return try graph.apply(
        .matmul(transposeA: false, transposeB: false), try graph.apply(.softmax(axis: 2), chosen), x[2])
    }
    try cases.check()
  }
}
