import InferenceIR
import PlanFormat
import TensorTypes
import Testing

@testable import InferenceCompiler

/// Every operation, compiled and interpreted on the same inputs. All graphs go into one translation unit, which
/// costs clang once.
@Suite struct OperationTests {
  private struct Case {
    var graph: Graph
    var inputs: [HostTensor]
    var tolerance: Double
  }

  private var random = Seeded(11)
  private var cases: [Case] = []

  /// Adds a graph of one input set; `build` returns the outputs.
  private mutating func add(
    _ name: String, _ inputs: [HostTensor], tolerance: Double = 1e-5,
    _ build: (inout Graph, [ValueID]) throws -> [ValueID],
  ) throws {
    var graph = Graph(name: name)
    let ids = inputs.enumerated().map { graph.addInput("x\($0)", $1.type) }
    graph.outputs = try build(&graph, ids)
    cases.append(Case(graph: graph, inputs: inputs, tolerance: tolerance))
  }

  private mutating func f32(_ shape: Int..., in range: ClosedRange<Float> = -3...3) -> HostTensor {
    HostTensor(.f32, shape, random.floats(shape.reduce(1, *), in: range))
  }

  private mutating func i64(_ shape: Int..., in range: Range<Int64>) -> HostTensor {
    HostTensor(.i64, shape, (0..<shape.reduce(1, *)).map { _ in Int64.random(in: range, using: &random) })
  }

  private func check() throws {
    let loaded = try LoadedPrograms(cases.map(\.graph))
    for (at, item) in cases.enumerated() {
      let expected = try Interpreter.run(item.graph, inputs: item.inputs)
      expectEqual(loaded.run(at, item.inputs), expected, tolerance: item.tolerance, item.graph.name)
    }
  }

  @Test mutating func `elementwise functions of floats`() throws {
    let special: [Float] = [
      0, -0.0, 1, -1, .infinity, -.infinity, .nan, Float(bitPattern: 9000), -Float(bitPattern: 9000), 88.7, -103.9, 0.5,
      -0.5, 3e38,
    ]
    let x = HostTensor(.f32, [71], special + random.floats(57, in: -8...8))
    let functions: [UnaryOp] = [
      .negate, .absolute, .sign, .exp, .log, .log1p, .sqrt, .reciprocal, .square, .tanh, .sigmoid, .relu, .erf,
      .softplus, .softsign, .gelu, .geluTanh, .silu, .hardSwish, .mish, .floor, .ceil, .round, .leakyRelu(0.1),
      .elu(1.3), .selu(alpha: 1.6733, gamma: 1.0507), .hardSigmoid(alpha: 0.2, beta: 0.5),
    ]
    // One value a comparison, so that huge results do not hide errors in small ones.
    let mild = HostTensor(.f32, [99], random.floats(99, in: -8...8))
    for function in functions {
      try add(function.mnemonic, [mild]) { graph, x in [try graph.apply(.unary(function), x[0])] }
      try add("\(function.mnemonic) special", [x]) { graph, x in [try graph.apply(.unary(function), x[0])] }
    }
    for function in [UnaryOp.sin, .cos] {
      try add(function.mnemonic, [mild]) { graph, x in [try graph.apply(.unary(function), x[0])] }
    }
    let small = HostTensor(.f32, [99], random.floats(99, in: -1.01...1.01))
    for function in InverseOp.allCases {
      for (at, values) in [mild, x, small].enumerated() {
        try add("\(function.rawValue) \(at)", [values]) { graph, x in
          [try graph.apply(.unary(.inverse(function)), x[0])]
        }
      }
    }
    for function in [UnaryOp.isNaN, .isInf] {
      try add(function.mnemonic, [x]) { graph, x in [try graph.apply(.unary(function), x[0])] }
    }
    try check()
  }

