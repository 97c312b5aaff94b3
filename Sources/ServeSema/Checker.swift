package import ServeDiagnostics
import ServeSyntax
import TensorTypes

/// Checks parsed files: names, types, units, every environment with its overlays.
///
/// Pure: what files say of models and statistics comes in as values. The rules are extensions of this type, one subject
/// a file; each reports what it finds and leaves out what it could not make sense of, so that one mistake is one
/// diagnostic.
package struct Checker {
  let program: Program
  let artifacts: Artifacts
  var diagnostics: Diagnostics
  var module = TypedModule()

  /// Declarations that something refers to, by the range of their name.
  var used: Set<SourceRange> = []

  /// Declarations whose body is none, by the range of their name.
  var malformed: Set<SourceRange> = []

  // What was understood so far, by name; a declaration that is missing here has been reported.
  var dims: [String: DimDeclaration] = [:]
  var enums: [String: EnumDeclaration] = [:]
  var records: [String: RecordDeclaration] = [:]
  var models: [String: CheckedModel] = [:]
  var stats: [String: Artifacts.Stats] = [:]
  var stores: [String: StoreDeclaration] = [:]
  var features: [String: FeatureDeclaration] = [:]
  var pipelines: [String: PipelineDeclaration] = [:]
  /// By pipeline and model parameter: the version that its head names.
  var defaultVersions: [String: [String: AST.Name]] = [:]
  /// What the pipeline at hand can refer to before its first line.
  var scope: PipelineScope?
  /// By record or features: fields that were not understood; `*` where there may be others.
  var broken: [String: Set<String>] = [:]
  /// Values of pipelines that nothing refers to, to be told when there is nothing worse.
  var unusedValues: [Diagnostic] = []
  /// Names of the pipeline at hand that something refers to.
  var usedLocals: Set<String> = []
  var pools: [String: Pool] = [:]
  var clusters: [String: Cluster] = [:]

  /// Whether `?` may stand for a value.
  var allowsUnset = false

  // What is reported once for all environments.
  /// Versions whose declaration gives no digest, by the range of their name: where their source stands.
  var sourcesWithoutDigest: [SourceRange: SourceRange] = [:]
  var unset: [SourceRange: (name: String, environments: [String])] = [:]
  var shares: [String: ExperimentShares] = [:]

  /// The typed module, unless there was an error, and everything there is to say.
  ///
  /// `imports` holds every file that the root or one of them imports, under the path that
  /// ``SourceUnit/importReferences`` gives it.
  package static func check(
    root: SourceUnit, imports: [SourceUnit] = [], artifacts: Artifacts,
  ) -> (module: TypedModule?, diagnostics: [Diagnostic]) {
    var checker = Checker(root: root, imports: imports, artifacts: artifacts)
    checker.run()
    let found = Consequences.removed(from: checker.diagnostics, files: checker.program.units.map(\.file))
    return (checker.diagnostics.hasErrors ? nil : checker.module, found.sorted)
  }

  init(root: SourceUnit, imports: [SourceUnit], artifacts: Artifacts) {
    var found = Diagnostics()
    program = Program(root: root, imports: imports, diagnostics: &found)
    diagnostics = found
    self.artifacts = artifacts
  }

  private mutating func run() {
    refusePlannedDeclarations()
    checkHeads()
    checkNames()
    checkDims()
    checkEnums()
    checkRecords()
    checkModels()
    checkStats()
    checkStores()
    checkFeatures()
    checkPipelines()
    checkPools()
    checkClusters()
    checkEnvironments()
    lintUnused()
  }

  /// The declarations of a kind that take part and have a body.
  func declarations(_ kind: AST.DeclarationKind) -> [AST.Declaration] {
    program.declarations.filter { $0.kind == kind && !malformed.contains($0.name.range) }
  }

  private mutating func refusePlannedDeclarations() {
    for declaration in program.declarations {
      switch declaration.kind {
      case .alert, .passthrough, .profile, .template, .test, .tokenizer:
        diagnostics.add(.notSupported("`\(declaration.kind.rawValue)`", at: declaration.keyword.range))
      case .cluster, .dim, .enum, .env, .experiment, .features, .model, .overlay, .pipeline, .pool, .record, .service,
        .stats, .store:
        continue
      }
    }
  }
}
