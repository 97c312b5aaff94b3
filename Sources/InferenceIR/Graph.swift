package import TensorTypes

/// Names one value of a graph.
package struct ValueID: Hashable, Sendable, Comparable {
  package let index: Int
  package init(_ index: Int) { self.index = index }
  package static func < (a: ValueID, b: ValueID) -> Bool { a.index < b.index }
}

/// One tensor that flows through a graph.
package struct Value: Sendable {
  package var name: String
  package var type: TensorType
  /// Set for constants.
  package var constant: Constant?

  package init(name: String, type: TensorType, constant: Constant? = nil) {
    self.name = name
    self.type = type
    self.constant = constant
  }
}

/// One application of an operation. Nodes stand in an order in which every operand is defined before its use.
package struct Node: Sendable {
  package var op: Op
  package var inputs: [ValueID]
  package var outputs: [ValueID]
  /// Where it comes from, for messages: `ranker.v1 node "Gemm_3" (Gemm)`, `rec.serve:78`.
  package var origin: String

  package init(op: Op, inputs: [ValueID], outputs: [ValueID], origin: String) {
    self.op = op
    self.inputs = inputs
    self.outputs = outputs
    self.origin = origin
  }
}

/// The admissible values of a symbolic dimension.
package struct SymbolRange: Hashable, Sendable {
  package var name: String
  package var minimum: Int
  package var maximum: Int

  package init(_ name: String, _ minimum: Int, _ maximum: Int) {
    self.name = name
    self.minimum = minimum
    self.maximum = maximum
  }
}

/// A dataflow graph in SSA form: every value has one definition (an input, a constant, or one node's output).
package struct Graph: Sendable {
  package var name: String
  /// Declared order gives the index of a symbol at run time.
  package var symbols: [SymbolRange]
  package private(set) var values: [Value] = []
  package var nodes: [Node] = []
  package var inputs: [ValueID] = []
  package var outputs: [ValueID] = []

  package init(name: String, symbols: [SymbolRange] = []) {
    self.name = name
    self.symbols = symbols
  }

  package subscript(id: ValueID) -> Value {
    get { values[id.index] }
    set { values[id.index] = newValue }
  }

  package func type(of id: ValueID) -> TensorType { values[id.index].type }

  /// Gives the symbols that operations define their ranges: at most as many as there are elements to choose from, by the
  /// ranges of all other symbols.
  package mutating func boundDefinedSymbols() {
    for node in nodes {
      guard let name = node.op.definedSymbol else { continue }
      let largest = Dictionary(symbols.map { ($0.name, $0.maximum) }) { first, _ in first }
      let most = type(of: node.inputs[0]).shape.elementCount.evaluate(largest) ?? Int.max
      symbols.removeAll { $0.name == name }
      symbols.append(SymbolRange(name, 0, most))
    }
  }

  /// Adds a graph input.
  package mutating func addInput(_ name: String, _ type: TensorType) -> ValueID {
    let id = addValue(name, type)
    inputs.append(id)
    return id
  }

  /// Adds a constant.
  package mutating func addConstant(_ name: String, _ constant: Constant) -> ValueID {
    values.append(Value(name: name, type: constant.type, constant: constant))
    return ValueID(values.count - 1)
  }

  /// Adds a value without a definition; the caller adds the node that defines it.
  package mutating func addValue(_ name: String, _ type: TensorType) -> ValueID {
    values.append(Value(name: name, type: type, constant: nil))
    return ValueID(values.count - 1)
  }

  /// Adds a node with result types from the op's shape rule.
  /// - Throws: `ShapeError` when the operands do not fit the op.
  @discardableResult
  package mutating func add(
    _ op: Op, _ operands: [ValueID], name: String, origin: String
  ) throws(ShapeError) -> [ValueID] {
    let types = try ShapeRules.infer(op, operands.map { self[$0] }, origin: origin)
    let results = types.enumerated().map { at, type in addValue(types.count == 1 ? name : "\(name).\(at)", type) }
    nodes.append(Node(op: op, inputs: operands, outputs: results, origin: origin))
    return results
  }
}