  @Test mutating func `binary functions and comparisons broadcast`() throws {
    let functions: [BinaryOp] = [.add, .subtract, .multiply, .divide, .minimum, .maximum, .prelu]
    for function in functions {
      try add("\(function)", [f32(3, 1, 5), f32(4, 1)]) { graph, x in [try graph.apply(.binary(function), x[0], x[1])] }
      if function == .prelu { continue }
      let (a, b) = (i64(2, 7, in: -9..<9), i64(7, in: -4..<5))
      try add("integer \(function)", [a, b]) { graph, x in [try graph.apply(.binary(function), x[0], x[1])] }
    }
    for truncated in [false, true] {
      let (a, b) = (i64(40, in: -9..<9), i64(40, in: -4..<5))
      try add("integer modulo", [a, b]) { graph, x in
        [try graph.apply(.binary(.modulo(truncated: truncated)), x[0], x[1])]
      }
      try add("modulo", [f32(33), f32(33, in: 0.5...2)]) { graph, x in
        [try graph.apply(.binary(.modulo(truncated: truncated)), x[0], x[1])]
      }
    }
    let edges: [Float] = [0, 1, -1, 2.5, -2.5, .infinity, -.infinity, .nan]
    let (dividends, divisors) = (HostTensor(.f32, [8, 1], edges), HostTensor(.f32, [8], edges))
    for truncated in [false, true] {
      try add("modulo of special values", [dividends, divisors]) { graph, x in
        [try graph.apply(.binary(.modulo(truncated: truncated)), x[0], x[1])]
      }
    }
    let whole = HostTensor(.f64, [5], [3, -3, 0, 32, 1] as [Double])
    try add(
      "whole powers", [HostTensor(.f64, [4, 1], [3, -1.5, 0, -.infinity] as [Double]), whole], tolerance: 1e-14
    ) {
      graph, x in [try graph.apply(.binary(.power), x[0], x[1])]
    }
    try add("power", [f32(50, in: 0...4), f32(50)]) { graph, x in [try graph.apply(.binary(.power), x[0], x[1])] }
    for compare in [CompareOp.equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual] {
      let (a, b) = (i64(6, 5, in: 0..<4), i64(5, in: 0..<4))
      try add("\(compare)", [a, b]) { graph, x in [try graph.apply(.compare(compare), x[0], x[1])] }
    }
    try add("select", [f32(4, 9), f32(4, 9), f32(9)]) { graph, x in
      let less = try graph.apply(.compare(.less), x[0], x[1])
      return [try graph.apply(.select, less, x[0], x[2]), try graph.apply(.unary(.not), less)]
    }
    try add("shared values", [f32(4, 9)]) { graph, x in
      let e = try graph.apply(.unary(.exp), x[0])
      let s = try graph.apply(.binary(.add), e, x[0])
      return [try graph.apply(.binary(.multiply), s, e), s, x[0], s]
    }
    try check()
  }

  @Test mutating func `conversions saturate and truncate`() throws {
    let x = HostTensor(.f32, [9], [1.9, -1.9, 300, -300, 3e9, -3e9, 1e30, .nan, 0.2] as [Float])
    for element in ElementType.allCases where element != .string && element != .f32 {
      try add("to \(element)", [x]) { graph, x in [try graph.apply(.cast(element), x[0])] }
      let n = HostTensor(.i64, [6], [0, 1, -1, 1 << 40, 255, -129] as [Int64])
      try add("integer to \(element)", [n]) { graph, x in [try graph.apply(.cast(element), x[0])] }
    }
    let doubles = HostTensor(
      .f64, [5], [1.00048828125, 1.000488281250000001, 1.0014648437499999, 70000, 1e-9] as [Double])
    try add("double to half", [doubles]) { graph, x in [try graph.apply(.cast(.f16), x[0])] }
    try add("half arithmetic", [f32(40)], tolerance: 1e-3) { graph, x in
      let h = try graph.apply(.cast(.f16), x[0])
      return [try graph.apply(.binary(.multiply), h, h), try graph.apply(.cast(.bf16), h)]
    }
    try check()
  }

