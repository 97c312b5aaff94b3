import InferenceIR
import PlanFormat
import TensorTypes
import Testing

@testable import InferenceCompiler

/// Minimal filtering of 3 x 3 windows, which `numerics = fast` chooses.
@Suite struct WinogradTests {
  private let batch = Dim(symbol: "batch")
  private let symbols = [Symbol(name: "batch", minimum: 1, maximum: 4)]
  private var random = Seeded(77)

  private struct Case {
    var channels: Int
    var maps: Int
    var extents: [Int]
    var before = [1, 1]
    var after = [1, 1]
  }

  /// A convolution with a bias, what was there before added to it, and an activation.
  private mutating func graph(_ item: Case) throws -> Graph {
    var graph = Graph(name: "\(item)", symbols: [SymbolRange("batch", 1, 4)])
    let x = graph.addInput(
      "x", TensorType(.f32, [batch, Dim(item.channels), Dim(item.extents[0]), Dim(item.extents[1])]))
    let count = item.maps * item.channels * 9
    let scale = 1 / Float(item.channels * 9).squareRoot()
    let w = graph.f32([item.maps, item.channels, 3, 3], random.floats(count, in: -scale...scale))
    let b = graph.f32([item.maps], random.floats(item.maps))
    var window = Window(size: [3, 3])
    (window.before, window.after) = (item.before, item.after)
    let y = try graph.apply(.convolution(Convolution(window: window, groups: 1)), x, w, b)
    let isSame = graph.type(of: y) == graph.type(of: x)
    let sum = isSame ? try graph.apply(.binary(.add), y, try graph.apply(.unary(.tanh), x)) : y
    graph.outputs = [try graph.apply(.unary(.relu), sum)]
    return graph
  }

  private static let cases = [
    (Case(channels: 16, maps: 48, extents: [13, 11]), "winograd_4x4_16x48"),
    (Case(channels: 32, maps: 32, extents: [12, 16]), "winograd_4x4_32x32"),
    (Case(channels: 128, maps: 128, extents: [7, 8]), "winograd_2x2_128x128"),
    (Case(channels: 16, maps: 16, extents: [9, 14], before: [0, 2], after: [1, 0]), "winograd_4x4_16x16"),
    // More tiles than a block has.
    (Case(channels: 16, maps: 16, extents: [95, 97]), "winograd_4x4_16x16"),
  ]

  @Test mutating func `tiles give the interpreter's results, whatever the batch and the number of parts`() throws {
    for (item, kernel) in Self.cases {
      let graph = try graph(item)
      let loaded = try LoadedPrograms(
        [graph], symbols: symbols, batch: "batch", leastSplitCost: 0, numerics: .fast)
      #expect(loaded.compiled.kernels.contains { $0.hasPrefix(kernel) }, "\(loaded.compiled.kernels)")
      let shape = [3, item.channels] + item.extents
      let images = HostTensor(Constant(.f32, shape, random.floats(shape.reduce(1, *))))
      try loaded.expectImages(of: graph, [images])
    }
  }

  @Test mutating func `precise numerics and other windows keep one chain of multiply-adds`() throws {
    let graph = try graph(Case(channels: 32, maps: 32, extents: [12, 16]))
    let precise = try LoadedPrograms([graph], symbols: symbols, batch: "batch")
    #expect(!precise.compiled.kernels.contains { $0.hasPrefix("winograd") })
    // An image of few windows: transforming the weights' reads costs more than it saves.
    for item in [Case(channels: 16, maps: 16, extents: [2, 2]), Case(channels: 12, maps: 16, extents: [12, 12])] {
      let fast = try LoadedPrograms([try self.graph(item)], symbols: symbols, batch: "batch", numerics: .fast)
      #expect(!fast.compiled.kernels.contains { $0.hasPrefix("winograd") }, "\(item)")
    }
  }

  /// A Gᵀ-transformed impulse goes through the transforms unchanged: Aᵀ (G g Gᵀ * Bᵀ d B) A is the correlation of d and g.
  @Test(arguments: [2, 4]) func `the three transforms make a correlation`(results: Int) {
    let transform = WinogradTransform(results: results)
    for tap in 0..<3 {
      for place in 0..<transform.points {
        let output = (0..<results).map { row in
          (0..<transform.points).reduce(0.0) { sum, point in
            sum + transform.output[row][point] * transform.weights[point][tap] * transform.input[point][place]
          }
        }
        for row in 0..<results { #expect(abs(output[row] - (row + tap == place ? 1 : 0)) < 1e-12) }
      }
    }
  }
}
