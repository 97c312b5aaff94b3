import InferenceCompiler
import InferenceIR
import PlanFormat
import TensorTypes

extension ServiceAssembly {
  /// A graph as a service of its own, without a .serve text: its inputs are the fields of a request, its outputs those
  /// of a response. A leading symbol that all of them share is filled by the requests of a call.
  ///
  /// - Parameter sizes: the largest value of every symbol.
  init(_ graph: Graph, name: String, sizes: [String: Int]) {
    var graph = graph
    graph.symbols = graph.symbols.map { SymbolRange($0.name, 1, max(1, sizes[$0.name] ?? 1)) }
    graph.boundDefinedSymbols()
    let ports = graph.inputs + graph.outputs
    let leading = Set(ports.map { graph.type(of: $0).shape.dims.first?.symbol })
    let batch = leading.count == 1 && !graph.inputs.isEmpty ? leading.first ?? nil : nil
    func field(_ id: ValueID) -> Field {
      let type = graph.type(of: id)
      let dims = batch == nil ? type.shape.dims : Array(type.shape.dims.dropFirst())
      return Field(name: graph[id].name, kind: .tensor(type.element), shape: Shape(dims))
    }
    var plan = Plan(service: name, producer: "servec \(Version.current)")
    plan.symbols = graph.symbols.map { Symbol(name: $0.name, minimum: $0.minimum, maximum: $0.maximum) }
    plan.request = graph.inputs.map(field)
    plan.response = graph.outputs.map(field)
    let unit = CompilationUnit(
      graph: graph, name: name, version: "1", batch: batch, inputs: graph.inputs.indices.map { .request($0) },
      outputs: graph.outputs.indices.map { .response($0) })
    self.init(units: [unit], models: [name], plan: plan, orderDependent: [[]], domains: [[:]], drifts: [nil])
  }
}