  @Test mutating func `every code of the small types is converted and reinterpreted`() throws {
    for small in SmallElement.allCases {
      let codes = (0..<1 << small.bitWidth).map { small.byte(wrapping: Int64($0)) }
      let x = HostTensor(.small(small), [codes.count], codes)
      for element in [ElementType.f32, .f16, .f64, .i32, .u8, .bool, .small(.i4), .small(.f8e4m3fnuz)]
      where element != .small(small) {
        try add("\(small) to \(element)", [x], tolerance: 0) { graph, x in
          [try graph.apply(.cast(element), x[0]), try graph.apply(.reshape([1, Dim(codes.count)]), x[0])]
        }
      }
    }
    let doubles = (0..<300).map { _ in Double.random(in: -600...600, using: &random) } + [.infinity, -.infinity, -0.0]
    for small in SmallElement.allCases where small.integers == nil {
      for narrowing in [Narrowing(saturates: false, scale: .nearest), Narrowing(saturates: true, scale: .down)] {
        try add("double to \(small)", [HostTensor(.f64, [303], doubles)], tolerance: 0) { graph, x in
          [try graph.apply(.cast(.small(small), narrowing), x[0])]
        }
      }
    }
    try add("bitcasts", [f32(40)], tolerance: 0) { graph, x in
      let bits = try graph.apply(.bitcast(.u32), try graph.apply(.unary(.negate), x[0]))
      return [bits, try graph.apply(.bitcast(.f32), bits)]
    }
    try check()
  }

  @Test mutating func `bits of every integer type`() throws {
    for element in ElementType.allCases where element.isInteger {
      func tensor(_ range: ClosedRange<Int64>) -> HostTensor {
        let numbers = (0..<60).map { _ in Int64.random(in: range, using: &random) }
        return HostTensor(Constant(element, [60], wrapping: numbers))
      }
      let (a, b, by) = (tensor(Int64.min...Int64.max), tensor(-9...9), tensor(-3...70))
      try add("bits of \(element)", [a, b, by]) { graph, x in
        var results = [try graph.apply(.unary(.not), x[0])]
        for function in [BinaryOp.and, .or, .xor, .minimum, .maximum, .divide, .modulo(truncated: false), .power] {
          results.append(try graph.apply(.binary(function), x[0], x[1]))
        }
        for function in [BinaryOp.shiftLeft, .shiftRight] {
          results.append(try graph.apply(.binary(function), x[0], x[2]))
        }
        for reduction in [ReduceOp.sum, .mean, .maximum, .minimum, .product, .l1, .sumSquare] {
          results.append(try graph.apply(.reduce(reduction, axes: [0], keepDims: true), x[1]))
        }
        let matrix = try graph.apply(.reshape([6, 10]), x[1])
        results.append(try graph.apply(.matmul(transposeA: false, transposeB: true), matrix, matrix))
        return results
      }
    }
    try check()
  }

  @Test mutating func `functions of doubles`() throws {
    let numbers = (0..<80).map { _ in Double.random(in: -8...8, using: &random) }
    let special: [Double] = [0, -0.0, .infinity, -.infinity, .nan, 1e-12, -1e-12, 5e8, 1e22, -3e200, 6, -40]
    let functions: [UnaryOp] = [
      .negate, .absolute, .sign, .exp, .log, .log1p, .sqrt, .reciprocal, .square, .tanh, .sigmoid, .relu, .erf,
      .softplus, .softsign, .gelu, .geluTanh, .silu, .hardSwish, .mish, .floor, .ceil, .round, .sin, .cos, .isNaN,
      .isInf, .leakyRelu(0.1), .elu(1.3), .selu(alpha: 1.6733, gamma: 1.0507), .hardSigmoid(alpha: 0.2, beta: 0.5),
    ]
    for function in functions + InverseOp.allCases.map({ .inverse($0) }) {
      for (at, values) in ([numbers] + special.map { [$0] }).enumerated() {
        try add("\(function.mnemonic) \(at)", [HostTensor(.f64, [values.count], values)], tolerance: 1e-13) {
          graph, x in [try graph.apply(.unary(function), x[0])]
        }
      }
    }
    try check()
  }

