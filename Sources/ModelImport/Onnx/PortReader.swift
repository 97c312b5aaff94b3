import TensorTypes

/// Reads the declared inputs and outputs of a model.
struct PortReader {
  /// Inputs that are not weights: older files list initializers among the inputs.
  let inputs: [ModelSignature.Port]
  /// As declared, which need not say much: nil when the type of an output is left open.
  let outputs: [ModelSignature.Port]?

  /// - Parameter contents: what sequences and optionals hold; without it they are refused.
  init(_ model: OnnxModel, contents: [String: PortContent] = [:]) throws(ImportError) {
    let weights = Set(model.graph.initializers.map(\.name))
    var names = SymbolNames()
    var inputs: [ModelSignature.Port] = []
    var declared: Set<String> = []
    for info in model.graph.inputs where !weights.contains(info.name) {
      func fail(_ kind: ImportError.Kind) -> ImportError { ImportError(file: model.path, .value(info.name), kind) }
      guard !info.name.isEmpty else { throw fail(.invalid("an input has no name")) }
      guard declared.insert(info.name).inserted else { throw fail(.invalid("it is declared twice")) }
      if let content = contents[info.name] {
        inputs += content.ports(info.name)
        continue
      }
      guard let tensor = info.tensor else {
        throw fail(.unsupported("an input that is not a tensor; give its tensors one by one"))
      }
      guard let element = OnnxElement.element(tensor.elementType) else {
        throw fail(.unsupportedElement(OnnxElement.name(tensor.elementType)))
      }
      guard let dims = tensor.dims else { throw fail(.unsupported("an input without a shape")) }
      if case .failure(let problem) = TensorLoader.shape(dims.map { max($0.size ?? 1, 1) }) {
        throw fail(problem.kind)
      }
      inputs.append(.init(info.name, TensorType(element, names.shape(dims, of: info.name))))
    }
    self.inputs = inputs

    var outputs: [ModelSignature.Port]? = []
    for info in model.graph.outputs {
      if let tensor = info.tensor, let element = OnnxElement.element(tensor.elementType), let dims = tensor.dims {
        outputs?.append(.init(info.name, TensorType(element, names.shape(dims, of: info.name))))
      } else {
        outputs = nil
      }
    }
    self.outputs = outputs
  }
}

/// Gives every symbolic dimension of a file a name that is an identifier.
struct SymbolNames {
  private var identifiers: [String: String] = [:]
  private var taken: Set<String> = []

  /// The shape with symbols: names of the file where it has them. A first dimension without one is the batch, the
  /// same in all inputs, as exporters mean it that write no names; others are called `value_axis`.
  mutating func shape(_ dims: [TensorTypeProto.Dimension], of value: String) -> Shape {
    Shape(
      dims.enumerated().map { axis, dim in
        // A negative size is how some exporters say that it is unknown.
        if let size = dim.size, size >= 0 { return Dim(Int(clamping: size)) }
        let absent = axis == 0 ? "batch" : "\(value)_\(axis)"
        return Dim(symbol: symbol(dim.name.isEmpty ? absent : dim.name))
      })
  }

  /// One identifier for each distinct name.
  private mutating func symbol(_ name: String) -> String {
    if let known = identifiers[name] { return known }
    let word = String(name.unicodeScalars.map { Self.isWord($0) ? Character($0) : "_" })
    let base = word.first.map { $0.isNumber } ?? true ? "d\(word)" : word
    let identifier = taken.contains(base) ? "\(base)_\(taken.count)" : base
    // A name may happen to look like one that was made up here.
    if !taken.insert(identifier).inserted { return symbol(name + "_") }
    identifiers[name] = identifier
    return identifier
  }

  private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "a"..."z", "A"..."Z", "0"..."9", "_": true
    default: false
    }
  }
}
