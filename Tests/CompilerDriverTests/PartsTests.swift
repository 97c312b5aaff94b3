import Foundation
import InferenceIR
import TensorTypes
import Testing

@testable import CompilerDriver

@Suite struct PartsTests {
  @Test(arguments: [(0, 0), (5_000, 1 << 63), (2_500, 1 << 62), (10_000, UInt64.max)] as [(Int, UInt64)])
  func `a share is its part of 2^64`(basisPoints: Int, threshold: UInt64) {
    #expect(ServiceAssembler.threshold(basisPoints) == threshold)
  }

  @Test func `bounds of ids are read back through what keeps every element, and only for drawing through what selects`()
    throws
  {
    var graph = Graph(name: "g")
    let ids = graph.addInput("ids", TensorType(.i32, [4]))
    let table = graph.addConstant("table", Constant(.f32, [10, 2], [Float](repeating: 0, count: 20)))
    let wide = try graph.add(.cast(.i64), [ids], name: "wide", origin: "")[0]
    let first = try graph.add(.slice(axis: 0, start: 0, length: 2, step: 1), [wide], name: "first", origin: "")[0]
    graph.outputs = try graph.add(
      .gather(axis: 0, negative: .fromEnd), [first, table].reversed(), name: "rows", origin: "")
    #expect(IndexBounds.of(graph, throughSelection: true)[ids] == 10)
    #expect(IndexBounds.of(graph, throughSelection: false)[ids] == nil)
  }

  @Test func `any file name gives identifiers`() {
    #expect(ModelProgram.typeName("my-model_2") == "MyModel2")
    #expect(ModelProgram.valueName("7 Däys") == "m_7_d_ys")
  }

  @Test func `a folder is replaced whole`() throws {
    let parent = FileManager.default.temporaryDirectory.appendingPathComponent("servec-dist-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: parent) }
    let folder = parent.appendingPathComponent("dev")
    try DistWriter.replace(folder, with: [("a.yaml", "1"), ("b.yaml", "2")])
    try DistWriter.replace(folder, with: [("b.yaml", "3")])
    #expect(try FileManager.default.contentsOfDirectory(atPath: parent.path) == ["dev"])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["b.yaml"])
    #expect(try String(contentsOf: folder.appendingPathComponent("b.yaml"), encoding: .utf8) == "3")
  }

  @Test func `a difference is relative to the largest reference, integers are compared exactly`() {
    let reference = HostTensor(.f32, [3], [Float(1), .nan, -4])
    let near = Difference(HostTensor(.f32, [3], [Float(1.00002), .nan, -4]), reference)
    #expect(near.isWithin(relative: 1e-5) && !near.isWithin(relative: 1e-6))
    #expect(!Difference(HostTensor(.f32, [3], [Float(1), 2, -4]), reference).isWithin(relative: 1))
    let ids = Difference(HostTensor(.i64, [1], [Int64.max]), HostTensor(.i64, [1], [Int64.max - 1]))
    #expect(!ids.isWithin(relative: 1) && !ids.isClose(rtol: 1, atol: 1))
    #expect(!Difference(HostTensor(.f32, [1], [Float(1)]), HostTensor(.f32, [1, 1], [Float(1)])).isComparable)
  }
}
