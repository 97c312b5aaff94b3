import InferenceIR
import PlanFormat
import TensorTypes
import Testing

@testable import InferenceCompiler

/// Convolutions and pools, compiled and interpreted on the same inputs, in memory that faults behind its end.
@Suite struct ConvolutionTests {
  private let batch = Dim(symbol: "batch")
  private let symbols = [Symbol(name: "batch", minimum: 1, maximum: 5)]
  private var random = Seeded(31)

  private struct Case {
    var channels: Int
    var maps: Int
    var extents: [Int]
    var op: Convolution
    var hasBias = true
    var element = ElementType.f32
    /// Weights that only the request knows.
    var areOperands = false
  }

  private func window(
    _ size: [Int], strides: [Int]? = nil, dilations: [Int]? = nil, before: [Int]? = nil, after: [Int]? = nil,
  ) -> Window {
    var window = Window(size: size)
    window.strides = strides ?? window.strides
    window.dilations = dilations ?? window.dilations
    window.before = before ?? window.before
    window.after = after ?? before ?? window.after
    return window
  }

  private func name(_ item: Case) -> String { "\(item.channels) to \(item.maps) over \(item.extents) by \(item.op)" }

  private mutating func numbers(_ element: ElementType, _ shape: [Int]) -> Constant {
    let count = shape.reduce(1, *)
    if element.isFloat { return Constant(element, shape, rounding: random.floats(count).map { Double($0) }) }
    return Constant(element, shape, wrapping: (0..<count).map { _ in Int64.random(in: -20...20, using: &random) })
  }

  private mutating func graph(_ item: Case) throws -> Graph {
    var graph = Graph(name: name(item), symbols: [SymbolRange("batch", 1, 5)])
    let shape = Shape([batch, Dim(item.channels)] + item.extents.map { Dim($0) })
    let x = graph.addInput("x", TensorType(item.element, shape))
    let weights = numbers(item.element, [item.maps, item.channels / item.op.groups] + item.op.window.size)
    var operands = [x]
    operands.append(item.areOperands ? graph.addInput("w", weights.type) : graph.addConstant("w", weights))
    if item.hasBias { operands.append(graph.addConstant("b", numbers(item.element, [item.maps]))) }
    graph.outputs = try graph.add(.convolution(item.op), operands, name: "y", origin: "conv")
    return graph
  }

  private mutating func check(_ cases: [Case], tolerance: Double = 1e-5) throws {
    var graphs: [Graph] = []
    for item in cases { graphs.append(try graph(item)) }
    try check(graphs, tolerance: tolerance)
  }