  @Test mutating func `sums of narrow and wide floats`() throws {
    for (element, tolerance) in [(ElementType.f16, 1e-3), (.bf16, 8e-3), (.f64, 1e-13)] {
      func tensor(_ shape: [Int]) -> HostTensor {
        let count = shape.reduce(1, *)
        return HostTensor(
          Constant(element, shape, rounding: (0..<count).map { _ in Double.random(in: -2...2, using: &random) }))
      }
      let (w, scale) = (Constant(tensor([24, 20])), Constant(tensor([24])))
      try add("\(element) sums", [tensor([5, 24]), tensor([24, 7])], tolerance: tolerance) { graph, x in
        let (weights, factor) = (graph.addConstant("w", w), graph.addConstant("s", scale))
        return [
          try graph.apply(.matmul(transposeA: false, transposeB: false), x[0], x[1]),
          try graph.apply(.matmul(transposeA: false, transposeB: false), x[0], weights),
          try graph.apply(.softmax(axis: 1), x[0]), try graph.apply(.logSoftmax(axis: 0), x[0]),
          try graph.apply(.layerNorm(axis: 1, epsilon: 1e-5), x[0], factor, factor),
          try graph.apply(.cumulativeSum(axis: 1, exclusive: true, reverse: true), x[0]),
          try graph.apply(.reduce(.mean, axes: [0], keepDims: false), x[0]),
          try graph.apply(.reduce(.logSumExp, axes: [1], keepDims: false), x[0]),
          try graph.apply(.argReduce(largest: true, axis: 1, keepDims: false, selectLast: false), x[0]),
        ]
      }
    }
    try check()
  }

  @Test mutating func `scatters and running products`() throws {
    let (data, places) = (f32(4, 5, 3), i64(2, 6, 3, in: -5..<5))
    for reduction in ScatterReduction.allCases {
      try add("scatterElements \(reduction)", [data, places, f32(2, 6, 3)]) { graph, x in
        [try graph.apply(.scatterElements(axis: 1, reduction), x[0], x[1], x[2])]
      }
      try add("scatterND \(reduction)", [data, i64(7, 2, in: -4..<4), f32(7, 3)]) { graph, x in
        [try graph.apply(.scatterND(reduction), try graph.apply(.unary(.tanh), x[0]), x[1], x[2])]
      }
      try add("scatterND of single elements \(reduction)", [f32(6), i64(1, in: 0..<6), f32()]) { graph, x in
        [try graph.apply(.scatterND(reduction), x[0], x[1], x[2])]
      }
    }
    for axis in 0..<3 {
      try add("cumulativeProduct \(axis)", [f32(3, 5, 4)]) { graph, x in
        [
          try graph.apply(.cumulativeProduct(axis: axis, exclusive: false, reverse: false), x[0]),
          try graph.apply(.cumulativeProduct(axis: axis, exclusive: true, reverse: true), x[0]),
        ]
      }
    }
    try check()
  }

