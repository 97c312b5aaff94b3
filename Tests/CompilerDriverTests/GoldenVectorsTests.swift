import Foundation
import PlanFormat
import TensorTypes
import Testing

@testable import CompilerDriver

@Suite struct GoldenVectorsTests {
  /// The batches of the vectors of a program whose one step has a cost.
  private func batches(_ cost: Dim) throws -> [Int] {
    let model = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures/onnx/mlp_matmul_opset8/model.onnx").path
    let assembly = try #require(try ServiceAssembly.all(in: try Check().run(source: model), batch: 32).first)
    let step = Program.Step(kernel: 0, arguments: [], label: "", cost: cost)
    let program = Program(
      name: "", version: "1", batch: 0, inputs: [], outputs: [], literals: [], steps: [step], arenaBytes: 0)
    return try GoldenVectors.make(
      assembly.units[0], program: program, at: 0, symbols: assembly.plan.symbols,
      orderDependent: assembly.orderDependent[0], domains: assembly.domains[0]
    ).map { $0.dims[0] }
  }

  @Test func `a pod waits for a second vector only where that is short`() throws {
    let batch = Dim(symbol: "batch")
    let millisecond: Dim = 1_000_000_000
    #expect(try batches(1000) == [1, 11], "nothing to wait for")
    #expect(try batches(batch * millisecond) == [1], "two requests take twice as long as one")
    #expect(try batches(batch * millisecond + 2 * millisecond) == [1, 2], "two take a third longer")
    #expect(try batches(20 * millisecond) == [1, 11], "any batch takes the same")
  }
}