  /// Every graph for 1 and 3 images.
  private mutating func check(
    _ graphs: [Graph], tolerance: Double = 1e-5, leastLoopBytes: Int = CompilerOptions.leastLoopBytes,
  ) throws {
    let isBatched = graphs.allSatisfy { $0.inputs.count == 1 }
    let loaded = try LoadedPrograms(
      graphs, symbols: symbols, batch: isBatched ? "batch" : nil, leastSplitCost: 0, leastLoopBytes: leastLoopBytes)
    for (at, graph) in graphs.enumerated() {
      let inputs = try graph.inputs.map { id in
        let type = graph.type(of: id)
        return HostTensor(numbers(type.element, try #require(type.shape.evaluate(["batch": 3]))))
      }
      try loaded.expectImages(at, of: graph, inputs, tolerance: tolerance)
    }
  }

  @Test mutating func `matrix-product form: strides, dilations, pads and odd numbers of channels`() throws {
    var cases: [Case] = []
    for (channels, maps) in [(3, 16), (16, 24), (20, 37), (5, 7), (32, 64)] {
      cases.append(
        Case(channels: channels, maps: maps, extents: [9, 8], op: .init(window: window([1, 1]), groups: 1)))
      let same = window([3, 3], before: [1, 1])
      cases.append(Case(channels: channels, maps: maps, extents: [7, 7], op: .init(window: same, groups: 1)))
      let strided = window([3, 2], strides: [2, 3], before: [1, 0], after: [0, 1])
      cases.append(
        Case(channels: channels, maps: maps, extents: [10, 9], op: .init(window: strided, groups: 1), hasBias: false))
      let dilated = window([3, 3], strides: [1, 2], dilations: [2, 3], before: [2, 3])
      cases.append(Case(channels: channels, maps: maps, extents: [8, 11], op: .init(window: dilated, groups: 1)))
    }
    cases += [
      Case(channels: 8, maps: 20, extents: [40], op: .init(window: window([5], before: [4], after: [0]), groups: 1)),
      Case(
        channels: 4, maps: 12, extents: [4, 5, 6],
        op: .init(window: window([2, 3, 3], strides: [1, 2, 1], before: [1, 1, 1]), groups: 1)),
      Case(channels: 12, maps: 20, extents: [6, 6], op: .init(window: window([3, 3], before: [1, 1]), groups: 4)),
      Case(channels: 6, maps: 6, extents: [1, 1], op: .init(window: window([1, 1]), groups: 1)),
      // Many windows: several blocks, and tiles of unequal height.
      Case(channels: 3, maps: 24, extents: [61, 63], op: .init(window: window([3, 3], before: [1, 1]), groups: 1)),
      Case(channels: 130, maps: 40, extents: [23, 29], op: .init(window: window([1, 1]), groups: 1)),
      // Weights that stay in no cache, and borders along both axes.
      Case(channels: 64, maps: 144, extents: [9, 7], op: .init(window: window([3, 3], before: [1, 1]), groups: 1)),
      Case(
        channels: 8, maps: 40, extents: [9, 12],
        op: .init(window: window([5, 4], strides: [2, 1], before: [2, 3], after: [3, 0]), groups: 1)),
      // A window that leaves elements out.
      Case(channels: 4, maps: 8, extents: [8, 8], op: .init(window: window([3, 3], before: [-1, 1]), groups: 1)),
    ]
    try check(cases)
  }

  @Test func `every window stands in one region, and visits what lies inside the image`() {
    for (extents, window) in [
      ([7, 7], window([3, 3], before: [1, 1])),
      ([12, 9], window([5, 4], strides: [2, 1], before: [2, 3], after: [3, 0])),
      ([8, 11], window([3, 3], dilations: [2, 3], before: [2, 3])),
      ([6, 5, 4], window([3, 3, 3], before: [1, 1, 1])),
      ([40], window([5], before: [2])), ([3, 9], window([7, 3], before: [3, 1])),
    ] {
      let loops = WindowLoops(window, over: Shape([1, 1] + extents.map { Dim($0) }))
      let counts = extents.indices.map {
        (window.before[$0] + extents[$0] + window.after[$0] - window.extent($0)) / window.strides[$0] + 1
      }
      let regions = WindowRegion.regions(of: loops, counts: counts, axes: Array(extents.indices), fewest: 4)
      for number in 0..<counts.reduce(1, *) {
        var (place, rest) = ([Int](), number)
        for count in counts.reversed() {
          place.insert(rest % count, at: 0)
          rest /= count
        }
        let own = regions.filter { zip($0.windows, place).allSatisfy { $0.contains($1) } }
        #expect(own.count == 1)
        for (axis, taps) in (own.first?.taps ?? []).enumerated() {
          let visited = loops.visited(axis, by: place[axis])
          #expect(taps == visited || taps == 0..<window.size[axis])
        }
      }
      // Single rows of windows, and images without a window inside, are left alone.
      #expect((regions.count > 1) == (extents.count > 1 && extents[0] > 3))
    }
  }

  @Test mutating func `depthwise form`() throws {
    var cases: [Case] = []
    for channels in [16, 24, 35] {
      for stride in [1, 2] {
        for size in [3, 5] {
          let same = window([size, size], strides: [stride, stride], before: [size / 2, size / 2])
          cases.append(
            Case(channels: channels, maps: channels, extents: [9, 13], op: .init(window: same, groups: channels)))
        }
      }
      let dilated = window([3, 3], dilations: [2, 2], before: [2, 2])
      cases.append(
        Case(
          channels: channels, maps: channels, extents: [6, 7], op: .init(window: dilated, groups: channels),
          hasBias: false))
      // Two maps for every channel.
      let double = window([3, 3], before: [1, 1])
      cases.append(
        Case(channels: channels, maps: 2 * channels, extents: [5, 5], op: .init(window: double, groups: channels)))
    }
    cases.append(
      Case(channels: 20, maps: 20, extents: [17], op: .init(window: window([4], before: [3], after: [0]), groups: 20)))
    cases.append(
      Case(
        channels: 8, maps: 8, extents: [4, 4, 9], op: .init(window: window([3, 3, 3], before: [1, 1, 1]), groups: 8)))
    try check(cases)
  }

  @Test mutating func `element by element: transposed forms and other types`() throws {
    let transposed = Convolution(window: window([3, 3], before: [1, 2]), groups: 1, inputDilations: [2, 3])
    let plain = Convolution(window: window([3, 2], strides: [2, 1], before: [1, 1]), groups: 1)
    let grouped = Convolution(window: window([2, 2]), groups: 2)
    try check([
      Case(channels: 3, maps: 5, extents: [4, 4], op: transposed),
      Case(channels: 3, maps: 5, extents: [5, 4], op: plain, element: .i32),
      Case(channels: 4, maps: 6, extents: [5, 4], op: grouped, element: .f64),
    ])
    try check([Case(channels: 4, maps: 6, extents: [5, 4], op: grouped, element: .f16)], tolerance: 2e-3)
    try check([Case(channels: 4, maps: 6, extents: [5, 4], op: grouped, areOperands: true)])
  }

  /// Convolution, batch normalisation, activation and a residual connection, with pools between.
  private mutating func block() throws -> Graph {
    var graph = Graph(name: "block", symbols: [SymbolRange("batch", 1, 5)])
    let x = graph.addInput("x", TensorType(.f32, [batch, 3, 13, 13]))
    func conv(_ x: ValueID, _ size: Int, _ maps: Int, _ graph: inout Graph, groups: Int = 1) throws -> ValueID {
      let channels = try #require(graph.type(of: x).shape[1].constant) / groups
      let w = graph.addConstant("w", numbers(.f32, [maps, channels, size, size]))
      let op = Convolution(window: window([size, size], before: [size / 2, size / 2]), groups: groups)
      let y = try graph.apply(.convolution(op), x, w)
      let factor = graph.addConstant("f", numbers(.f32, [maps, 1, 1]))
      let shift = graph.addConstant("s", numbers(.f32, [1, maps, 1, 1]))
      return try graph.apply(.binary(.add), try graph.apply(.binary(.multiply), y, factor), shift)
    }
    let zero = graph.f32([], [0])
    let padded = try graph.apply(.pad(before: [0, 0, 1, 0], after: [0, 0, 0, 1]), x, zero)
    let first = try graph.apply(.unary(.relu), try conv(padded, 3, 24, &graph))
    let pooled = try graph.apply(
      .pool(Pool(.maximum, window: window([3, 3], strides: [2, 2], before: [1, 1]))), first)
    let wide = try graph.apply(.unary(.hardSwish), try conv(pooled, 1, 40, &graph))
    let deep = try graph.apply(.binary(.minimum), try conv(wide, 3, 40, &graph, groups: 40), graph.f32([], [6]))
    let narrow = try graph.apply(.binary(.add), try conv(deep, 1, 24, &graph), pooled)
    let both = try graph.apply(.concat(axis: 1), narrow, try conv(narrow, 1, 8, &graph))
    let average = try graph.apply(
      .pool(Pool(.average(countsPadding: false), window: window([3, 3], strides: [2, 2], before: [1, 1]))), both)
    let mean = try graph.apply(.reduce(.mean, axes: [2, 3], keepDims: true), average)
    let gate = try graph.apply(.unary(.sigmoid), try conv(mean, 1, 32, &graph))
    let gated = try graph.apply(.binary(.multiply), average, gate)
    let flat = try graph.apply(.reshape([batch, Dim(32 * 16)]), gated)
    graph.outputs = [try graph.dense(flat, 32 * 16, 10, nil, &random), gated, narrow]
    return graph
  }

  @Test mutating func `a network gives the interpreter's results, and images do not touch each other`() throws {
    try check([try block()], tolerance: 2e-5)
  }

  @Test mutating func `a network gives the same results image by image`() throws {
    let graph = try block()
    try check([graph], tolerance: 2e-5, leastLoopBytes: 0)
    let whole = try LoadedPrograms([graph], symbols: symbols, batch: "batch")
    let looped = try LoadedPrograms([graph], symbols: symbols, batch: "batch", leastLoopBytes: 0)
    let input = HostTensor(numbers(.f32, [4, 3, 13, 13]))
    #expect(looped.run(0, [input], dims: ["batch": 4]) == whole.run(0, [input], dims: ["batch": 4]))
    // What only steps of a loop touch has memory for one image.
    let (of, all) = (looped.compiled.programs[0], whole.compiled.programs[0])
    #expect(all.requestLoops.isEmpty && !of.requestLoops.isEmpty)
    #expect(of.arenaBytes < all.arenaBytes)
    // The product at the end shares its weights between the images.
    #expect(of.requestLoops.allSatisfy { $0.upperBound < of.steps.count })
  }

  @Test(arguments: [(size: 1, isLooped: true), (size: 3, isLooped: false)])
  mutating func `weights up to twelve times a request's passes are read again for each`(
    _ size: Int, _ isLooped: Bool,
  ) throws {
    var graph = Graph(name: "chain", symbols: [SymbolRange("batch", 1, 5)])
    let channels = 64
    var x = graph.addInput("x", TensorType(.f32, [batch, Dim(channels), 2, 2]))
    // 64 x 64 weights are 8 times 2 x 2 pixels of 64 channels, read and written; nine times as many are 72.
    for _ in 0..<3 {
      let w = graph.addConstant("w", numbers(.f32, [channels, channels, size, size]))
      let op = Convolution(window: window([size, size], before: [size / 2, size / 2]), groups: 1)
      x = try graph.apply(.unary(.relu), try graph.apply(.convolution(op), x, w))
    }
    graph.outputs = [x]
    let program = try LoadedPrograms([graph], symbols: symbols, batch: "batch", leastLoopBytes: 0).compiled.programs[0]
    #expect(program.requestLoops.isEmpty == !isLooped)
  }

  @Test mutating func `factors and padding disappear into weights, and images are copied once`() throws {
    let graph = try GraphPass.optimize(try block())
    let convolutions = graph.nodes.filter { if case .convolution = $0.op { true } else { false } }
    #expect(convolutions.count == 5)
    #expect(convolutions.allSatisfy { $0.inputs.count == 3 })
    // The first one's padding went into the copy of the image.
    #expect(graph.nodes.count { if case .pad = $0.op { true } else { false } } == 1)
    let names = try Schedule(graph).dispatches.map(\.work).filter { if case .nest = $0 { true } else { false } }
    // The image's copy; the gate's product; the copies of outputs that something else reads in another order.
    #expect(names.count <= 5)
  }

  @Test mutating func `kernels of every family compile`() throws {
    let loaded = try LoadedPrograms([try block()], symbols: symbols, batch: "batch", families: CPUFamily.allCases)
    #expect(loaded.compiled.code.count == 3)
  }

  @Test mutating func pools() throws {
    var graphs: [Graph] = []
    func add(_ op: Pool, _ shape: [Dim], _ element: ElementType = .f32) throws {
      var graph = Graph(name: "\(op) of \(element)\(shape)", symbols: [SymbolRange("batch", 1, 5)])
      let x = graph.addInput("x", TensorType(element, Shape(shape)))
      graph.outputs = try graph.add(.pool(op), [x], name: "y", origin: "pool")
      graphs.append(graph)
    }
    let padded = window([3, 2], strides: [2, 2], dilations: [1, 2], before: [1, 0], after: [1, 1])
    for function in [
      Pool.Function.maximum, .maximumWithIndices(columnMajor: false), .maximumWithIndices(columnMajor: true),
      .average(countsPadding: false), .average(countsPadding: true), .norm(p: 1), .norm(p: 2), .norm(p: 3),
    ] {
      for channels in [3, 20] {
        try add(Pool(function, window: padded), [batch, Dim(channels), 7, 8])
        try add(
          Pool(function, window: window([3, 3], strides: [2, 2]), excess: [1, 1]), [batch, Dim(channels), 6, 8])
        try add(Pool(function, window: window([2])), [batch, Dim(channels), 9])
      }
    }
    for element in [ElementType.i8, .u8, .i64, .f64] {
      try add(Pool(.maximum, window: padded), [batch, 4, 7, 8], element)
      try add(Pool(.maximumWithIndices(columnMajor: false), window: padded), [batch, 4, 7, 8], element)
    }
    try check(graphs)
  }
}
