import InferenceIR
import PlanFormat
import TensorTypes
import Testing

@testable import InferenceCompiler

@Suite struct SequenceTests {
  @Test func `products of two run-time values for all tile heights and tails`() throws {
    var cases = GraphCases(seed: 3)
    for rows in Array(1...13) + [26] {
      for (depth, columns) in [(1, 1), (5, 16), (17, 33), (64, 70)] {
        for (transposeA, transposeB) in [(false, false), (false, true), (true, false)] {
          let a = cases.f32(transposeA ? [2, depth, rows] : [2, rows, depth])
          let b = cases.f32(transposeB ? [columns, depth] : [depth, columns])
          try cases.add("\(rows)x\(depth)x\(columns) \(transposeA) \(transposeB)", [a, b]) { graph, x in
            [try graph.apply(.matmul(transposeA: transposeA, transposeB: transposeB), x[0], x[1])]
          }
        }
      }
    }
    try cases.check()
  }

  @Test func `attention over sizes, masks and groups of heads`() throws {
    var cases = GraphCases(seed: 4)
    for (queries, keys, depth, width) in [
      (1, 1, 1, 1), (1, 37, 8, 24), (5, 16, 32, 32), (13, 19, 7, 5), (26, 50, 64, 48),
    ] {
      let (q, k, v) = (cases.f32(2, 3, queries, depth), cases.f32(2, 3, keys, depth), cases.f32(2, 3, keys, width))
      let size = "\(queries) \(keys) \(depth) \(width)"
      try cases.add(size, [q, k, v]) { graph, x in
        [try graph.apply(.attention(scale: 0.3, unattended: .nan), x[0], x[1], x[2])]
      }
      for mask in [[queries, keys], [2, 1, 1, keys], [2, 3, queries, keys], [queries, 1], [1]] {
        try cases.add("\(size) mask \(mask)", [q, k, v, cases.f32(mask, in: -9...0)]) { graph, x in
          [try graph.apply(.attention(scale: 0.3, unattended: .nan), x[0], x[1], x[2], x[3])]
        }
      }
      let grouped = [
        cases.f32(2, 2, 3, queries, depth), cases.f32(2, 2, 1, keys, depth), cases.f32(2, 2, 1, keys, width),
      ]
      try cases.add("\(size) grouped", grouped) { graph, x in
        [try graph.apply(.attention(scale: 1, unattended: .nan), x[0], x[1], x[2])]
      }
    }
    try cases.check()
  }

  @Test(arguments: Unattended.allCases)
  func `a masked key takes no part, and a query that sees none has its rule`(unattended: Unattended) throws {
    var cases = GraphCases(seed: 5)
    let mask: [Float] = [0, -.infinity, 0, -.infinity, -.infinity, -.infinity, 0, 0, 0]
    for queries in [1, 3] {
      let q = HostTensor(.f32, [queries, 4], (0..<queries * 4).map { $0 == 9 ? .nan : Float($0) })
      let masks = queries == 1 ? Array(mask[3..<6]) : mask
      let inputs = [q, cases.f32(3, 4), cases.f32(3, 4), HostTensor(.f32, [queries, 3], masks)]
      try cases.add("masked", inputs) { graph, x in
        [try graph.apply(.attention(scale: 1, unattended: unattended), x[0], x[1], x[2], x[3])]
      }
    }
    try cases.check()
  }

  @Test func `norms of rows with and without tails`() throws {
    var cases = GraphCases(seed: 6)
    for count in [1, 15, 32, 75] {
      try cases.add("norms \(count)", [cases.f32(3, 2, count), cases.f32(count), cases.f32(count)]) { graph, x in
        [
          try graph.apply(.layerNorm(axis: 2, epsilon: 1e-5), x[0], x[1], x[2]),
          try graph.apply(.layerNorm(axis: 2, epsilon: 1e-5), x[0], x[1]),
          try graph.apply(.rmsNorm(axis: 2, epsilon: 1e-5), x[0], x[1]),
          try graph.apply(.softmax(axis: 2), x[0]),
        ]
      }
    }
    try cases.check()
  }

