import InferenceIR
import PipelineLowering
import ServeDiagnostics
import ServeSema
import TensorTypes
import Testing

/// Pipelines written as typed trees, lowered with and without a batch, and run by the reference interpreter: a batch
/// must give what its requests give one by one.
@Suite struct LoweringTests {
  private let place = SourceRange(file: FileID(index: 0), bytes: 0..<0)

  private func expression(_ kind: TypedExpressionKind, _ type: TensorType) -> TypedExpression {
    TypedExpression(kind, type: .tensor(type), range: place)
  }

  private func record(_ name: String, _ fields: [(String, TensorType)]) -> RecordDeclaration {
    RecordDeclaration(
      name: name,
      fields: fields.map {
        .init(name: $0.0, type: FieldType(.element($0.1.element), shape: $0.1.shape), range: place)
      },
      range: place)
  }

  /// `scale(x) = 2 x` over `f32[batch, 3]` or `f32[3]`.
  private func model(batches: Bool) throws -> (declaration: ModelDeclaration, graph: Graph) {
    let shape: Shape = batches ? [Dim(symbol: "batch"), 3] : [3]
    let file: Shape = batches ? [Dim(symbol: "N"), 3] : [3]
    var graph = Graph(name: "double")
    let x = graph.addInput("x", TensorType(.f32, file))
    let two = graph.addConstant("two", Constant(.f32, [], [Float(2)]))
    graph.outputs = try graph.add(.binary(.multiply), [x, two], name: "y", origin: "double")
    let declaration = ModelDeclaration(
      name: "Double",
      signature: ModelSignature(
        inputs: [.init("x", TensorType(.f32, shape))], outputs: [.init("y", TensorType(.f32, shape))]),
      batches: batches, maximumBatch: nil, versions: [], range: place)
    return (declaration, graph)
  }

  @Test func `a model is given no more than it holds`() throws {
    var model = try model(batches: true).graph
    model.symbols = [SymbolRange("N", 1, 4)]
    for most in [4, 5] {
      var graph = Graph(name: "g", symbols: [SymbolRange("rows", 1, most)])
      let x = graph.addInput("x", TensorType(.f32, [Dim(symbol: "rows"), 3]))
      if most == 4 {
        #expect(try graph.inline(model, arguments: [x], origin: "m").count == 1)
      } else {
        #expect(throws: LoweringError.self) { try graph.inline(model, arguments: [x], origin: "m") }
      }
    }
  }

  /// top-2 of the doubled scores of 3 candidates, padded to 4 slots, with the candidates that they belong to.
  private func lowered(batches: Bool) throws -> PipelineGraph {
    let model = try model(batches: batches)
    var module = TypedModule()
    module.models = [model.declaration]
    let scores = TensorType(.f32, [3])
    let ids = TensorType(.u64, [3])
    let top = TypedExpression(
      .call(
        .topK(k: 4, pad: -1),
        [
          TypedExpression(
            .member(
              TypedExpression(
                .modelCall(parameter: "m", arguments: [expression(.requestField("scores"), scores)]),
                type: .outputs(model.declaration.signature.outputs), range: place), "y"),
            type: .tensor(scores), range: place)
        ]),
      type: .outputs([.init("value", TensorType(.f32, [4])), .init("index", TensorType(.i64, [4]))]), range: place)
    func part(_ name: String, _ type: TensorType) -> TypedExpression {
      TypedExpression(
        .member(TypedExpression(.local("top"), type: top.type, range: place), name), type: .tensor(type), range: place)
    }
    let pipeline = PipelineDeclaration(
      name: "P", requestName: "req", request: record("In", [("ids", ids), ("scores", scores)]),
      response: record(
        "Out", [("items", TensorType(.u64, [4])), ("values", TensorType(.f32, [4])), ("model", TensorType(.string))]),
      models: [.init(name: "m", model: "Double")], bindings: [.init(name: "top", value: top)],
      results: [
        expression(
          .call(.gather, [expression(.requestField("ids"), ids), part("index", TensorType(.i64, [4]))]),
          TensorType(.u64, [4])),
        part("value", TensorType(.f32, [4])),
        expression(.modelVersion(parameter: "m"), TensorType(.string)),
      ], range: place)
    return try Lowering.lower(
      pipeline, module: module, graphs: ["m": (model.graph, "v7")],
      symbols: [SymbolRange("batch", 1, 8)], batchSymbol: "batch", name: "p")
  }

  @Test func `a request is ranked, padded slots read zero`() throws {
    let result = try lowered(batches: false)
    #expect(result.batch == nil)
    #expect(result.literals.map(\.field) == [2])
    #expect(result.literals.map(\.text) == ["v7"])
    let outputs = try Interpreter.run(
      result.graph, inputs: inputs(result, [[5, 9, 7]], [[0.5, 2, 1]], batched: false), symbols: [:])
    #expect(outputs[0].values(as: UInt64.self) == [9, 7, 5, 0])
    #expect(outputs[1].values(as: Float.self) == [4, 2, 1, -1])
  }

  @Test func `a batch gives what its requests give`() throws {
    let result = try lowered(batches: true)
    #expect(result.batch == "batch")
    let outputs = try Interpreter.run(
      result.graph, inputs: inputs(result, [[5, 9, 7], [1, 2, 3]], [[0.5, 2, 1], [3, 1, 2]], batched: true),
      symbols: ["batch": 2])
    #expect(outputs[0].values(as: UInt64.self) == [9, 7, 5, 0, 1, 3, 2, 0])
    #expect(outputs[1].values(as: Float.self) == [4, 2, 1, -1, 6, 4, 2, -1])
  }

  @Test func `what a top-k's index gathers depends on the order of ties`() throws {
    #expect(try lowered(batches: false).orderDependent == [0])
  }

  private func inputs(_ graph: PipelineGraph, _ ids: [[UInt64]], _ scores: [[Float]], batched: Bool) -> [HostTensor] {
    let shape = batched ? [ids.count, 3] : [3]
    return graph.inputs.map { port in
      port == .request(0)
        ? HostTensor(.u64, shape, ids.flatMap { $0 }) : HostTensor(.f32, shape, scores.flatMap { $0 })
    }
  }
}
