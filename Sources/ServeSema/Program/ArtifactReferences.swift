import ServeDiagnostics
import ServeSyntax

extension Checker {
  /// The files outside of the language that the units name, each once for every place that names it: models and
  /// statistics, whose contents the checker needs, and stores.
  package static func artifactReferences(_ units: [SourceUnit]) -> [ArtifactReference] {
    units.flatMap { unit in unit.file.declarations.flatMap { references(of: $0, in: unit) } }
  }

  private static func references(of declaration: AST.Declaration, in unit: SourceUnit) -> [ArtifactReference] {
    let settings = Settings(of: declaration)
    switch declaration.kind {
    case .model:
      let bodies = [settings] + settings.nodes("version").compactMap(\.body)
      return bodies.flatMap { reference(.model, $0.nodes("source"), unit) }
    case .stats: return reference(.stats, settings.nodes("source"), unit)
    case .store: return reference(.store, settings.nodes("path"), unit)
    case .alert, .cluster, .dim, .enum, .env, .experiment, .features, .overlay, .passthrough, .pipeline, .pool,
      .profile,
      .record, .service, .template, .test, .tokenizer:
      return []
    }
  }

  private static func reference(
    _ kind: ArtifactReference.Kind, _ nodes: [Settings.Node], _ unit: SourceUnit,
  ) -> [ArtifactReference] {
    nodes.compactMap { node in
      guard let value = node.value, case .string(let source) = value.kind else { return nil }
      if kind == .model, ArtifactSource.refusal(source, at: value.range) != nil { return nil }
      return ArtifactReference(kind: kind, path: unit.resolve(source), range: value.range)
    }
  }
}
