package import InferenceIR
package import ServeSema
import TensorTypes

/// Turns typed pipelines and models into one graph per arm.
package enum Lowering {
  /// The graph of a pipeline with one version of each of its models.
  ///
  /// - Parameters:
  ///   - graphs: the imported graph and the version's name, by model parameter.
  ///   - symbols: the range of every symbol of the graph; the batch among them where one is used.
  package static func lower(
    _ pipeline: PipelineDeclaration, module: TypedModule, graphs: [String: (graph: Graph, version: String)],
    symbols: [SymbolRange], batchSymbol: String, name: String,
  ) throws(LoweringError) -> PipelineGraph {
    var models: [String: (declaration: ModelDeclaration, graph: Graph, version: String)] = [:]
    for parameter in pipeline.models {
      guard let declaration = module.models.first(where: { $0.name == parameter.model }),
        let chosen = graphs[parameter.name]
      else { throw LoweringError("no model is bound to `\(parameter.name)`") }
      models[parameter.name] = (declaration, chosen.graph, chosen.version)
    }
    let batches =
      !models.isEmpty && models.values.allSatisfy { $0.declaration.batches && $0.declaration.maximumBatch == nil }
    var builder = PipelineBuilder(
      pipeline: pipeline, module: module, models: models, batch: batches ? batchSymbol : nil,
      graph: Graph(name: name, symbols: symbols))
    for binding in pipeline.bindings { try builder.bind(binding) }

    var outputs: [Int] = []
    var literals: [PipelineGraph.Literal] = []
    var orderDependent: Set<Int> = []
    for (field, expression) in pipeline.results.enumerated() {
      if case .modelVersion(let parameter) = expression.kind {
        literals.append(PipelineGraph.Literal(field: field, text: models[parameter]?.version ?? ""))
        continue
      }
      let value = try builder.batched(try builder.tensor(expression))
      if value.isOrderDependent { orderDependent.insert(outputs.count) }
      builder.graph.outputs.append(value.id)
      outputs.append(field)
    }
    builder.graph.boundDefinedSymbols()
    return PipelineGraph(
      graph: builder.graph, batch: batches ? batchSymbol : nil, inputs: builder.inputs, outputs: outputs,
      literals: literals, features: builder.features, orderDependent: orderDependent)
  }

  /// The graph of `service { model = M }`: one item of the model is one request.
  package static func lower(
    _ model: ModelDeclaration, graph: Graph, symbols: [SymbolRange], batchSymbol: String, name: String,
  ) throws(LoweringError) -> PipelineGraph {
    let batches = model.batches && model.maximumBatch == nil
    // A file with a fixed leading 1 takes one item; the 1 does not show in the service.
    let fixedOne = model.batches && !batches
    let ports = model.signature.inputs
    var result = Graph(name: name, symbols: symbols)
    var inputs: [ValueID] = []
    for port in ports {
      let item = model.batches ? Array(port.type.shape.dims.dropFirst()) : port.type.shape.dims
      let leading: [Dim] = batches ? [Dim(symbol: batchSymbol)] : []
      let input = result.addInput(port.name, TensorType(port.type.element, Shape(leading + item)))
      inputs.append(fixedOne ? try result.reshaped(input, Shape([1] + item), origin: name) : input)
    }
    var ordered: [ValueID] = []
    for input in graph.inputs {
      guard let at = ports.firstIndex(where: { $0.name == graph[input].name }) else {
        throw LoweringError("\(name) has an input `\(graph[input].name)` that its signature does not declare")
      }
      ordered.append(inputs[at])
    }
    let values = try result.inline(graph, arguments: ordered, origin: name)
    for port in model.signature.outputs {
      guard let at = graph.outputs.firstIndex(where: { graph[$0].name == port.name }) else {
        throw LoweringError("\(name) has no output `\(port.name)`")
      }
      let dims = result.type(of: values[at]).shape.dims
      result.outputs.append(
        fixedOne ? try result.reshaped(values[at], Shape(Array(dims.dropFirst())), origin: name) : values[at])
    }
    result.boundDefinedSymbols()
    return PipelineGraph(
      graph: result, batch: batches ? batchSymbol : nil, inputs: ports.indices.map { .request($0) },
      outputs: Array(model.signature.outputs.indices), literals: [], features: [], orderDependent: [])
  }
}

extension Graph {
  /// The value with another shape.
  fileprivate mutating func reshaped(_ id: ValueID, _ shape: Shape, origin: String) throws(LoweringError) -> ValueID {
    do throws(ShapeError) {
      return try add(.reshape(shape), [id], name: self[id].name, origin: origin)[0]
    } catch {
      throw LoweringError("\(error.origin): \(error.message)")
    }
  }
}
