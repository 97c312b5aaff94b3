import InferenceIR

/// Turns a node into operations and returns the values of its outputs, in order.
typealias Conversion = @Sendable (inout Importer, inout Call) throws(ImportError) -> [ValueID]

/// Turns a node of sequences, optionals or bodies into operations; `scope` is what its bodies may use.
typealias StructuralConversion = @Sendable (inout Importer, inout Call, Scope) throws(ImportError) -> [Imported]

/// Every operator that is imported, by domain and name. A conversion covers all supported opset versions.
enum OperatorTable {
  static func conversion(domain: String, operation: String) -> Conversion? {
    switch domain {
    case "": standard[operation]
    case "ai.onnx.ml": machineLearning[operation]
    case "com.microsoft": microsoft[operation]
    case "ai.onnx.preview.training": training[operation]
    default: nil
    }
  }

  /// Operators whose operands are not tensors alone.
  static func structural(domain: String, operation: String) -> StructuralConversion? {
    switch domain {
    case "": control[operation] ?? sequences[operation]
    case "ai.onnx.preview": preview[operation]
    default: nil
    }
  }

  /// Names for documentation, sorted.
  static var names: [(domain: String, name: String)] {
    (Array(standard.keys) + Array(control.keys) + Array(sequences.keys)).sorted().map { ("ai.onnx", $0) }
      + machineLearning.keys.sorted().map { ("ai.onnx.ml", $0) }
      + preview.keys.sorted().map { ("ai.onnx.preview", $0) }
      + training.keys.sorted().map { ("ai.onnx.preview.training", $0) }
      + microsoft.keys.sorted().map { ("com.microsoft", $0) }
  }

  static let standard: [String: Conversion] = merged([
    activations, arithmetic, attention, comparisons, contractions, constants, conversions, convolutions, cropping,
    determinants, indexing, linearAttention, losses, movement, nGrams, normalizations, pools, quantization,
    quantizedConvolutions, recurrent, reductions, resizing, sampling, scattering, selections, shapes, signals, slicing,
  ])

  static let machineLearning: [String: Conversion] = merged([trees, features])

  /// onnxruntime's contributed operators (its ContribOperators.md), as exporters and quantisers emit them.
  static let microsoft: [String: Conversion] = merged([contribAttention, contribNorms, fused, quantized])

  private static func merged(_ families: [[String: Conversion]]) -> [String: Conversion] {
    var table: [String: Conversion] = [:]
    for family in families { table.merge(family) { first, _ in first } }
    return table
  }
}

extension OperatorTable {
  /// Why an operator of the standard domain cannot be imported, whatever its operands are.
  static let refusals: [String: String] = {
    var reasons: [String: String] = [:]
    let random = "its results are random, and a plan's are the same every time"
    for name in ["Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"] {
      reasons[name] = random
    }
    let size = "the size of its result depends on the data; end the model before it"
    for name in ["StringSplit", "Unique"] { reasons[name] = size }
    reasons["ImageDecoder"] = "it decodes files; send pixels"
    return reasons
  }()
}
