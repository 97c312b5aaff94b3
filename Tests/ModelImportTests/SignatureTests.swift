import InferenceIR
import ModelImport
import TensorTypes
import Testing

@Suite struct SignatureTests {
  @Test func `symbolic dimensions keep their names and unknown ones get one`() throws {
    var builder = ModelBuilder()
    builder.input("x", ["batch", "?", "3"])
    builder.input("ids", ["batch size", "-1"], element: 7)
    builder.node("Relu", ["x"], ["y"])
    builder.output("y", ["batch", "?", "3"])
    let signature = try open(builder.bytes).signature
    #expect(signature.inputs.map(\.type.description) == ["f32[batch, x_1, 3]", "i64[batch_size, ids_1]"])
    #expect(signature.outputs.map(\.type.description) == ["f32[batch, x_1, 3]"])
  }

  @Test func `first dimensions without a name are one batch`() throws {
    var builder = ModelBuilder()
    builder.input("x", ["?", "3"])
    builder.input("z", ["?", "2"])
    builder.node("Concat", ["x", "z"], ["y"], [("axis", .int(1))])
    builder.output("y", ["?", "?"])
    let signature = try open(builder.bytes).signature
    #expect(signature.inputs.map(\.type.description) == ["f32[batch, 3]", "f32[batch, 2]"])
    #expect(signature.outputs.map(\.type.description) == ["f32[batch, 5]"])
  }

  @Test func `outputs of a model that cannot be imported are as declared`() throws {
    var builder = ModelBuilder()
    builder.input("x", ["n"])
    builder.node("NoSuchOperator", ["x"], ["y"])
    builder.output("y", ["m", "?"])
    #expect(try open(builder.bytes).signature.outputs.map(\.type.description) == ["f32[m, y_1]"])
  }

  @Test func `inputs with an initializer are weights`() throws {
    var builder = ModelBuilder()
    builder.input("x", ["2"])
    builder.input("w", ["2"])
    builder.floats("w", [2], [1, 2])
    builder.node("Mul", ["x", "w"], ["y"])
    builder.output("y")
    let model = try open(builder.bytes)
    #expect(try model.signature.inputs.map(\.name) == ["x"])
    #expect(try model.signature.outputs == [.init("y", TensorType(.f32, [2]))])
  }

  @Test func `a leading one everywhere is reported`() throws {
    var builder = WireTests.sound
    #expect(try open(builder.bytes).hasFixedLeadingOne == false)
    builder = ModelBuilder()
    builder.input("x", ["1", "8"])
    builder.node("Relu", ["x"], ["y"])
    builder.output("y", ["1", "8"])
    #expect(try open(builder.bytes).hasFixedLeadingOne)
  }

  @Test func `dimensions may be replaced and outputs chosen`() throws {
    var builder = ModelBuilder()
    builder.input("x", ["n", "4"])
    builder.node("Relu", ["x"], ["y"])
    builder.node("NoSuchOperator", ["x"], ["z"])
    builder.output("y")
    builder.output("z")
    let graph = try importModel(
      builder, ImportOptions(name: "ranker", dims: ["n": Dim(symbol: "rows")], outputs: ["y"]))
    #expect(graph.name == "ranker" && graph.symbols.map(\.name) == ["rows"])
    #expect(graph.outputs.map { graph[$0].name } == ["y"])
  }

  @Test(arguments: [("", 0 as Int64), ("", 29), ("ai.onnx.ml", 6)])
  func `opsets out of range are refused`(domain: String, version: Int64) {
    var builder = WireTests.sound
    builder.opsets = [(domain, version)]
    guard case .unsupportedOpset = refusal(builder)?.kind else {
      Issue.record("accepted \(domain) \(version)")
      return
    }
  }
}
