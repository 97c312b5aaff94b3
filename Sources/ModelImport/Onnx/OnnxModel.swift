import InferenceIR
package import TensorTypes

/// An ONNX model file: mapped and decoded down to its nodes, its weights untouched.
package struct OnnxModel: Sendable {
  /// The versions of the standard operators that are imported.
  package static let supportedOpsets = 1...28
  /// The versions of the operators of domain `ai.onnx.ml` that are imported.
  package static let supportedMLOpsets = 1...5

  /// Every operator that is imported, as `domain` and name, sorted.
  package static var supportedOperators: [(domain: String, name: String)] { OperatorTable.names }

  package let path: String
  let file: MappedFile
  let graph: GraphProto
  let functions: [FunctionProto]
  /// The version of each domain that the file names; "" is the standard one.
  let opsets: [String: Int]

  /// Maps and decodes a file.
  package static func open(_ path: String) throws(ImportError) -> OnnxModel {
    try OnnxModel(MappedFile(path: path))
  }

  package init(_ file: MappedFile) throws(ImportError) {
    path = file.path
    self.file = file
    var reader = WireReader(file.bytes)
    let model: ModelProto
    do {
      model = try ModelProto(&reader)
    } catch {
      throw ImportError(file: file.path, .offset(error.offset, field: error.path), .malformed(error.text))
    }
    guard let graph = model.graph else {
      throw ImportError(file: file.path, .file, .malformed("it holds no graph"))
    }
    self.graph = graph
    functions = model.functions
    opsets = try Self.opsets(model, file.path)
  }

  /// The version of the standard operators.
  package var opset: Int { opsets[""] ?? 1 }

  /// Inputs as the headers declare them; each tensor of a sequence or an optional in `contents` is one.
  package func inputs(_ contents: [String: PortContent] = [:]) throws(ImportError) -> [ModelSignature.Port] {
    try PortReader(self, contents: contents).inputs
  }

  /// The declared inputs (without weights) and outputs by name and kind, in order.
  package var kinds: (inputs: [(name: String, kind: ValueKind)], outputs: [(name: String, kind: ValueKind)]) {
    let weights = Set(graph.initializers.map(\.name))
    let inputs = graph.inputs.filter { !weights.contains($0.name) }
    return (
      inputs.map { ($0.name, ValueKind($0.type)) }, graph.outputs.map { ($0.name, ValueKind($0.type)) }
    )
  }

  /// Inputs as the headers declare them, and outputs with the types that follow from them.
  ///
  /// Symbolic dimensions carry the names of the file; a first dimension without a name is `batch`, any other is
  /// called after its value and axis: `input_1`. Outputs of a model that cannot be imported are as declared.
  package var signature: ModelSignature {
    get throws(ImportError) {
      let header = try PortReader(self)
      do {
        // Exporters name the dimensions of outputs loosely, or leave them open.
        let graph = try importGraph()
        let outputs = graph.outputs.map { ModelSignature.Port(graph[$0].name, graph.type(of: $0)) }
        return ModelSignature(inputs: header.inputs, outputs: outputs)
      } catch {
        guard let outputs = header.outputs else { throw error }
        return ModelSignature(inputs: header.inputs, outputs: outputs)
      }
    }
  }

  /// Whether every input's first dimension is a fixed 1: a model that was exported for one row at a time.
  package var hasFixedLeadingOne: Bool {
    get throws(ImportError) {
      let inputs = try PortReader(self).inputs
      return !inputs.isEmpty && inputs.allSatisfy { $0.type.shape.dims.first == 1 }
    }
  }

  private static func opsets(_ model: ModelProto, _ path: String) throws(ImportError) -> [String: Int] {
    var opsets: [String: Int] = [:]
    for (domain, version) in model.opsets {
      let domain = domain == "ai.onnx" ? "" : domain
      let supported: ClosedRange<Int>
      switch domain {
      case "": supported = supportedOpsets
      case "ai.onnx.ml": supported = supportedMLOpsets
      default: supported = 0...Int.max
      }
      guard let number = Int(exactly: version), supported.contains(number) else {
        throw ImportError(
          file: path, .file,
          .unsupportedOpset(domain: domain, version: Int(version), supported: supported))
      }
      opsets[domain] = number
    }
    return opsets
  }
}
