import InferenceIR
import ModelImport
import TensorTypes
import Testing

@Suite struct ImporterTests {
  @Test func `an unknown operation is refused by node name, operation and version`() {
    var builder = ModelBuilder()
    builder.input("x", ["2"])
    builder.node("Frobnicate", ["x"], ["y"], name: "n7", domain: "com.example")
    builder.output("y")
    let error = refusal(builder)
    #expect(error?.place == .node(name: "n7", operation: "Frobnicate"))
    #expect(error?.kind == .unsupportedOperation(domain: "com.example", version: 1))
    #expect(
      error?.description.hasSuffix(
        "node \"n7\" (Frobnicate) is not supported: operation of domain \"com.example\", opset 1") == true)
  }

  @Test func `an attribute that nobody reads is refused`() {
    let error = refusal(single("Relu", inputs: [("x", ["2"])], [("alpha", .float(1))]))
    #expect(error?.kind == .unsupportedAttribute("attribute \"alpha\""))
  }

  @Test func `values must be defined, once, and before their use`() {
    var builder = ModelBuilder()
    builder.node("Relu", ["b"], ["a"])
    builder.node("Relu", ["a"], ["b"])
    builder.output("b")
    #expect(refusal(builder)?.reason.contains("\"b\", which is not defined before it") == true)

    builder = ModelBuilder()
    builder.input("x", ["2"])
    builder.node("Relu", ["x"], ["y"])
    builder.node("Exp", ["x"], ["y"])
    builder.output("y")
    #expect(refusal(builder)?.kind == .invalid("two nodes define it"))

    builder = ModelBuilder()
    builder.input("x", ["2"])
    builder.node("Relu", ["x"], ["x"])
    builder.output("x")
    #expect(refusal(builder)?.kind == .invalid("\"x\" is defined twice"))
  }

  @Test func `what is chosen twice has one size, and what is chosen otherwise another`() throws {
    var builder = ModelBuilder()
    builder.input("x", ["n"])
    builder.node("NonZero", ["x"], ["first"])
    builder.node("NonZero", ["x"], ["second"])
    builder.node("Add", ["first", "second"], ["y"])
    builder.node("Relu", ["x"], ["r"])
    builder.node("NonZero", ["r"], ["third"])
    builder.output("y")
    builder.output("third")
    let graph = try importModel(builder)
    #expect(graph.outputs.map { graph.type(of: $0).description } == ["i64[1, found.1]", "i64[1, found.2]"])
    #expect(graph.symbols.map(\.name) == ["n", "found.1", "found.2"])
    #expect(graph.symbols[2].minimum == 0)
    let run = try Interpreter.run(graph, inputs: [HostTensor(.f32, [4], [Float(-1), 0, 2, 3])])
    #expect(run.map(\.shape) == [[1, 3], [1, 2]])
  }

  @Test func `operands that do not fit are refused with both sides`() {
    let error = refusal(single("Add", inputs: [("a", ["n", "3"]), ("b", ["n", "4"])]))
    #expect(error?.place == .node(name: "it", operation: "Add"))
    #expect(error?.reason.contains("[n, 3] and [n, 4] do not broadcast") == true)
  }

  @Test func `shape arithmetic disappears`() throws {
    var builder = ModelBuilder()
    builder.input("x", ["batch", "seq", "8"])
    builder.node("Shape", ["x"], ["shape"])
    builder.ints("zero", [], [0])
    builder.ints("axes", [1], [0])
    builder.ints("four", [1], [4])
    builder.ints("two", [1], [2])
    builder.node("Gather", ["shape", "zero"], ["batch"])
    builder.node("Unsqueeze", ["batch", "axes"], ["batch1"])
    builder.ints("minus", [1], [-1])
    builder.node("Mul", ["batch1", "two"], ["twice"])
    builder.node("Concat", ["twice", "minus", "four"], ["target"], [("axis", .int(0))])
    builder.node("Reshape", ["x", "target"], ["y"])
    builder.output("y")
    let graph = try importModel(builder)
    #expect(graph.nodes.map(\.op) == [.reshape([Dim(symbol: "batch") * 2, Dim(symbol: "seq"), 4])])
  }

  @Test func `a where over a shape is decided`() throws {
    // The exporter's expand: where(shape == -1, ones, shape).
    var builder = ModelBuilder()
    builder.input("x", ["1", "8"])
    builder.input("like", ["batch", "8"])
    builder.node("Shape", ["like"], ["shape"])
    builder.ints("minus", [], [-1])
    builder.ints("ones", [2], [1, 1])
    builder.node("Equal", ["shape", "minus"], ["open"])
    builder.node("Where", ["open", "ones", "shape"], ["target"])
    builder.node("Expand", ["x", "target"], ["y"])
    builder.output("y")
    let graph = try importModel(builder)
    #expect(graph.nodes.map(\.op) == [.expand([Dim(symbol: "batch"), 8])])
  }

  @Test func `a shape known only at run time is refused`() {
    var builder = ModelBuilder()
    builder.input("x", ["4"])
    builder.input("shape", ["2"], element: 7)
    builder.node("Reshape", ["x", "shape"], ["y"], name: "r")
    builder.output("y")
    #expect(refusal(builder)?.kind == .neededAtImport(what: "a shape", inputs: ["shape"]))
  }

  @Test func `constant subgraphs are folded`() throws {
    var builder = ModelBuilder()
    builder.input("x", ["n", "2"])
    builder.floats("w", [2, 2], [1, 2, 3, 4])
    builder.node("Transpose", ["w"], ["wt"])
    builder.node("Mul", ["wt", "wt"], ["w2"])
    builder.node("MatMul", ["x", "w2"], ["y"])
    builder.output("y")
    let graph = try importModel(builder)
    #expect(graph.nodes.count == 1)
    #expect(graph[graph.nodes[0].inputs[1]].constant?.doubles == [1, 9, 4, 16])
  }

  @Test func `weights stay where the file is mapped`() throws {
    var builder = ModelBuilder()
    builder.input("x", ["1", "4"])
    builder.floats("w", [4, 2], [Float](repeating: 1, count: 8))
    builder.node("MatMul", ["x", "w"], ["y"])
    builder.output("y")
    let file = MappedFile(path: "m.onnx", contents: builder.bytes)
    let graph = try OnnxModel(file).importGraph()
    let bytes = try #require(graph[graph.nodes[0].inputs[1]].constant).data.bytes
    let (start, end) = (try #require(file.bytes.baseAddress), try #require(bytes.baseAddress) + bytes.count)
    #expect(try #require(bytes.baseAddress) >= start && end <= start + file.bytes.count)
  }

  @Test func `every output is a node's result under its own name`() throws {
    var builder = ModelBuilder()
    builder.input("x", ["2"])
    builder.floats("c", [2], [1, 2])
    builder.node("Relu", ["x"], ["h"])
    builder.node("Identity", ["h"], ["a"])
    builder.node("Identity", ["h"], ["b"])
    builder.node("Identity", ["x"], ["same"])
    for name in ["a", "b", "same", "c"] { builder.output(name) }
    let graph = try importModel(builder)
    #expect(graph.outputs.map { graph[$0].name } == ["a", "b", "same", "c"])
    let results = try Interpreter.run(graph, inputs: [HostTensor(.f32, [2], [-1, 3] as [Float])])
    #expect(results.map { $0.values(as: Float.self) } == [[0, 3], [0, 3], [-1, 3], [1, 2]])
  }

  @Test func `softmax before opset 13 works over all axes from its own`() throws {
    let old = try importModel(single("Softmax", inputs: [("x", ["2", "2", "2"])], opset: 11))
    let new = try importModel(single("Softmax", inputs: [("x", ["2", "2", "2"])], opset: 13))
    let x = [HostTensor(.f32, [2, 2, 2], [Float](repeating: 0, count: 8))]
    #expect(try Interpreter.run(old, inputs: x)[0].values(as: Float.self)[0] == 0.25)
    #expect(try Interpreter.run(new, inputs: x)[0].values(as: Float.self)[0] == 0.5)
  }

  @Test func `a table cut to the length of the input bounds that length`() throws {
    // Position embeddings: [512, 2] cut to the first `n`.
    var builder = ModelBuilder()
    builder.input("x", ["n", "2"])
    builder.input("table", ["512", "2"])
    builder.ints("zero", [1], [0])
    builder.node("Shape", ["x"], ["shape"])
    builder.node("Gather", ["shape", "zero"], ["length"])
    builder.node("Slice", ["table", "zero", "length", "zero"], ["rows"])
    builder.node("Add", ["x", "rows"], ["y"])
    builder.output("y")
    let graph = try importModel(builder)
    #expect(graph.type(of: graph.outputs[0]).description == "f32[n, 2]")
    #expect(graph.symbols == [SymbolRange("n", 1, 512)])
  }

  @Test func `slices clamp as numpy does, over symbols too`() throws {
    func slice(_ start: Int64, _ end: Int64, _ step: Int64 = 1) throws -> String {
      let constants: [(String, [Int64], [Int64])] = [
        ("s", [1], [start]), ("e", [1], [end]), ("a", [1], [0]), ("k", [1], [step]),
      ]
      let graph = try importModel(single("Slice", inputs: [("x", ["n", "2"])], constants: constants))
      return graph.type(of: graph.outputs[0]).description
    }
    #expect(try slice(0, .max) == "f32[n, 2]")
    #expect(try slice(1, .max) == "f32[n - 1, 2]")
    #expect(try slice(0, -1) == "f32[n - 1, 2]")
    #expect(try slice(-1, .max) == "f32[1, 2]")
    #expect(try slice(-1, .min, -1) == "f32[n, 2]")
    #expect(throws: ImportError.self) { try slice(0, 10) }
    #expect(throws: ImportError.self) { try slice(0, .max, 2) }
  }

  @Test func `functions of the model are expanded`() throws {
    var builder = ModelBuilder()
    builder.opsets = [("", 17), ("local", 1)]
    builder.input("x", ["2"])
    builder.node("Leaky", ["x"], ["y"], domain: "local", [("slope", .float(0.5))])
    builder.output("y")
    var model = ProtoWriter()
    model.bytes = builder.bytes
    model.message(25) { function in
      function.string(1, "Leaky")
      function.string(10, "local")
      function.string(4, "a")
      function.string(5, "b")
      function.string(6, "slope")
      function.message(7) { node in
        node.string(1, "a")
        node.string(2, "b")
        node.string(4, "LeakyRelu")
        node.message(5) {
          $0.string(1, "alpha")
          $0.string(21, "slope")
        }
      }
    }
    let graph = try open(model.bytes).importGraph()
    #expect(graph.nodes.map(\.op) == [.unary(.leakyRelu(0.5))])
  }

  @Test func `a function that calls itself is refused`() {
    var builder = ModelBuilder()
    builder.opsets = [("", 17), ("local", 1)]
    builder.input("x", ["2"])
    builder.node("Loop", ["x"], ["y"], domain: "local")
    builder.output("y")
    var model = ProtoWriter()
    model.bytes = builder.bytes
    model.message(25) { function in
      function.string(1, "Loop")
      function.string(10, "local")
      function.string(4, "a")
      function.string(5, "b")
      for _ in 0..<2 {
        function.message(7) { node in
          node.string(1, "a")
          node.string(2, "b")
          node.string(4, "Loop")
          node.string(7, "local")
        }
      }
    }
    #expect(refusal(model.bytes)?.kind == .limit("calls nest deeper than 16"))
  }

  @Test func `shapes that grow without bound are refused`() {
    var builder = ModelBuilder()
    builder.input("x", ["a", "b"])
    builder.ints("repeats", [2], [1 << 40, 1 << 40])
    builder.node("Tile", ["x", "repeats"], ["y"], name: "t")
    builder.output("y")
    guard case .limit = refusal(builder)?.kind else {
      Issue.record("\(String(describing: refusal(builder)))")
      return
    }
  }
}
