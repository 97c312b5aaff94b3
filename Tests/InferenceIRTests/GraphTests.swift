import InferenceIR
import TensorTypes
import Testing

@Suite struct GraphTests {
  /// `relu(x * w)`, over a symbolic batch.
  static func small() throws -> (graph: Graph, product: ValueID) {
    var graph = Graph(name: "small", symbols: [SymbolRange("batch", 1, 128)])
    let x = graph.addInput("x", TensorType(.f32, [Dim(symbol: "batch"), 2]))
    let w = graph.addConstant("w", f32([2], [2, -0.5]))
    let product = try graph.add(.binary(.multiply), [x, w], name: "scaled", origin: "node \"Mul\"")[0]
    graph.outputs = try graph.add(.unary(.relu), [product], name: "y", origin: "node \"Relu\"")
    return (graph, product)
  }

  @Test func `a graph runs, with symbols taken from its inputs`() throws {
    let (graph, _) = try Self.small()
    let y = try Interpreter.run(graph, inputs: [HostTensor(.f32, [2, 2], [1, 2, 3, -4] as [Float])])
    #expect(y == [HostTensor(.f32, [2, 2], [2, 0, 6, 2] as [Float])])
  }

  @Test func `inputs that do not fit are refused by name`() throws {
    let (graph, _) = try Self.small()
    #expect(throws: InterpreterError(origin: "small", message: "input \"x\" is f32[2, 3], expected f32[batch, 2]")) {
      try Interpreter.run(graph, inputs: [HostTensor(.f32, [2, 3], [Float](repeating: 0, count: 6))])
    }
    #expect(throws: InterpreterError.self) { try Interpreter.run(graph, inputs: []) }
    #expect(throws: InterpreterError.self) {
      try Interpreter.run(graph, inputs: [HostTensor(element: .f32, shape: [1, 2], bytes: [1, 2, 3])])
    }
  }

  @Test func `a sound graph verifies`() throws {
    try Self.small().graph.verify()
  }

  @Test func `the verifier finds a changed type, a use before its definition and a second definition`() throws {
    var (graph, product) = try Self.small()
    graph[product].type = TensorType(.f32, [3])
    #expect(throws: VerifierError.self) { try graph.verify() }

    graph = try Self.small().graph
    graph.nodes.reverse()
    #expect(throws: VerifierError(place: "node \"Relu\"", message: "\"scaled\" is used before it is defined")) {
      try graph.verify()
    }

    graph = try Self.small().graph
    graph.nodes.append(graph.nodes[1])
    #expect(throws: VerifierError(place: "node \"Relu\"", message: "\"y\" is defined twice")) { try graph.verify() }
  }

  @Test func `the verifier finds undeclared symbols`() throws {
    var graph = try Self.small().graph
    graph.symbols = []
    #expect(throws: VerifierError(place: "x", message: "symbol batch of type f32[batch, 2] is not declared")) {
      try graph.verify()
    }
  }

  @Test func `the verifier follows the arrays of a forest`() throws {
    var graph = Graph(name: "trees")
    var forest = TreeTests.forest()
    forest.nodes[2].right = 2
    let x = graph.addInput("x", TensorType(.f32, [1, 2]))
    graph.outputs = try graph.add(.treeEnsemble(forest), [x], name: "y", origin: "trees")
    #expect(throws: VerifierError(place: "trees", message: "node 2 has child 2")) { try graph.verify() }
  }

  @Test func `pruning keeps inputs and drops what no output needs`() throws {
    var (graph, product) = try Self.small()
    try graph.add(.unary(.exp), [product], name: "dead", origin: "dead")
    let pruned = graph.pruned()
    try pruned.verify()
    #expect(pruned.nodes.count == 2 && pruned.values.count == 4 && pruned.inputs.count == 1)
  }
}
