import InferenceIR
import ModelImport
import TensorTypes
import Testing

@Suite struct ControlFlowTests {
  /// A body without inputs that applies one function to a value from outside.
  private func body(_ operation: String, _ operand: String, _ result: String) -> ModelBuilder {
    var body = ModelBuilder()
    body.node(operation, [operand], [result])
    body.output(result)
    return body
  }

  private func choice(_ condition: (inout ModelBuilder) -> Void, no: ModelBuilder) -> ModelBuilder {
    var builder = ModelBuilder()
    builder.input("x", ["2"])
    condition(&builder)
    builder.node(
      "If", ["c"], ["y"], name: "choose",
      [("then_branch", .body(body("Neg", "x", "a"))), ("else_branch", .body(no))])
    builder.output("y")
    return builder
  }

  @Test func `a known condition leaves its branch`() throws {
    let builder = choice(
      {
        $0.ints("one", [], [1])
        $0.node("Equal", ["one", "one"], ["c"])
      }, no: body("Exp", "x", "b"))
    #expect(try importModel(builder).nodes.map(\.op) == [.unary(.negate)])
  }

  @Test func `a condition of the run chooses between both branches`() throws {
    let graph = try importModel(choice({ $0.input("c", [], element: 9) }, no: body("Abs", "x", "b")))
    let x = HostTensor(.f32, [2], [1, -2] as [Float])
    for (holds, expected) in [(1 as UInt8, [-1, 2] as [Float]), (0, [1, 2])] {
      let result = try Interpreter.run(graph, inputs: [x, HostTensor(.bool, [], [holds])])
      #expect(result[0].values(as: Float.self) == expected)
    }
  }

  @Test func `branches of two types need the condition at compile time`() throws {
    let builder = choice({ $0.input("c", [], element: 9) }, no: body("Shape", "x", "b"))
    let error = refusal(builder)
    #expect(error?.place == .node(name: "choose", operation: "If"))
    guard case .neededAtImport(_, let inputs) = error?.kind else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(inputs == ["c"])
  }

  /// Adds x to the carried value, and stacks the sums; goes on while the sum is below `limit`.
  private func loop(rounds: Int64?, limit: Bool) -> ModelBuilder {
    var body = ModelBuilder()
    body.input("i", [], element: 7)
    body.input("go", [], element: 9)
    body.input("s", [])
    body.node("Add", ["s", "x"], ["t"])
    body.node(limit ? "Less" : "Identity", limit ? ["t", "limit"] : ["go"], ["on"])
    body.node("Identity", ["t"], ["row"])
    body.output("on")
    body.output("t")
    if !limit { body.output("row") }
    var builder = ModelBuilder()
    builder.input("x", [])
    builder.floats("zero", [], [0])
    builder.floats("limit", [], [5])
    if let rounds { builder.ints("n", [], [rounds]) }
    builder.node(
      "Loop", [rounds == nil ? "" : "n", "", "zero"], limit ? ["y"] : ["y", "rows"], [("body", .body(body))])
    builder.output("y")
    if !limit { builder.output("rows") }
    return builder
  }

  @Test func `a loop is laid out round by round`() throws {
    let results = try Interpreter.run(
      try importModel(loop(rounds: 3, limit: false)), inputs: [HostTensor(.f32, [], [2 as Float])])
    #expect(results[0].values(as: Float.self) == [6])
    #expect(results[1].shape == [3] && results[1].values(as: Float.self) == [2, 4, 6])
  }

  @Test func `a condition of the run keeps what a finished loop has`() throws {
    let graph = try importModel(loop(rounds: 10, limit: true))
    for (x, expected) in [(2 as Float, 6 as Float), (7, 7), (0.25, 2.5)] {
      #expect(
        try Interpreter.run(graph, inputs: [HostTensor(.f32, [], [x])])[0].values(as: Float.self) == [expected])
    }
  }

  @Test func `a loop without an end is refused`() {
    guard case .limit = refusal(loop(rounds: nil, limit: false))?.kind else {
      Issue.record("a loop that always goes on was laid out")
      return
    }
    guard case .neededAtImport = refusal(loop(rounds: nil, limit: true))?.kind else {
      Issue.record("a loop that may always go on was laid out")
      return
    }
  }

  @Test func `a scan walks an axis, backwards if it is told to`() throws {
    var body = ModelBuilder()
    body.input("s", [])
    body.input("e", [])
    body.node("Add", ["s", "e"], ["t"])
    body.node("Identity", ["t"], ["row"])
    body.output("t")
    body.output("row")
    var builder = ModelBuilder()
    builder.input("x", ["3"])
    builder.floats("zero", [], [0])
    builder.node(
      "Scan", ["zero", "x"], ["y", "rows"],
      [("body", .body(body)), ("num_scan_inputs", .int(1)), ("scan_input_directions", .ints([1]))])
    builder.output("y")
    builder.output("rows")
    let results = try Interpreter.run(
      try importModel(builder), inputs: [HostTensor(.f32, [3], [1, 2, 4] as [Float])])
    #expect(results[0].values(as: Float.self) == [7] && results[1].values(as: Float.self) == [4, 6, 7])
  }

  @Test func `sequences leave nothing in the graph`() throws {
    var builder = ModelBuilder()
    builder.input("x", ["2"])
    builder.input("z", ["2"])
    builder.ints("first", [], [0])
    builder.node("SequenceConstruct", ["x"], ["s"])
    builder.node("SequenceInsert", ["s", "z", "first"], ["t"])
    builder.node("SequenceAt", ["t", "first"], ["a"])
    builder.node("Relu", ["a"], ["y"])
    builder.output("y")
    builder.output("t")
    let graph = try importModel(builder)
    #expect(graph.outputs.map { graph[$0].name } == ["y", "t.0", "t.1"])
    #expect(graph.nodes[0].op == .unary(.relu) && graph.nodes[0].inputs == [graph.inputs[1]])
  }

  @Test func `before opset 7 the axis of a broadcast is given`() throws {
    var builder = ModelBuilder()
    builder.opsets = [("", 6)]
    builder.input("x", ["2", "3", "4"])
    builder.input("b", ["3"])
    builder.node("Add", ["x", "b"], ["y"], name: "n", [("broadcast", .int(1)), ("axis", .int(1))])
    builder.output("y")
    #expect(try importModel(builder).nodes.map(\.op) == [.reshape([3, 1]), .binary(.add)])

    builder = ModelBuilder()
    builder.opsets = [("", 6)]
    builder.input("x", ["2", "3"])
    builder.input("b", ["3"])
    builder.node("Add", ["x", "b"], ["y"])
    builder.output("y")
    guard case .shape = refusal(builder)?.kind else {
      Issue.record("shapes that differ were added without `broadcast`")
      return
    }
  }
}
