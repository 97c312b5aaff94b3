import Foundation

/// `servec new`: a first file to go on from.
package struct New {
  package init() {}

  package func run(model: String?) throws -> String {
    guard let model else { return Self.template }
    return try ModelProgram(path: model).text(modelPath: model)
  }

  private static let template = """
    serve 1

    /// The model to serve; the path is relative to this file.
    model Ranker { source = "models/ranker.onnx" }

    /// POST /v1/recommender, and /v2/models/recommender/infer (Open Inference Protocol).
    service recommender { model = Ranker }
    """
}