  @Test mutating func `movements and gathers`() throws {
    try add("transpose", [f32(3, 4, 5)]) { graph, x in [try graph.apply(.transpose([2, 0, 1]), x[0])] }
    try add("expand", [f32(3, 1)]) { graph, x in [try graph.apply(.expand([2, 3, 4]), x[0])] }
    try add("slice", [f32(6, 7)]) { graph, x in
      [
        try graph.apply(.slice(axis: 1, start: 5, length: 3, step: -2), x[0]),
        try graph.apply(.slice(axis: 0, start: 1, length: 2, step: 3), x[0]),
      ]
    }
    try add("concat", [f32(3, 4), f32(3, 2), f32(4, 3)]) { graph, x in
      let t = try graph.apply(.transpose([1, 0]), x[2])
      let e = try graph.apply(.unary(.exp), x[1])
      return [try graph.apply(.concat(axis: 1), x[0], e, t, e, x[0])]
    }
    try add("nested concat and reshape", [f32(3, 4), f32(3, 2)]) { graph, x in
      let a = try graph.apply(.concat(axis: 1), try graph.apply(.unary(.tanh), x[0]), x[1])
      let b = try graph.apply(.reshape([3, 1, 6]), a)
      let d = try graph.apply(
        .concat(axis: 1), b, try graph.apply(.reshape([3, 1, 6]), try graph.apply(.unary(.exp), a)))
      return [try graph.apply(.reshape([3, 12]), d), a]
    }
    let ids = i64(2, 3, in: -5..<5)
    try add("gather", [f32(4, 5, 6), ids]) { graph, x in
      [try graph.apply(.gather(axis: 1, negative: .fromEnd), x[0], x[1])]
    }
    try add("gather of computed rows", [f32(4, 5), ids]) { graph, x in
      let shifted = try graph.apply(.binary(.maximum), x[1], graph.i64([], [0]))
      return [
        try graph.apply(.gather(axis: 1, negative: .zero), try graph.apply(.unary(.exp), x[0]), x[1]),
        try graph.apply(.gather(axis: 1, negative: .fromEnd), x[0], shifted),
      ]
    }
    try add("gather constant columns", [f32(4, 5)]) { graph, x in
      [
        try graph.apply(.gather(axis: 1, negative: .fromEnd), x[0], graph.i64([], [-2])),
        try graph.apply(.gather(axis: 1, negative: .fromEnd), x[0], graph.i64([3], [0, 4, -1])),
      ]
    }
    try add("gatherElements", [f32(3, 4), i64(3, 2, in: -4..<4)]) { graph, x in
      [try graph.apply(.gatherElements(axis: 1), x[0], x[1])]
    }
    try add("gatherND", [f32(2, 3, 4), i64(2, 5, 1, in: 0..<3)]) { graph, x in
      [try graph.apply(.gatherND(batchDims: 1), x[0], x[1])]
    }
    try add("pad", [f32(3, 4)]) { graph, x in
      [try graph.apply(.pad(before: [1, 0], after: [0, 2]), x[0], graph.f32([], [7]))]
    }
    try add("oneHot", [i64(2, 3, in: -4..<6)]) { graph, x in
      [try graph.apply(.oneHot(depth: 4, axis: 1), x[0], graph.f32([], [0.5]), graph.f32([], [2]))]
    }
    try add("sources", [f32(3)]) { graph, x in
      [
        try graph.apply(
          .binary(.multiply), try graph.apply(.cast(.f32), try graph.apply(.iota(count: 3, start: 2, step: -3))), x[0]),
        try graph.apply(.dimensions([3, 5])),
      ]
    }
    try check()
  }

