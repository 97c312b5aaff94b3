import ServeDiagnostics
import ServeSyntax
import TensorTypes

/// A model that was understood, with what only the checker needs.
struct CheckedModel {
  var declaration: ModelDeclaration
  /// Where each port of the signature is declared; empty when the signature is the file's own.
  var portRanges: [String: SourceRange]
  /// By input: rows of the smallest table of any version that its values are indices of.
  var rows: [String: Int]
}

/// `model Ranker { … }`: versions, their files, and one signature for all of them.
extension Checker {
  mutating func checkModels() {
    for declaration in declarations(.model) {
      guard let model = model(declaration) else { continue }
      models[model.declaration.name] = model
      module.models.append(model.declaration)
    }
  }

  /// A version's file as the driver found it.
  struct VersionFile {
    let name: String
    let path: String
    let model: Artifacts.Model
    let weights: ModelDeclaration.Weights
    /// The value of `source`.
    let range: SourceRange
    /// The version's name, or the model's.
    let nameRange: SourceRange
  }

  private mutating func model(_ declaration: AST.Declaration) -> CheckedModel? {
    let owner = "model `\(declaration.name)`"
    let section = section(Settings(of: declaration), .model, owner: owner)
    let declared = section.sections["signature"].map { signature($0, owner: owner) }
    let (files, allFilesAreRead) = versionFiles(section, declaration, owner: owner)
    if case .some(.none) = declared { return nil }
    guard let first = files.first else { return nil }

    let ports = declared.flatMap { $0 }
    let expected = ports?.signature ?? FileSignature.batched(first.model.signature)
    var locals: [String: Int] = [:]
    var maximumBatch: Int?
    var isWhole = allFilesAreRead
    for file in files {
      var match = SignatureMatch(declared: expected, file: file.model.signature, rigid: Set(dims.keys))
      match.run()
      if match.hasFixedBatch { maximumBatch = 1 }
      isWhole = report(match, file, ports, first: first, isAlone: section.entries["version"] == nil) && isWhole
      for (symbol, value) in match.sizes.sorted(by: { $0.key < $1.key }) {
        if let earlier = locals[symbol], earlier != value {
          diagnostics.add(sizesDiffer(symbol, earlier, value, file, first: first))
          isWhole = false
        }
        locals[symbol] = value
      }
    }
    guard isWhole else { return nil }
    let resolved = expected.substituting(locals.mapValues { Dim($0) })
    guard let batches = batches(resolved, ports, declaration) else { return nil }
    // The range of a dimension that the file leaves open.
    for symbol in resolved.symbols { if let dim = dims[symbol] { used.insert(dim.range) } }
    let model = ModelDeclaration(
      name: declaration.name.text, signature: resolved, batches: batches, maximumBatch: maximumBatch,
      versions: files.map {
        ModelDeclaration.Version(
          name: $0.name, path: $0.path, digest: $0.model.digest, weights: $0.weights, range: $0.nameRange)
      }, range: declaration.name.range)
    let rows = files.reduce(into: [String: Int]()) { $0.merge($1.model.rows, uniquingKeysWith: min) }
    return CheckedModel(declaration: model, portRanges: ports?.ranges ?? [:], rows: rows)
  }

  // MARK: - The declared signature

  struct DeclaredSignature {
    var signature = ModelSignature(inputs: [], outputs: [])
    /// Of each port's type.
    var ranges: [String: SourceRange] = [:]
  }

  private mutating func signature(_ section: Section, owner: String) -> DeclaredSignature? {
    var result = DeclaredSignature()
    var isWhole = section.isComplete
    var first: [String: AST.Name] = [:]
    for keyword in ["in", "out"] {
      for node in section.rules[keyword] ?? [] {
        guard let name = node.name, node.operands.count == 1, let type = node.type, node.value == nil, node.body == nil
        else {
          diagnostics.add(
            typeMismatch("`\(keyword)` is not written this way", "write `\(keyword) NAME : type`", node.range))
          isWhole = false
          continue
        }
        if let earlier = first[name.text] {
          diagnostics.add(.duplicate(name, of: earlier, what: "port"))
          continue
        }
        first[name.text] = name
        guard let tensor = tensorType(type, .local) else {
          isWhole = false
          continue
        }
        let port = ModelSignature.Port(name.text, tensor)
        if keyword == "in" { result.signature.inputs.append(port) } else { result.signature.outputs.append(port) }
        result.ranges[name.text] = type.range
      }
    }
    for (keyword, ports) in [("in", result.signature.inputs), ("out", result.signature.outputs)]
    where ports.isEmpty && isWhole {
      diagnostics.add(
        Diagnostic(
          .missingField, "the signature of \(owner) has no `\(keyword)`",
          at: Label(section.range, "write `\(keyword) NAME : type`")))
      isWhole = false
    }
    return isWhole ? result : nil
  }

