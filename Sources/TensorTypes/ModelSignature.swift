/// What a model file says of its inputs and outputs.
package struct ModelSignature: Hashable, Sendable {
  /// One named tensor at the border of a model.
  package struct Port: Hashable, Sendable {
    package var name: String
    package var type: TensorType

    package init(_ name: String, _ type: TensorType) {
      self.name = name
      self.type = type
    }
  }

  package var inputs: [Port]
  package var outputs: [Port]

  package init(inputs: [Port], outputs: [Port]) {
    self.inputs = inputs
    self.outputs = outputs
  }

  /// Every symbol of every port.
  package var symbols: Set<String> {
    Set((inputs + outputs).flatMap { $0.type.shape.dims.flatMap(\.symbols) })
  }
}
