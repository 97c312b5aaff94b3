/// Why a model file could not be imported: data first, worded once in `message`.
package struct ImportError: Error, Hashable, Sendable {
  /// Where in the file.
  package enum Place: Hashable, Sendable {
    case file
    /// A byte offset and the path of fields that leads there: `graph.node[3].attribute[0]`.
    case offset(Int, field: String)
    /// A node, by its name (its first output's when it has none) and operation.
    case node(name: String, operation: String)
    case tensor(String)
    /// An input, output or intermediate value.
    case value(String)
  }

  package enum Kind: Hashable, Sendable {
    case unreadable(reason: String)
    /// The bytes are not a protobuf message of the expected form.
    case malformed(String)
    /// A well-formed message that breaks a rule of ONNX.
    case invalid(String)
    case unsupportedOperation(domain: String, version: Int)
    case unsupportedAttribute(String)
    case unsupportedOpset(domain: String, version: Int, supported: ClosedRange<Int>)
    case unsupportedElement(String)
    /// Anything else that is declared in the file and not supported.
    case unsupported(String)
    /// `what` (a shape, axes, a trip count) is only known at run time; it depends on these inputs, which are to be fixed.
    case neededAtImport(what: String, inputs: [String])
    /// Operands of the wrong shape or type.
    case shape(String)
    case limit(String)
  }

  package var file: String
  package var place: Place
  package var kind: Kind

  package init(file: String, _ place: Place, _ kind: Kind) {
    self.file = file
    self.place = place
    self.kind = kind
  }

  /// `what happened`, without the file and the place.
  package var reason: String {
    switch kind {
    case .unreadable(let reason): "cannot be read: \(reason)"
    case .malformed(let what): "is damaged or not an ONNX model: \(what)"
    case .invalid(let what): "is not valid ONNX: \(what)"
    case .unsupportedOperation(let domain, let version):
      "is not supported: operation of domain \"\(domain)\", opset \(version)"
    case .unsupportedAttribute(let what): "is not supported with \(what)"
    case .unsupportedOpset(let domain, let version, let supported):
      "uses opset \(version) of domain \"\(domain)\"; supported are \(supported.lowerBound) to \(supported.upperBound)"
    case .unsupportedElement(let what): "has element type \(what), which is not supported"
    case .unsupported(let what): "is not supported: \(what)"
    case .neededAtImport(let what, let inputs):
      "needs \(what) at compile time"
        + (inputs.isEmpty
          ? ""
          : ", which depends on \(inputs.map { "\"\($0)\"" }.joined(separator: ", ")): make it a constant of the model")
    case .shape(let what): "does not fit its operands: \(what)"
    case .limit(let what): "exceeds a limit: \(what)"
    }
  }

  /// The place in words: `node "fc1" (Gemm)`.
  package var placeText: String {
    switch place {
    case .file: "the file"
    case .offset(let offset, let field): "byte \(offset)\(field.isEmpty ? "" : " (\(field))")"
    case .node(let name, let operation): "node \"\(name)\" (\(operation))"
    case .tensor(let name): "tensor \"\(name)\""
    case .value(let name): "value \"\(name)\""
    }
  }
}

extension ImportError: CustomStringConvertible {
  package var description: String { "\(file): \(placeText) \(reason)" }
}