  @Test mutating func `reductions, softmax and scans`() throws {
    for function in ReduceOp.allCasesForTests {
      for (axes, keep) in [([1], false), ([0, 2], true), ([2], false), ([0, 1, 2], false)] {
        try add("\(function) \(axes)", [f32(3, 5, 41, in: 0.1...2)]) { graph, x in
          [try graph.apply(.reduce(function, axes: axes, keepDims: keep), try graph.apply(.unary(.square), x[0]))]
        }
      }
    }
    try add("a reduction of one element", [f32(4, 1, 3)]) { graph, x in
      [
        try graph.apply(.reduce(.logSumExp, axes: [1], keepDims: false), x[0]),
        try graph.apply(.reduce(.mean, axes: [1], keepDims: true), x[0]),
      ]
    }
    // Reduced by columns: what is read stands side by side along the kept axis.
    try add("matches", [i64(7, 1, in: 0..<4), i64(20, in: 0..<4), f32(20, 7)]) { graph, x in
      let same = try graph.apply(.cast(.f32), try graph.apply(.compare(.equal), x[0], x[1]))
      return [
        try graph.apply(.reduce(.sum, axes: [1], keepDims: false), same),
        try graph.apply(.reduce(.mean, axes: [1], keepDims: true), same),
        try graph.apply(.reduce(.l2, axes: [0], keepDims: false), x[2]),
        try graph.apply(.reduce(.maximum, axes: [0], keepDims: true), x[2]),
      ]
    }
    for function in [ReduceOp.sum, .mean, .maximum, .minimum, .product, .l1, .sumSquare] {
      try add("integer \(function)", [i64(3, 5, in: -4..<5)]) { graph, x in
        [try graph.apply(.reduce(function, axes: [1], keepDims: false), x[0])]
      }
    }
    let ties = i64(6, 9, in: 0..<4)
    for (largest, last) in [(true, false), (true, true), (false, false), (false, true)] {
      try add("argReduce", [ties]) { graph, x in
        [try graph.apply(.argReduce(largest: largest, axis: 1, keepDims: true, selectLast: last), x[0])]
      }
      let x = HostTensor(.f32, [2, 4], [.nan, 1, 3, 3, 2, .nan, .nan, 2] as [Float])
      try add("argReduce nan", [x]) { graph, x in
        [try graph.apply(.argReduce(largest: largest, axis: 1, keepDims: false, selectLast: last), x[0])]
      }
    }
    for axis in 0...2 {
      try add("softmax \(axis)", [f32(3, 5, 21)]) { graph, x in
        [try graph.apply(.softmax(axis: axis), x[0]), try graph.apply(.logSoftmax(axis: axis), x[0])]
      }
      try add("cumulativeSum \(axis)", [f32(3, 5, 4)]) { graph, x in
        [
          try graph.apply(.cumulativeSum(axis: axis, exclusive: false, reverse: false), x[0]),
          try graph.apply(.cumulativeSum(axis: axis, exclusive: true, reverse: true), x[0]),
        ]
      }
    }
    try add("layerNorm", [f32(4, 3, 30), f32(30), f32(3, 30)]) { graph, x in
      [
        try graph.apply(.layerNorm(axis: 2, epsilon: 1e-5), x[0], x[1], x[1]),
        try graph.apply(.layerNorm(axis: 1, epsilon: 1e-5), x[0], x[2]),
      ]
    }
    try check()
  }

  @Test mutating func `top k keeps order, ties and padding`() throws {
    for (k, largest) in [(3, true), (9, false), (1, true)] {
      try add("topK \(k)", [i64(4, 9, in: 0..<4)]) { graph, x in
        try graph.add(.topK(k: k, axis: 1, largest: largest, pad: nil), [x[0]], name: "t", origin: "t")
      }
      try add("topK float \(k)", [f32(9, 4)]) { graph, x in
        try graph.add(.topK(k: k, axis: 0, largest: largest, pad: 0.5), [x[0]], name: "t", origin: "t")
      }
    }
    try add("topK padded", [f32(2, 5)]) { graph, x in
      let top = try graph.add(.topK(k: 8, axis: 1, largest: true, pad: -1), [x[0]], name: "t", origin: "t")
      return top + [try graph.apply(.gather(axis: 0, negative: .zero), graph.f32([5], [1, 2, 3, 4, 5]), top[1])]
    }
    try check()
  }

