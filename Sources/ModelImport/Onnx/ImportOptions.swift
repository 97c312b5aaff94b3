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

  package init(
    name: String? = nil, dims: [String: Dim] = [:], outputs: [String]? = nil, values: [String: Constant] = [:],
  ) {
    self.name = name
    self.dims = dims
    self.outputs = outputs
    self.values = values
  }
}
