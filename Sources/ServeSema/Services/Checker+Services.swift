import ServeDiagnostics
import ServeSyntax

/// `service`, in one environment: its settings with every default filled in.
extension Checker {
  mutating func service(
    _ declaration: AST.Declaration, _ experiments: [AST.Declaration], _ overlays: [Overlay], _ head: EnvironmentHead,
  ) -> Service? {
    let owner = "service `\(declaration.name)`"
    let section = overlaidSection(effective(declaration, .service, overlays, head), .service, owner: owner)
    noteUnset(section, head)
    let arms = experimentArms(experiments, overlays, head)
    let body = serviceBody(section, declaration, arms, owner: owner)
    let deadline = section.amount("deadline")
    let batching = batching(section.section("batching"), body?.models ?? [], deadline: deadline)
    let scale = scale(section.section("scale"))
    let placement = placement(section.section("placement"), scale, head)
    let (startup, drain) = health(section.section("health"), deadline: deadline, placement.pool)
    let disruption = disruption(section.section("disruption"), scale)
    guard let body else { return nil }
    requireDigests(body.models, head)
    return Service(
      name: declaration.name.text, body: body.body, httpPort: section.section("protocol").integer("http") ?? 8080,
      batching: batching, deadline: deadline, numerics: section.word("numerics") == "fast" ? .fast : .precise,
      placement: placement, scale: scale, startup: startup, drain: drain,
      disruption: disruption, experiment: arms.flatMap { experiment($0, body, declaration) },
      documentation: declaration.doc ?? "", range: declaration.name.range)
  }

  // MARK: - The body

  /// What a service serves, as far as it was understood.
  struct ServiceBody {
    var body: Service.Body
    /// Every model that takes part.
    var models: [CheckedModel]
    var pipeline: PipelineDeclaration?
  }

  private mutating func serviceBody(
    _ section: Section, _ declaration: AST.Declaration, _ arms: ExperimentHead?, owner: String,
  ) -> ServiceBody? {
    switch (section.settings["pipeline"], section.settings["model"]) {
    case (let pipeline?, let model?):
      diagnostics.add(
        Diagnostic(
          .duplicateName, "\(owner) has a pipeline and a model", at: Label(model.name.range, "one of them serves"),
          secondary: [Label(pipeline.name.range, "and this")]))
      return nil
    case (nil, nil):
      if section.isComplete, !section.written.contains("pipeline"), !section.written.contains("model") {
        diagnostics.add(
          Diagnostic(
            .missingField, "\(owner) serves nothing",
            at: Label(declaration.name.range, "`pipeline` or `model` is missing"),
            help: [Help("add `model = NAME`, or `pipeline = NAME`")]))
      }
      return nil
    case (_?, nil):
      return section.path("pipeline").flatMap { pipelineBody($0, arms) }
    case (nil, _?):
      return section.path("model").flatMap { modelBody($0, arms) }
    }
  }

  private mutating func pipelineBody(_ path: AST.Path, _ arms: ExperimentHead?) -> ServiceBody? {
    guard let declaration = resolve(path, [.pipeline]), let pipeline = pipelines[declaration.name.text] else {
      return nil
    }
    var versions: [String: String] = [:]
    var used: [CheckedModel] = []
    for parameter in pipeline.models {
      guard let model = models[parameter.model] else { return nil }
      used.append(model)
      let named = defaultVersions[pipeline.name]?[parameter.name]?.text
      let control = arms?.parameter?.text == parameter.name ? arms?.arms.first?.version.text : nil
      guard let version = named ?? control ?? model.declaration.onlyVersion else {
        diagnostics.add(
          ambiguousVersion(
            model.declaration, at: path.range,
            "write `using \(parameter.name): \(parameter.model).\(model.declaration.versions[0].name)` in the pipeline")
        )
        return nil
      }
      versions[parameter.name] = version
    }
    return ServiceBody(body: .pipeline(pipeline.name, versions: versions), models: used, pipeline: pipeline)
  }

  private mutating func modelBody(_ path: AST.Path, _ arms: ExperimentHead?) -> ServiceBody? {
    let (found, named) = modelReference(path)
    guard let model = found else { return nil }
    let control = arms?.arms.first?.version.text
    guard let version = named?.text ?? control ?? model.declaration.onlyVersion else {
      let first = model.declaration.versions[0].name
      diagnostics.add(ambiguousVersion(model.declaration, at: path.range, "write `model = \(path).\(first)`"))
      return nil
    }
    return ServiceBody(body: .model(model.declaration.name, version: version), models: [model], pipeline: nil)
  }

  private func ambiguousVersion(_ model: ModelDeclaration, at range: SourceRange, _ help: String) -> Diagnostic {
    Diagnostic(
      .ambiguousVersion, "model `\(model.name)` has \(model.versions.count) versions, and nothing chooses",
      at: Label(range, "which one serves?"),
      values: ["versions: \(model.versions.map(\.name).joined(separator: ", "))"],
      help: [Help(help), Help("or let an experiment share the requests among them")])
  }

  /// SV0901: what a protected environment serves is named by its digest.
  private mutating func requireDigests(_ models: [CheckedModel], _ head: EnvironmentHead) {
    guard head.isProtected else { return }
    for model in models {
      for version in model.declaration.versions {
        guard let source = sourcesWithoutDigest[version.range] else { continue }
        let digest = "digest = \"sha256:\(version.digest)\""
        diagnostics.add(
          Diagnostic(
            .digestMismatch, "version \(version.name) of `\(model.declaration.name)` has no digest",
            at: Label(version.range, "served in a protected env"),
            secondary: head.range.map { [Label($0, "this env is protected")] } ?? [],
            notes: ["without it, a build serves whatever file lies there on that day"],
            help: [Help("add `\(digest)`", replacing: source.atEnd, with: ", \(digest)")]))
      }
    }
  }

  /// SV0616, and services whose objects would have one name.
  mutating func checkObjectNames(_ services: [AST.Declaration]) {
    var first: [String: AST.Name] = [:]
    for service in services {
      let name = String(service.name.text.map { $0 == "_" ? "-" : $0 })
      if NameCase.lower(service.name.text) == service.name.text {
        checkObjectName(name, at: service.name.range, limit: 52)
      }
      if let earlier = first[name], earlier.text != service.name.text {
        diagnostics.add(
          Diagnostic(
            .badObjectName, "services `\(earlier)` and `\(service.name)` become one `\(name)`",
            at: Label(service.name.range, "in Kubernetes `_` is `-`"),
            secondary: [Label(earlier.range, "the other one")]))
      }
      first[name] = first[name] ?? service.name
    }
  }
}

extension ModelDeclaration {
  fileprivate var onlyVersion: String? {
    versions.count == 1 ? versions[0].name : nil
  }
}