  @Test mutating func `products of two runtime values`() throws {
    for (a, b) in [(false, false), (true, false), (false, true), (true, true)] {
      let x = a ? f32(3, 20, 5) : f32(3, 5, 20)
      let y = b ? f32(1, 7, 20) : f32(1, 20, 7)
      try add("matmul \(a) \(b)", [x, y]) { graph, x in
        [try graph.apply(.matmul(transposeA: a, transposeB: b), x[0], x[1])]
      }
      let matrix = random.floats(20 * 33)
      try add("constant \(a) \(b)", [a ? f32(2, 20, 5) : f32(2, 5, 20), f32(5, 1), f32(2, 1, 33)]) { graph, x in
        let w = graph.f32(b ? [33, 20] : [20, 33], matrix)
        let product = try graph.apply(.matmul(transposeA: a, transposeB: b), x[0], w)
        let scaled = try graph.apply(.binary(.multiply), product, x[1])
        return [try graph.apply(.unary(.gelu), try graph.apply(.binary(.subtract), x[2], scaled))]
      }
    }
    try add("pairwise dots", [f32(3, 6, 20)]) { graph, x in
      let product = try graph.apply(
        .matmul(transposeA: false, transposeB: false), x[0], try graph.apply(.transpose([0, 2, 1]), x[0]))
      let flat = try graph.apply(.reshape([3, 36]), product)
      let pairs = (0..<6).flatMap { row in (0..<row).map { Int64(row * 6 + $0) } }
      return [try graph.apply(.gather(axis: 1, negative: .fromEnd), flat, graph.i64([15], pairs))]
    }
    try add("integer matmul", [i64(3, 4, in: -5..<5), i64(4, 6, in: -5..<5)]) { graph, x in
      [try graph.apply(.matmul(transposeA: false, transposeB: false), x[0], x[1])]
    }
    try check()
  }

  @Test mutating func `texts are picked, compared and chosen`() throws {
    func texts(_ words: [String]) -> HostTensor {
      HostTensor(strings: words.map { Array($0.utf8) }, shape: [words.count])
    }
    let table = Constant(texts(["", "a\"\\b", "é", "0\n1"]))
    try add("texts", [i64(6, in: -4..<4), texts(["é", "x", "", "é", "a\"\\b", "z"])]) { graph, x in
      let names = try graph.apply(.gather(axis: 0, negative: .fromEnd), graph.addConstant("names", table), x[0])
      let same = try graph.apply(.compare(.equal), names, x[1])
      let rows = try graph.apply(.concat(axis: 0), x[1], names)
      return [names, same, try graph.apply(.select, same, x[1], names), try graph.apply(.reshape([3, 4]), rows)]
    }
    try check()
  }

  @Test mutating func `hashes and buckets`() throws {
    try add("hash integers", [i64(40, in: -1000..<1000)]) { graph, x in
      [try graph.apply(.hashBucket(buckets: 1000), x[0])]
    }
    let strings = HostTensor(strings: ["", "a", "grün", "a longer text"].map { Array($0.utf8) }, shape: [4])
    try add("hash strings", [strings]) { graph, x in
      [
        try graph.apply(.hashBucket(buckets: 97), x[0]),
        try graph.apply(.gather(axis: 0, negative: .fromEnd), x[0], graph.i64([2], [2, 0])),
      ]
    }
    let same = HostTensor(strings: ["grün", "b", "", "gr\"ün"].map { Array($0.utf8) }, shape: [4])
    try add("compare strings", [strings, same]) { graph, x in
      let constant = graph.addConstant("s", Constant(strings: [Array("grün".utf8)], shape: []))
      let quoted = graph.addConstant("q", Constant(strings: [Array("gr\"ün".utf8)], shape: []))
      return [
        try graph.apply(.compare(.equal), x[0], x[1]), try graph.apply(.compare(.notEqual), x[0], constant),
        try graph.apply(.compare(.equal), x[1], quoted),
      ]
    }
    try add("bucketize", [f32(60)]) { graph, x in [try graph.apply(.bucketize([-1, 0, 0.5, 2]), x[0])] }
    try check()
  }
}

extension ReduceOp {
  fileprivate static let allCasesForTests: [ReduceOp] = [
    .sum, .mean, .maximum, .minimum, .product, .l1, .l2, .sumSquare, .logSum, .logSumExp,
  ]
}
