import ServeDiagnostics
import ServeSyntax

/// `env` and `overlay`: every environment is checked whole, with its overlays applied.
extension Checker {
  /// An environment before its services.
  struct EnvironmentHead {
    let name: String
    let isProtected: Bool
    let cluster: Cluster?
    /// Its own name and those it extends, the most distant first: the order in which overlays apply.
    let lineage: [String]
    let range: SourceRange?
  }

  mutating func checkEnvironments() {
    let overlays = overlays()
    let services = declarations(.service)
    let experiments = declarations(.experiment)
    // By themselves, too: a mistake that every overlay hides is a mistake.
    for declaration in services {
      _ = overlaidSection(Settings(of: declaration), .service, owner: "service `\(declaration.name)`")
    }
    for declaration in experiments {
      _ = overlaidSection(Settings(of: declaration), .experiment, owner: "experiment `\(declaration.name)`")
    }
    var heads = declarations(.env).compactMap { environmentHead($0) }
    if declarations(.env).isEmpty {
      heads = [EnvironmentHead(name: "default", isProtected: false, cluster: nil, lineage: ["default"], range: nil)]
    }
    for head in heads {
      var environment = Environment(
        name: head.name, isProtected: head.isProtected, cluster: head.cluster, range: head.range)
      for declaration in services {
        let experiment = experiments.filter { $0.operand(.on)?.path.first.text == declaration.name.text }
        if let service = service(declaration, experiment, overlays, head) { environment.services.append(service) }
      }
      checkImage(head)
      module.environments.append(environment)
    }
    checkExperimentTargets(experiments)
    checkObjectNames(services)
    reportUnset(heads.map(\.name))
    reportShares()
  }

  /// The settings of a declaration in an environment, overlays applied.
  mutating func effective(
    _ declaration: AST.Declaration, _ schema: Schema, _ overlays: [Overlay], _ head: EnvironmentHead,
  ) -> Settings {
    var settings = Settings(of: declaration)
    let owner = "\(declaration.kind.rawValue) `\(declaration.name)`"
    for environment in head.lineage {
      for overlay in overlays where overlay.environment == environment && overlay.target == declaration.name.text {
        var merge = OverlayMerge(environment: environment, owner: owner)
        settings = merge.merge(settings, with: overlay.settings, schema)
        diagnostics.add(contentsOf: merge.diagnostics)
      }
    }
    return settings
  }

  // MARK: - Environments

  private mutating func environmentHead(_ declaration: AST.Declaration) -> EnvironmentHead? {
    guard let lineage = lineage(of: declaration) else { return nil }
    var cluster: AST.Declaration?
    var clusterIsWritten = false
    var isProtected = false
    for ancestor in lineage {
      let section = section(Settings(of: ancestor), .env, owner: "env `\(ancestor.name)`")
      if let path = section.path("cluster") {
        clusterIsWritten = true
        cluster = resolve(path, [.cluster])
      }
      isProtected = section.bool("protected") ?? isProtected
    }
    let known = cluster.flatMap { clusters[$0.name.text] }
    if clusterIsWritten, known == nil, !diagnostics.hasErrors { return nil }
    return EnvironmentHead(
      name: declaration.name.text, isProtected: isProtected, cluster: known, lineage: lineage.map(\.name.text),
      range: declaration.name.range)
  }

  /// The environments that one extends, the most distant first, and itself.
  private mutating func lineage(of declaration: AST.Declaration) -> [AST.Declaration]? {
    var result = [declaration]
    while let operand = result[0].operand(.extends) {
      guard let name = operand.path.single, let parent = resolve(name, [.env]) else { return nil }
      if result.contains(where: { $0.name.range == parent.name.range }) || result.count == 3 {
        let isCycle = result.contains { $0.name.range == parent.name.range }
        diagnostics.add(
          Diagnostic(
            .outOfRange,
            isCycle ? "env `\(declaration.name)` extends itself" : "env `\(declaration.name)` is the fourth in a line",
            at: Label(declaration.name.range, isCycle ? "leads back to it" : "three envs deep is the limit")))
        return nil
      }
      result.insert(parent, at: 0)
    }
    return result
  }

  // MARK: - Overlays

  struct Overlay {
    let environment: String
    let target: String
    let settings: Settings
  }

  private mutating func overlays() -> [Overlay] {
    var result: [Overlay] = []
    var first: [String: AST.Declaration] = [:]
    for declaration in declarations(.overlay) {
      let root = program.units[0].file.range.file
      guard let environment = program.lookupEnvironment(declaration.name, orIn: root) else {
        _ = resolve(declaration.name, [.env])
        continue
      }
      guard let operand = declaration.operand(.on), let name = operand.path.single else {
        diagnostics.add(
          Diagnostic(
            .missingField, "an overlay is on one declaration",
            at: Label(declaration.name.range, "write `overlay \(declaration.name) on NAME { … }`")))
        continue
      }
      guard let target = program.lookup(name, orIn: root) ?? resolve(name, [.service, .experiment]) else { continue }
      guard target.kind == .service || target.kind == .experiment else {
        diagnostics.add(.notSupported("an overlay on \(target.kind.article)", at: name.range))
        continue
      }
      let key = "\(environment.name) \(name)"
      if let earlier = first[key] {
        diagnostics.add(.duplicate(declaration.name, of: earlier.name, what: "overlay of `\(name)` for this env"))
        continue
      }
      first[key] = declaration
      result.append(
        Overlay(environment: environment.name.text, target: name.text, settings: Settings(of: declaration)))
    }
    return result
  }

  // MARK: - Values left open

  /// Notes the settings that are still `?` in an environment.
  mutating func noteUnset(_ section: Section, _ head: EnvironmentHead) {
    for (name, setting) in section.settings {
      guard case .unset = setting.value else { continue }
      unset[setting.range, default: (name, [])].environments.append(head.name)
    }
    for inner in section.sections.values { noteUnset(inner, head) }
    for entry in section.entries.values.joined() { noteUnset(entry.section, head) }
  }

  private mutating func reportUnset(_ all: [String]) {
    for (range, entry) in unset {
      diagnostics.add(
        Diagnostic(
          .unsetInEnvironment, "`\(entry.name)` is not set in env \(entry.environments.joined(separator: ", "))",
          at: Label(range, "left to each env"),
          values: all.count > entry.environments.count
            ? ["set in: \(all.filter { !entry.environments.contains($0) }.joined(separator: ", "))"] : [],
          help: [Help("set it in an overlay of each of them")]))
    }
  }

  /// SV0908: in a protected environment what runs is named by its digest.
  private mutating func checkImage(_ head: EnvironmentHead) {
    guard head.isProtected, let cluster = head.cluster, cluster.image.firstRange(of: "@sha256:") == nil else { return }
    diagnostics.add(
      Diagnostic(
        .imageWithoutDigest, "the image of cluster `\(cluster.name)` has no digest",
        at: Label(cluster.range, "a tag can be moved to another image"),
        secondary: head.range.map { [Label($0, "this env is protected")] } ?? [],
        help: [Help("write it as `name@sha256:…`")]))
  }
}
