import ServeDiagnostics
import ServeSyntax
import TensorTypes

/// An experiment in one environment, before it is held against its service.
struct ExperimentHead {
  struct Arm {
    let name: AST.Name
    /// Of 100, and where it is written.
    let percent: Rational
    let percentRange: SourceRange
    let model: AST.Name
    let version: AST.Name
    let isOverlaid: Bool
    let range: SourceRange
  }

  let declaration: AST.Declaration
  let section: Section
  let parameter: AST.Name?
  let arms: [Arm]
  /// False where an arm was not understood.
  let isWhole: Bool
}

extension Checker {
  /// The experiment on a service; one at most.
  mutating func experimentArms(
    _ experiments: [AST.Declaration], _ overlays: [Overlay], _ head: EnvironmentHead,
  ) -> ExperimentHead? {
    for second in experiments.dropFirst() {
      diagnostics.add(.notSupported("a second experiment on one service", at: second.name.range))
    }
    guard let declaration = experiments.first else { return nil }
    let owner = "experiment `\(declaration.name)`"
    let section = overlaidSection(effective(declaration, .experiment, overlays, head), .experiment, owner: owner)
    noteUnset(section, head)
    var arms: [ExperimentHead.Arm] = []
    var isWhole = section.isComplete
    for node in section.rules["arm"] ?? [] {
      guard let arm = arm(node) else {
        isWhole = false
        continue
      }
      if let earlier = arms.first(where: { $0.name.text == arm.name.text }) {
        diagnostics.add(.duplicate(arm.name, of: earlier.name, what: "arm"))
        isWhole = false
        continue
      }
      arms.append(arm)
    }
    if isWhole {
      shares[declaration.name.text, default: ExperimentShares(name: declaration.name)].sums.append(
        ExperimentShares.Sum(
          environment: head.name, total: arms.reduce(Rational(0)) { $0.adding($1.percent) ?? $0 }, arms: arms))
      checkArms(arms, section, owner: owner)
    }
    return ExperimentHead(
      declaration: declaration, section: section, parameter: declaration.operand(.on)?.path.rest.first, arms: arms,
      isWhole: isWhole)
  }

  /// `arm control = 90% Ranker.v1`
  private mutating func arm(_ node: Settings.Node) -> ExperimentHead.Arm? {
    let parts = node.phrase
    guard let name = node.name, node.operands.count == 1, node.type == nil, parts.count == 2,
      let version = parts[1].path, version.rest.count == 1
    else {
      if !parts.contains(where: { if case .error = $0.kind { true } else { false } }) {
        diagnostics.add(
          typeMismatch("`arm` is not written this way", "write `arm NAME = 50% Model.version`", node.range))
      }
      return nil
    }
    if let body = node.body {
      diagnostics.add(.notSupported("settings of an arm", at: body.range))
      return nil
    }
    checkCase(name, isType: false, of: "an arm")
    guard let value = evaluate(parts[0]) else { return nil }
    guard case .percent(let percent) = value else {
      diagnostics.add(
        Diagnostic(
          .unitMismatch, "a share is a Percent, this is \(value.kind)",
          at: Label(parts[0].range, "expected a share, such as `50%`")))
      return nil
    }
    guard percent >= Rational(0), percent <= Rational(100), percent.multiplied(by: Rational(100))?.integer != nil else {
      diagnostics.add(
        Diagnostic(
          .outOfRange, "a share of \(percent)% cannot be given",
          at: Label(parts[0].range, "allowed: 0%...100% in steps of 0.01%")))
      return nil
    }
    return ExperimentHead.Arm(
      name: name, percent: percent, percentRange: parts[0].range, model: version.first, version: version.last,
      isOverlaid: node.overlay != nil, range: node.range)
  }

  /// SV0702 and SV0712.
  private mutating func checkArms(_ arms: [ExperimentHead.Arm], _ section: Section, owner: String) {
    for arm in arms where arm.percent == Rational(0) {
      diagnostics.add(
        Diagnostic(
          .emptyArm, "nobody reaches arm `\(arm.name)`", at: Label(arm.percentRange, "no share of the keys"),
          notes: ["an arm costs memory in every pod, whether it is reached or not"],
          help: [Help("give it a share, or remove the arm")]))
    }
    guard arms.count < 2 else { return }
    diagnostics.add(
      Diagnostic(
        .tooFewArms, "\(owner) compares nothing",
        at: Label(arms.first?.range ?? section.range, "\(arms.count) of at least 2 arms"),
        help: [Help("add an arm, or name the version in the service and drop the experiment")]))
  }