  /// Whether batching fills the leading dimension; nil where `batch` stands somewhere else.
  private mutating func batches(
    _ signature: ModelSignature, _ declared: DeclaredSignature?, _ declaration: AST.Declaration,
  ) -> Bool? {
    let ports = signature.inputs + signature.outputs
    guard signature.symbols.contains(FileSignature.batch) else { return false }
    for port in ports {
      let places = port.type.shape.dims.enumerated().filter { $0.element.symbols.contains(FileSignature.batch) }
      if places.count == 1, places[0].offset == 0, places[0].element.symbol == FileSignature.batch { continue }
      let what = places.isEmpty ? "has no `batch`" : "has `batch` in another place"
      diagnostics.add(
        Diagnostic(
          .batchPlacement, "`batch` leads every input and output of a model, or none",
          at: Label(declared?.ranges[port.name] ?? declaration.name.range, "`\(port.name)` \(what)"),
          notes: ["`batch` counts the requests of one pass; a size that varies within a request has another name"]))
      return nil
    }
    return true
  }

  // MARK: - Versions

  /// The versions whose files could be read, and whether these are all.
  private mutating func versionFiles(
    _ section: Section, _ declaration: AST.Declaration, owner: String
  ) -> (files: [VersionFile], isWhole: Bool) {
    let versions = section.entries["version"] ?? []
    if section.settings["source"] == nil, let stray = section.settings["weights"] {
      diagnostics.add(
        typeMismatch(
          "`weights` are those of a file", "write them in the version, beside its `source`", stray.name.range))
      return ([], false)
    }
    if let source = section.settings["source"] {
      if let version = versions.first {
        diagnostics.add(
          Diagnostic(
            .duplicateName, "\(owner) has a `source` and versions",
            at: Label(source.name.range, "a version without a name"),
            secondary: [Label(version.name.range, "versions with names")],
            notes: ["which of them serves would be anybody's guess"]))
        return ([], false)
      }
      let file = versionFile("1", section, name: declaration.name, owner: owner)
      return (file.map { [$0] } ?? [], file != nil)
    }
    if versions.isEmpty {
      if !section.written.contains("source"), !section.written.contains("version"), section.isComplete {
        diagnostics.add(
          Diagnostic(
            .missingField, "\(owner) has no file", at: Label(section.range, "`source` or a version is missing here"),
            help: [Help("add `source = \"models/\(NameCase.lower(declaration.name.text)).onnx\"`")]))
      }
      return ([], false)
    }
    var files: [VersionFile] = []
    for version in versions {
      if let file = versionFile(
        version.name.text, version.section, name: version.name, owner: "version `\(version.name)`")
      {
        files.append(file)
      }
    }
    return (files, files.count == versions.count)
  }

  private mutating func versionFile(
    _ versionName: String, _ section: Section, name: AST.Name, owner: String,
  ) -> VersionFile? {
    guard let source = section.string("source"), let unit = program.unit(of: section.range("source")) else {
      return nil
    }
    let range = section.range("source")
    if let refusal = ArtifactSource.refusal(source, at: range) {
      diagnostics.add(refusal)
      return nil
    }
    let path = unit.resolve(source)
    guard let weights = weights(section, owner: owner) else { return nil }
    switch artifacts.models[path] {
    case .success(let model):
      let digestIsRight = checkDigest(section, model, owner: owner)
      if !section.written.contains("digest") { sourcesWithoutDigest[name.range] = range }
      guard refuseOperators(model, at: range), digestIsRight else { return nil }
      return VersionFile(
        name: versionName, path: path, model: model, weights: weights, range: range, nameRange: name.range)
    case .failure(let failure):
      diagnostics.add(Diagnostic(.unreadableArtifact, failure.message, at: Label(range, "needed here")))
    case nil:
      diagnostics.add(
        Diagnostic(
          .unreadableArtifact, "cannot read \"\(source)\"", at: Label(range, "looked for \(path)"),
          notes: ["a path is relative to the file that names it"]))
    }
    return nil
  }

