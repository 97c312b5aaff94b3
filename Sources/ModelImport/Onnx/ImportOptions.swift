package import InferenceIR
package import TensorTypes

/// How a model's graph is imported.
package struct ImportOptions: Sendable {
  /// The graph's name; the file's stem when nil.
  package var name: String?
  /// Dimensions to put in place of the file's symbols: `["batch": Dim(symbol: "rows"), "input_1": 8]`.
  package var dims: [String: Dim]
  /// The outputs wanted, in this order; all of them when nil. What only the others need is not imported.
  package var outputs: [String]?
  /// Inputs that are fixed to a value, which makes constants of them.
  package var values: [String: Constant]
  /// What inputs hold that are sequences or optionals: each tensor becomes an input, `x.0`, `x.1`, ….
  package var contents: [String: PortContent]

  package init(
    name: String? = nil, dims: [String: Dim] = [:], outputs: [String]? = nil, values: [String: Constant] = [:],
    contents: [String: PortContent] = [:],
  ) {
    self.name = name
    self.dims = dims
    self.outputs = outputs
    self.values = values
    self.contents = contents
  }
}

/// What an input holds that need not be a tensor.
package indirect enum PortContent: Sendable {
  case tensor(TensorType)
  case sequence([TensorType])
  case optional(PortContent?)

  /// The tensors inside, by the names of the inputs that stand for them.
  func ports(_ name: String) -> [ModelSignature.Port] {
    switch self {
    case .tensor(let type): [.init(name, type)]
    case .sequence(let types): types.enumerated().map { .init("\(name).\($0)", $1) }
    case .optional(let content): content?.ports(name) ?? []
    }
  }

  /// The value of the input `name`, whose tensors are `ids`.
  func imported(_ ids: [Imported]) -> Imported? {
    switch self {
    case .tensor: ids.first
    case .sequence: .sequence(ids.flatMap(\.tensors))
    case .optional(let content): .optional(content.flatMap { $0.imported(ids) })
    }
  }
}
