package import InferenceIR
import TensorTypes

extension Graph {
  /// Copies `model` into this graph with `arguments` for its inputs, and returns the values of its outputs.
  ///
  /// The symbols of the model's inputs take the dimensions of the arguments, so that what was `N` in the file is
  /// `batch` or `cand` here, or a number.
  package mutating func inline(_ model: Graph, arguments: [ValueID], origin: String) throws(LoweringError) -> [ValueID]
  {
    guard arguments.count == model.inputs.count else {
      throw LoweringError("\(origin) takes \(model.inputs.count) inputs, not \(arguments.count)")
    }
    let symbols = try bind(model, arguments.map { type(of: $0) }, origin: origin)
    var copies: [ValueID: ValueID] = [:]
    for (input, argument) in zip(model.inputs, arguments) { copies[input] = argument }

    func copy(_ id: ValueID, in graph: inout Graph) throws(LoweringError) -> ValueID {
      if let known = copies[id] { return known }
      guard let constant = model[id].constant else {
        throw LoweringError("\(origin) uses `\(model[id].name)` before it is defined")
      }
      let made = graph.addConstant(model[id].name, constant)
      copies[id] = made
      return made
    }

    for node in model.nodes {
      var operands: [ValueID] = []
      for input in node.inputs { operands.append(try copy(input, in: &self)) }
      let name = node.outputs.first.map { model[$0].name } ?? ""
      do throws(ShapeError) {
        let results = try add(node.op.substituting(symbols), operands, name: name, origin: node.origin)
        for (old, new) in zip(node.outputs, results) { copies[old] = new }
      } catch {
        throw LoweringError("\(error.origin): \(error.message)")
      }
    }
    var results: [ValueID] = []
    for output in model.outputs { results.append(try copy(output, in: &self)) }
    return results
  }

  /// What each symbol of the model's inputs stands for, given the types of the arguments.
  private func bind(
    _ model: Graph, _ arguments: [TensorType], origin: String,
  ) throws(LoweringError) -> [String: Dim] {
    var symbols: [String: Dim] = [:]
    for (input, argument) in zip(model.inputs, arguments) {
      let wanted = model.type(of: input)
      let mismatch = LoweringError("\(origin) needs \(model[input].name): \(wanted), this gives \(argument)")
      guard wanted.element == argument.element, wanted.shape.rank == argument.shape.rank else { throw mismatch }
      for (dim, given) in zip(wanted.shape.dims, argument.shape.dims) {
        if let symbol = dim.symbol {
          if let earlier = symbols[symbol], earlier != given { throw mismatch }
          symbols[symbol] = given
          try check(given, fits: symbol, of: model, origin)
        } else if dim.constant != nil, dim != given {
          throw mismatch
        }
      }
    }
    return symbols
  }

  /// A model may hold no more than so many positions, say.
  private func check(_ dim: Dim, fits symbol: String, of model: Graph, _ origin: String) throws(LoweringError) {
    let largest = dim.evaluate(Dictionary(symbols.map { ($0.name, $0.maximum) }) { first, _ in first })
    guard let range = model.symbols.first(where: { $0.name == symbol }), let largest, largest > range.maximum else {
      return
    }
    throw LoweringError(
      "\(origin) takes \(symbol) up to \(range.maximum), \(dim) may be \(largest); declare a smaller range for the dim")
  }
}