  /// SV0411: the file is fine, and the compiler lacks kernels for it.
  private mutating func refuseOperators(_ model: Artifacts.Model, at range: SourceRange) -> Bool {
    guard let first = model.unsupported.first else { return true }
    let others = model.unsupported.count - 1
    diagnostics.add(
      Diagnostic(
        .unsupportedOperator, "this model cannot be compiled: \(first)",
        at: Label(range, others == 0 ? "in this file" : "in this file, and \(others) more places"),
        values: model.unsupported.dropFirst().prefix(4).map { "also \($0)" },
        notes: ["a model is compiled whole: there is no other runtime to fall back to"],
        help: [Help("export the model without this operator, or with one of an older opset")]))
    return false
  }

  private mutating func checkDigest(_ section: Section, _ model: Artifacts.Model, owner: String) -> Bool {
    guard let digest = section.string("digest") else { return true }
    let range = section.range("digest")
    let wanted = digest.hasPrefix("sha256:") ? String(digest.dropFirst(7)) : digest
    if wanted == model.digest { return true }
    let isDigest = wanted.utf8.count == 64 && wanted.allSatisfy(\.isHexDigit)
    diagnostics.add(
      Diagnostic(
        .digestMismatch, isDigest ? "the file of \(owner) is another one" : "this is no sha256 digest",
        at: Label(range, isDigest ? "expected by the declaration" : "expected `sha256:` and 64 hex digits"),
        values: ["the file's digest is sha256:\(model.digest)"],
        notes: isDigest ? ["the file was changed or replaced since the digest was written"] : [],
        help: [
          Help("if the file is the right one, take its digest", replacing: range, with: "\"sha256:\(model.digest)\"")
        ]))
    return false
  }

  // MARK: - Messages about signatures

  /// Reports what differs; true where nothing does.
  private mutating func report(
    _ match: SignatureMatch, _ file: VersionFile, _ declared: DeclaredSignature?, first: VersionFile,
    isAlone: Bool,
  ) -> Bool {
    for difference in match.differences {
      let origin = declared == nil ? "version \(first.name)'s file has" : "the signature declares"
      var secondary: [Label] = []
      if let declared, let range = declared.ranges[difference.port] {
        secondary = [Label(range, "declared here")]
      } else if declared == nil {
        secondary = [Label(first.range, "this file")]
      }
      diagnostics.add(
        Diagnostic(
          difference.isMissingOutput ? .missingOutput : .versionMismatch,
          isAlone
            ? "the file does not match the signature it is declared under"
            : "version \(file.name) does not match the signature it is declared under",
          at: Label(
            file.range, "file \(difference.found) (\(file.model.format), sha256:\(file.model.digest.prefix(6))…)"),
          secondary: secondary,
          values: ["\(origin) \(difference.expected)"],
          notes: isAlone ? [] : ["arms share one pipeline, so every version must have the same signature"],
          help: difference.help.map { [Help($0)] } ?? []))
    }
    return match.differences.isEmpty
  }

  private func sizesDiffer(
    _ symbol: String, _ one: Int, _ other: Int, _ file: VersionFile, first: VersionFile,
  ) -> Diagnostic {
    Diagnostic(
      .versionMismatch, "version \(file.name) has another `\(symbol)` than version \(first.name)",
      at: Label(file.range, "\(symbol) = \(other) in this file"),
      secondary: [Label(first.range, "\(symbol) = \(one) in this one")],
      notes: ["arms share one pipeline, so every version must have the same signature"])
  }
}

extension ModelSignature {
  func substituting(_ sizes: [String: Dim]) -> ModelSignature {
    ModelSignature(
      inputs: inputs.map { Port($0.name, $0.type.substituting(sizes)) },
      outputs: outputs.map { Port($0.name, $0.type.substituting(sizes)) })
  }
}
