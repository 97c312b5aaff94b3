import InferenceIR
import PlanFormat
import TensorTypes
import Testing

@testable import InferenceCompiler

/// How graphs are cut into kernels.
@Suite struct ScheduleTests {
  private let batch = Dim(symbol: "batch")

  private func schedule(_ build: (inout Graph, inout Seeded) throws -> [ValueID]) throws -> Schedule {
    var graph = Graph(name: "g", symbols: [SymbolRange("batch", 1, 8)])
    var random = Seeded(1)
    graph.outputs = try build(&graph, &random)
    return try Schedule(try GraphPass.optimize(graph))
  }

  @Test func `bias and activation run inside the product`() throws {
    let schedule = try schedule { graph, random in
      let x = graph.addInput("x", TensorType(.f32, [batch, 10]))
      return [try graph.dense(try graph.dense(x, 10, 20, .relu, &random), 20, 5, .sigmoid, &random)]
    }
    #expect(schedule.dispatches.count == 2)
    #expect(schedule.buffers.count == 3)
  }

  @Test func `values without operands are placed too`() throws {
    let schedule = try schedule { graph, _ in
      _ = graph.addInput("x", TensorType(.f32, [batch, 10]))
      return [try graph.apply(.dimensions([batch])), try graph.apply(.iota(count: batch, start: 0, step: 1))]
    }
    #expect(schedule.graph.outputs.allSatisfy { schedule.views[$0] != nil })
  }

  @Test func `producers write into their part of a concat`() throws {
    let schedule = try schedule { graph, random in
      let x = graph.addInput("x", TensorType(.f32, [batch, 10]))
      let a = try graph.dense(x, 10, 20, .relu, &random)
      let b = try graph.apply(.softmax(axis: 1), x)
      return [try graph.dense(try graph.apply(.concat(axis: 1), a, b), 30, 40, nil, &random)]
    }
    // Two producers and the last product: nothing copies.
    #expect(schedule.dispatches.count == 3)
    #expect(schedule.buffers.map(\.count) == [batch * 10, batch * 40, batch * 30])
  }

  @Test func `an elementwise chain is one loop`() throws {
    let schedule = try schedule { graph, _ in
      let x = graph.addInput("x", TensorType(.f32, [batch, 10]))
      let mean = graph.f32([10], Array(repeating: 0.5, count: 10))
      let shifted = try graph.apply(.binary(.subtract), try graph.apply(.unary(.log1p), x), mean)
      return [try graph.apply(.binary(.minimum), shifted, graph.f32([], [4]))]
    }
    #expect(schedule.dispatches.count == 1)
  }

  @Test func `rows of large tables are touched before anything runs`() throws {
    let schedule = try schedule { graph, random in
      let x = graph.addInput("x", TensorType(.f32, [batch, 10]))
      let ids = graph.addInput("ids", TensorType(.i64, [batch]))
      let table = graph.f32([20_000, 4], Array(repeating: 1, count: 80_000))
      let rows = try graph.apply(.gather(axis: 0, negative: .fromEnd), table, ids)
      return [try graph.apply(.concat(axis: 1), try graph.dense(x, 10, 20, .relu, &random), rows)]
    }
    guard case .prefetch(let rows) = schedule.dispatches.first?.work else {
      Issue.record("no prefetch")
      return
    }
    #expect(rows.count == 1)
  }
}
