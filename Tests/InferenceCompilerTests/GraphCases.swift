import InferenceIR
import TensorTypes
import Testing

/// Graphs with inputs, to be compiled together and compared with the interpreter.
struct GraphCases {
  private var items: [(graph: Graph, inputs: [HostTensor])] = []
  private var random: Seeded

  init(seed: UInt64) { random = Seeded(seed) }

  mutating func f32(_ shape: Int..., in range: ClosedRange<Float> = -2...2) -> HostTensor { f32(shape, in: range) }

  mutating func f32(_ shape: [Int], in range: ClosedRange<Float> = -2...2) -> HostTensor {
    HostTensor(.f32, shape, random.floats(shape.reduce(1, *), in: range))
  }

  /// Adds a graph with one input per tensor; `build` returns the outputs.
  mutating func add(
    _ name: String, _ inputs: [HostTensor], _ build: (inout Graph, [ValueID]) throws -> [ValueID],
  ) throws {
    var graph = Graph(name: name)
    let ids = inputs.enumerated().map { graph.addInput("x\($0)", $1.type) }
    graph.outputs = try build(&graph, ids)
    items.append((graph, inputs))
  }

  func check(tolerance: Double = 1e-5) throws {
    let loaded = try LoadedPrograms(items.map(\.graph))
    for (at, item) in items.enumerated() {
      let expected = try Interpreter.run(item.graph, inputs: item.inputs)
      expectEqual(loaded.run(at, item.inputs), expected, tolerance: tolerance, item.graph.name)
    }
  }
}
