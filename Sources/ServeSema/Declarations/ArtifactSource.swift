import ServeDiagnostics

/// What the name of a model's source tells before anything is read.
enum ArtifactSource {
  /// Why a source is refused: it can execute code, it is remote, or of a kind that is not read yet.
  static func refusal(_ source: String, at range: SourceRange) -> Diagnostic? {
    if source.contains("://") {
      return .notSupported("a remote model file", at: range)
    }
    guard let dot = source.lastIndex(of: "."), !source[dot...].contains("/") else {
      return .notSupported("a model that is a folder", at: range)
    }
    let suffix = source[dot...].lowercased()
    if [".pt", ".pth", ".pkl", ".pickle", ".joblib", ".bin", ".ckpt"].contains(suffix) {
      return Diagnostic(
        .executableArtifact, "a \(suffix) file can execute code when it is loaded",
        at: Label(range, "refused without reading it"),
        notes: ["such files are Python pickles: whoever can write the file runs commands in the serving pod"],
        help: [Help("export the model to ONNX (`torch.onnx.export`, `skl2onnx`) and name the .onnx file")])
    }
    return suffix == ".onnx" ? nil : .notSupported("a \(suffix) model file", at: range)
  }
}
