import Foundation
import ModelImport
import TensorTypes

/// The .serve text that serves a model file as it is.
struct ModelProgram {
  let path: String
  /// As the setting is written, with its bound; nil for weights as in the file.
  var weights: String?
  /// Whether the service has `numerics = fast`.
  var isFast = false

  /// A range for dimensions that the file leaves open and batching does not fill.
  static let openDimension = "1...512"

  /// - Parameter modelPath: the file as the text should name it, relative to the text.
  func text(modelPath: String) throws -> String {
    let signature: ModelSignature
    do {
      signature = try OnnxModel.open(path).signature
    } catch {
      throw DriverError(.inputErrors, "\(error)")
    }
    let stem = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
    let batch = Self.batchSymbol(of: signature)
    // Not for a text to say: sizes of outputs that no input has.
    let found = signature.symbols.subtracting(signature.inputs.flatMap { $0.type.shape.dims.flatMap(\.symbols) })
    var text = "serve 1\n\n"
    for symbol in signature.symbols.sorted() where symbol != batch && symbol != "batch" && !found.contains(symbol) {
      text += "/// Left open by the model file.\ndim \(Self.valueName(symbol)) = \(Self.openDimension)\n"
    }
    let model = Self.typeName(stem)
    let precision = weights.map { ", weights = \($0)" } ?? ""
    text += "model \(model) { source = \"\(Self.escaped(modelPath))\"\(precision) }\n"
    let numerics = isFast ? ", numerics = fast" : ""
    text += "service \(Self.valueName(stem)) { model = \(model)\(numerics) }\n"
    return text
  }

  /// A leading symbol that all inputs and outputs share is the batch (contract).
  static func batchSymbol(of signature: ModelSignature) -> String? {
    let leading = (signature.inputs + signature.outputs).map { $0.type.shape.dims.first?.symbol }
    guard let first = leading.first, let symbol = first, leading.allSatisfy({ $0 == symbol }) else { return nil }
    return symbol
  }

  private static func escaped(_ text: String) -> String {
    text.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"")
  }

  /// Any text as an identifier for values: `My-Model 2` is `my_model_2`.
  static func valueName(_ text: String) -> String {
    let mapped = text.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
    let name = String(mapped)
    return name.first.map { $0.isLetter ? name : "m_" + name } ?? "model"
  }

  /// Any text as an identifier for types: `my-model_2` is `MyModel2`.
  static func typeName(_ text: String) -> String {
    let words = valueName(text).split(separator: "_")
    let name = words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    return name.first.map { $0.isLetter ? name : "Model" + name } ?? "Model"
  }
}