  // MARK: - Against the service

  mutating func experiment(
    _ head: ExperimentHead, _ body: ServiceBody, _ service: AST.Declaration
  ) -> Experiment? {
    let key = keyField(head, body)
    guard let target = targetModel(head, body, service) else { return nil }
    var isWhole = head.isWhole
    for arm in head.arms where !isArm(arm, of: target) { isWhole = false }
    guard isWhole, let key, let salt = head.section.string("salt") else { return nil }
    checkSameArms(head, target)
    return Experiment(
      name: head.declaration.name.text, parameter: body.pipeline == nil ? nil : head.parameter?.text, salt: salt,
      keyField: key,
      arms: head.arms.map {
        Experiment.Arm(
          name: $0.name.text, basisPoints: $0.percent.multiplied(by: Rational(100))?.integer ?? 0,
          version: $0.version.text, range: $0.range)
      }, range: head.declaration.name.range)
  }

  /// The model whose versions the arms share.
  private mutating func targetModel(
    _ head: ExperimentHead, _ body: ServiceBody, _ service: AST.Declaration,
  ) -> ModelDeclaration? {
    guard let path = head.declaration.operand(.on)?.path else { return nil }
    guard let pipeline = body.pipeline else {
      guard let extra = path.rest.first else { return body.models.first?.declaration }
      diagnostics.add(
        Diagnostic(
          .unknownName, "service `\(service.name)` has no parameter `\(extra)`",
          at: Label(extra.range, "it serves a model, not a pipeline"),
          help: [Help("write `on \(service.name)`", replacing: path.range, with: service.name.text)]))
      return nil
    }
    let known = pipeline.models.map(\.name)
    guard let name = path.rest.first, path.rest.count == 1 else {
      diagnostics.add(
        Diagnostic(
          .typeMismatch, "an experiment is on one model parameter of a service", at: Label(path.range, "which one?"),
          values: ["parameters of `\(pipeline.name)`: \(known.joined(separator: ", "))"],
          help: known.prefix(1).map {
            Help("write `on \(service.name).\($0)`", replacing: path.range, with: "\(service.name).\($0)")
          }))
      return nil
    }
    if let parameter = pipeline.models.first(where: { $0.name == name.text }) {
      return models[parameter.model]?.declaration
    }
    let near = Suggestion(for: name, among: known)
    diagnostics.add(
      Diagnostic(
        .unknownName, "pipeline `\(pipeline.name)` has no model parameter `\(name)`",
        at: near.label("not one of its parameters"),
        values: ["parameters of `\(pipeline.name)`: \(known.joined(separator: ", "))"],
        help: near.help))
    return nil
  }

  private mutating func isArm(_ arm: ExperimentHead.Arm, of target: ModelDeclaration) -> Bool {
    let (model, version) = (arm.model, arm.version)
    guard let declaration = resolve(model, [.model]) else { return false }
    guard declaration.name.text == target.name else {
      diagnostics.add(
        typeMismatch(
          "arm `\(arm.name)` is a version of `\(model)`, the experiment is on `\(target.name)`",
          "expected a version of `\(target.name)`", model.range.union(version.range)))
      return false
    }
    if target.versions.contains(where: { $0.name == version.text }) { return true }
    diagnostics.add(unknownVersion(version, of: target))
    return false
  }

  /// SV0709
  private mutating func checkSameArms(_ head: ExperimentHead, _ target: ModelDeclaration) {
    var first: [String: ExperimentHead.Arm] = [:]
    for arm in head.arms {
      guard let version = target.versions.first(where: { $0.name == arm.version.text }) else { continue }
      guard let earlier = first[version.digest] else {
        first[version.digest] = arm
        continue
      }
      diagnostics.add(
        Diagnostic(
          .sameArms, "arms `\(earlier.name)` and `\(arm.name)` serve the same file",
          at: Label(arm.range, "the same model"),
          secondary: [Label(earlier.range, "as here")], values: ["both are sha256:\(version.digest.prefix(12))…"],
          notes: ["an experiment whose arms are one model measures noise"]))
    }
  }

  /// Experiments whose service does not exist.
  mutating func checkExperimentTargets(_ experiments: [AST.Declaration]) {
    for declaration in experiments {
      guard let path = declaration.operand(.on)?.path else {
        diagnostics.add(
          Diagnostic(
            .missingField, "experiment `\(declaration.name)` is on no service",
            at: Label(declaration.name.range, "write `on SERVICE.parameter` after the name")))
        continue
      }
      _ = resolve(path.first, [.service])
    }
  }
}