  @Test(arguments: Recurrence.Cell.allCases)
  func `recurrent layers in all their forms`(cell: Recurrence.Cell) throws {
    var cases = GraphCases(seed: 7)
    let functions: [UnaryOp] =
      switch cell {
      case .simple: [.tanh]
      case .gru: [.sigmoid, .tanh]
      case .lstm: [.sigmoid, .tanh, .relu]
      }
    for (hidden, batch) in [(16, 1), (5, 3), (20, 31)] {
      for form in 0..<8 {
        let (flag, reverse, hasLengths) = (form & 1 != 0, form & 2 != 0, form & 4 != 0)
        let recurrence = Recurrence(
          cell: cell, hidden: hidden, activations: functions, clip: flag ? 0.7 : nil, reverse: reverse,
          resetsAfter: cell == .gru && flag, couplesGates: cell == .lstm && flag && reverse,
          hasPeepholes: cell == .lstm && flag, hasLengths: hasLengths)
        let gates = recurrence.gateCount * hidden
        let inputs = recurrence.operands.map { operand -> HostTensor in
          switch operand {
          case .inputs: cases.f32(4, batch, gates)
          case .weights: cases.f32(gates, hidden, in: -0.3...0.3)
          case .state, .cell: cases.f32(batch, hidden)
          case .resetBias: cases.f32(hidden)
          case .peepholes: cases.f32(3 * hidden)
          case .lengths: HostTensor(.i32, [batch], (0..<batch).map { Int32($0 % 6) })
          }
        }
        try cases.add("\(cell) \(hidden) \(batch) \(form)", inputs) { graph, x in
          try graph.add(.recurrent(recurrence), x, name: "y", origin: "test")
        }
        // Weights that are known at build.
        try cases.add("\(cell) \(hidden) \(batch) \(form) constant", inputs) { graph, x in
          var x = x
          x[1] = graph.addConstant("r", Constant(inputs[1]))
          return try graph.add(.recurrent(recurrence), x, name: "y", origin: "test")
        }
      }
    }
    try cases.check()
  }

  @Test(arguments: Recurrence.Cell.allCases)
  func `a row of a recurrent layer has the same bits alone, in any batch and in parts`(cell: Recurrence.Cell) throws {
    var random = Seeded(8)
    let (steps, most) = (5, 23)
    for (hidden, hasLengths, flag) in [(16, false, true), (80, false, false), (64, true, true), (13, false, true)] {
      let recurrence = Recurrence(
        cell: cell, hidden: hidden,
        activations: cell == .simple ? [.tanh] : cell == .gru ? [.sigmoid, .tanh] : [.sigmoid, .tanh, .relu],
        reverse: flag, resetsAfter: cell == .gru && flag, hasLengths: hasLengths)
      var graph = Graph(name: "layer", symbols: [SymbolRange("rows", 1, most)])
      var inputs: [HostTensor] = []
      func input(_ shape: Int..., lengths: Bool = false) -> ValueID {
        let count = shape.reduce(most, *)
        inputs.append(
          lengths
            ? HostTensor(.i32, [most], (0..<count).map { Int32($0 % 7) })
            : HostTensor(.f32, [most] + shape, random.floats(count)))
        let type = TensorType(lengths ? .i32 : .f32, Shape([Dim(symbol: "rows")] + shape.map { Dim($0) }))
        return graph.addInput("x\(inputs.count)", type)
      }
      func constant(_ shape: Int...) -> ValueID {
        let values = random.floats(shape.reduce(1, *), in: -0.4...0.4)
        return graph.addConstant("c\(graph.values.count)", Constant(.f32, shape, values))
      }
      let gates = recurrence.gateCount * hidden
      let operands = try recurrence.operands.map { operand in
        switch operand {
        case .inputs: try graph.apply(.transpose([1, 0, 2]), input(steps, gates))
        case .weights: constant(gates, hidden)
        case .state, .cell: input(hidden)
        case .resetBias: constant(hidden)
        case .peepholes: constant(3 * hidden)
        case .lengths: input(lengths: true)
        }
      }
      let results = try graph.add(.recurrent(recurrence), operands, name: "y", origin: "test")
      graph.outputs = [try graph.apply(.transpose([1, 0, 2]), results[0])] + results.dropFirst()
      let loaded = try LoadedPrograms(
        [graph], symbols: [Symbol(name: "rows", minimum: 1, maximum: most)], batch: "rows", leastSplitCost: 0)
      #expect(loaded.compiled.programs[0].steps.contains { $0.label.contains("recurrent") && $0.isSplit })

      func run(_ rows: Range<Int>, parts: Int) -> [[UInt8]] {
        let part = inputs.map { input in
          let size = input.bytes.count / most
          let bytes = Array(input.bytes[rows.lowerBound * size..<rows.upperBound * size])
          return HostTensor(element: input.element, shape: [rows.count] + input.shape.dropFirst(), bytes: bytes)
        }
        return loaded.run(0, part, dims: ["rows": rows.count], parts: parts).map(\.bytes)
      }
      let alone = (0..<most).map { run($0..<$0 + 1, parts: 1) }
      for rows in [1, 2, 3, 4, 5, 6, 7, 13, most] {
        let expected = alone[0].indices.map { at in alone[..<rows].flatMap { $0[at] } }
        for parts in [1, 3] { #expect(run(0..<rows, parts: parts) == expected, "\(hidden) units, \(rows) rows") }
      }
    }
  }
}
