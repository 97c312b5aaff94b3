package import InferenceIR
import TensorTypes

extension OnnxModel {
  /// The model as a graph in the internal operations.
  ///
  /// Weights stay in the mapped file, which the graph's constants keep alive. Integer arithmetic on shapes is
  /// evaluated over symbolic dimensions, small constant subgraphs are folded, and what no output needs is dropped.
  /// Every graph output is the result of a node and carries the output's name.
  package func importGraph(_ options: ImportOptions = ImportOptions()) throws(ImportError) -> Graph {
    var importer = try Importer(self, options)
    return try importer.run()
  }
}

/// Converts nodes, in order, into a graph.
struct Importer {
  let model: OnnxModel
  let options: ImportOptions
  var graph: Graph
  var loader: TensorLoader
  /// What is known of integer tensors whose elements depend on symbols.
  var symbolic: [ValueID: SymbolicTensor] = [:]
  var folding = FoldingBudget()
  /// What values were dequantised from.
  var dequantized: [ValueID: Dequantized] = [:]
  /// Positions that were found already, by what they were found in: what is chosen twice has one size.
  var found: [ValueID: ValueID] = [:]
  /// Elements that symbolic evaluation may still visit.
  var symbolicWork = 1 << 22
  /// The least value of every symbol.
  private(set) var minima: [String: Int] = [:]
  /// The model's functions by domain, name and overload.
  let functions: [[String]: FunctionProto]
  /// Nodes converted so far, those of functions counted at every call.
  var converted = 0

  /// Most nodes, functions expanded.
  static let maximumNodes = 1 << 20
  /// Most nested calls of functions.
  static let maximumDepth = 16

  init(_ model: OnnxModel, _ options: ImportOptions) throws(ImportError) {
    self.model = model
    self.options = options
    loader = TensorLoader(file: model.file)
    functions = Dictionary(model.functions.map { ([$0.domain, $0.name, $0.overload], $0) }) { first, _ in first }
    let file = model.path.split(separator: "/").last.map(String.init) ?? model.path
    graph = Graph(name: options.name ?? (file.hasSuffix(".onnx") ? String(file.dropLast(5)) : file))
  }

  mutating func run() throws(ImportError) -> Graph {
    if model.graph.hasSparseInitializers {
      throw ImportError(file: model.path, .file, .unsupported("sparse initializers"))
    }
    let outputs = try wantedOutputs()
    let live = try liveNodes(outputs)
    var scope = Scope(values: try inputs(), opsets: model.opsets)
    try readInitializers(of: live, outputs, into: &scope.values)
    for index in live { try convert(model.graph.nodes[index], in: &scope) }
    try finish(outputs, scope.values)
    return graph.pruned()
  }

  /// Defines the graph's inputs and symbols.
  private mutating func inputs() throws(ImportError) -> [String: Imported] {
    var scope: [String: Imported] = [:]
    var symbols: [String] = []
    var seen: Set<String> = []
    for port in try PortReader(model, contents: options.contents).inputs {
      let type = port.type.substituting(options.dims)
      if let problem = SizeLimit.problem(type) { throw ImportError(file: model.path, .value(port.name), problem) }
      if let value = options.values[port.name] {
        guard value.element == type.element, value.shape.count == type.shape.rank else {
          throw ImportError(
            file: model.path, .value(port.name), .shape("it is \(type) and is fixed to \(value.type)"))
        }
        scope[port.name] = .tensor(graph.addConstant(port.name, value))
        continue
      }
      scope[port.name] = .tensor(graph.addInput(port.name, type))
      for symbol in type.shape.dims.flatMap({ $0.symbols.sorted() }) where seen.insert(symbol).inserted {
        symbols.append(symbol)
      }
    }
    for (name, content) in options.contents {
      let ids = content.ports(name).compactMap { scope.removeValue(forKey: $0.name) }
      scope[name] = content.imported(ids)
    }
    graph.symbols = symbols.map { SymbolRange($0, 1, Int.max) }
    for range in graph.symbols { minima[range.name] = range.minimum }
    return scope
  }

  /// A symbol whose value an operation finds while it runs. No .serve file can name it: a dot is no part of names there.
  mutating func defineSymbol() -> String {
    var number = 1
    while minima["found.\(number)"] != nil { number += 1 }
    let name = "found.\(number)"
    graph.symbols.append(SymbolRange(name, 0, Int.max))
    minima[name] = 0
    return name
  }

  private func wantedOutputs() throws(ImportError) -> [String] {
    let declared = model.graph.outputs.map(\.name)
    guard Set(declared).count == declared.count, !declared.contains("") else {
      throw ImportError(file: model.path, .file, .invalid("two outputs have one name, or one has none"))
    }
    guard let wanted = options.outputs else { return declared }
    for name in wanted where !declared.contains(name) {
      throw ImportError(file: model.path, .value(name), .invalid("the model has no such output"))
    }
    return wanted
  }

  /// The nodes that the outputs need, in the file's order.
  private func liveNodes(_ outputs: [String]) throws(ImportError) -> [Int] {
    let nodes = model.graph.nodes
    var producers: [String: Int] = [:]
    for (index, node) in nodes.enumerated() {
      for name in node.outputs where !name.isEmpty && producers.updateValue(index, forKey: name) != nil {
        throw ImportError(file: model.path, .value(name), .invalid("two nodes define it"))
      }
    }
    var live = Set<Int>()
    var pending = outputs
    while let name = pending.popLast() {
      guard let index = producers[name], live.insert(index).inserted else { continue }
      pending += nodes[index].reads
    }
    return live.sorted()
  }

  /// Defines the initializers that are read.
  private mutating func readInitializers(
    of live: [Int], _ outputs: [String], into scope: inout [String: Imported],
  ) throws(ImportError) {
    var used = Set(outputs)
    for index in live { used.formUnion(model.graph.nodes[index].reads) }
    for tensor in model.graph.initializers where used.contains(tensor.name) && !tensor.name.isEmpty {
      guard scope[tensor.name] == nil else {
        throw ImportError(file: model.path, .tensor(tensor.name), .invalid("two initializers have this name"))
      }
      scope[tensor.name] = .tensor(graph.addConstant(tensor.name, try loader.constant(tensor)))
    }
  }

  /// Makes every wanted output the result of a node of its own that carries its name. The tensors of a sequence are
  /// outputs of their own: `name.0`, `name.1`, …
  private mutating func finish(_ outputs: [String], _ scope: [String: Imported]) throws(ImportError) {
    var free = Set(graph.nodes.flatMap(\.outputs))
    for name in outputs {
      guard let value = scope[name] else {
        throw ImportError(file: model.path, .value(name), .invalid("no node defines this output"))
      }
      let isTensor = value.tensor != nil
      for (at, id) in value.tensors.enumerated() {
        try finish(id, isTensor ? name : "\(name).\(at)", &free)
      }
    }
  }

  private mutating func finish(_ id: ValueID, _ name: String, _ free: inout Set<ValueID>) throws(ImportError) {
    if free.remove(id) != nil {
      graph[id].name = name
      graph.outputs.append(id)
      return
    }
    do {
      graph.outputs += try graph.add(
        .reshape(graph.type(of: id).shape), [id], name: name, origin: "\(graph.name) output \"\(name)\"")
    } catch {
      throw ImportError(file: model.path, .value(name), .shape(error.message))
    }
  }
}
