import InferenceIR

/// Turns a node into operations and returns the values of its outputs, in order.
typealias Conversion = @Sendable (inout Importer, inout Call) throws(ImportError) -> [ValueID]

/// Every operator that is imported, by domain and name. A conversion covers all supported opset versions.
enum OperatorTable {
  static func conversion(domain: String, operation: String) -> Conversion? {
    switch domain {
    case "": standard[operation]
    case "ai.onnx.ml": machineLearning[operation]
    case "com.microsoft": microsoft[operation]
    default: nil
    }
  }

  /// Names for documentation, sorted.
  static var names: [(domain: String, name: String)] {
    standard.keys.sorted().map { ("ai.onnx", $0) } + machineLearning.keys.sorted().map { ("ai.onnx.ml", $0) }
      + microsoft.keys.sorted().map { ("com.microsoft", $0) }
  }

  static let standard: [String: Conversion] = merged([
    activations, arithmetic, comparisons, contractions, constants, conversions, indexing, movement, normalizations,
    quantization,
    reductions, shapes, slicing,
  ])

  static let machineLearning: [String: Conversion] = merged([trees, features])

  /// onnxruntime's contributed operators (its ContribOperators.md), as exporters and quantisers emit them.
  static let microsoft: [String: Conversion] = merged([fused, quantized])

  private static func merged(_ families: [[String: Conversion]]) -> [String: Conversion] {
    var table: [String: Conversion] = [:]
    for family in families { table.merge(family) { first, _ in first } }
    return table
  }
}
