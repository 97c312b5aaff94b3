package import ServeDiagnostics

/// Every code of the compiler with its title: the index of `specs/diagnostics`.
package enum DiagnosticRegistry {
  package struct Entry: Hashable, Sendable {
    package let code: DiagnosticCode
    package let title: String
  }

  /// In the order of the codes.
  package static let all: [Entry] = table.map { Entry(code: $0.0, title: $0.1) }.sorted { $0.code < $1.code }

  private static let table: [(DiagnosticCode, String)] = [
    (.notSupported, "not supported yet"),
    // Text: the parser's, which names them by number.
    (.sv(0101), "a character that the language does not have"),
    (.sv(0102), "a string or comment that is not closed"),
    (.sv(0103), "something else was expected"),
    (.sv(0104), "a bracket that is not closed"),
    (.sv(0105), "a number that is not written this way"),
    (.sv(0106), "the language edition"),
    (.sv(0107), "a byte order mark"),
    (.sv(0108), "a file that is not UTF-8"),
    (.sv(0109), "nested too deeply"),
    (.sv(0110), "a word that declares nothing"),
    (.sv(0111), "an unknown escape"),
    // Names
    (.unknownField, "unknown field"),
    (.duplicateName, "duplicate name"),
    (.unknownName, "unknown name"),
    (.unknownFunction, "unknown function"),
    (.missingField, "missing field"),
    (.wrongKind, "a name of the wrong kind"),
    (.wrongCase, "a name in the wrong case"),
    (.unresolvedImport, "an import that cannot be resolved"),
    (.wrongArguments, "wrong arguments"),
    (.unused, "unused declaration"),
    // Types and units
    (.unitMismatch, "wrong unit"),
    (.typeMismatch, "wrong type"),
    (.sv(0303), "an ambiguous unit"),
    (.outOfRange, "value out of range"),
    // Tensors and artifacts
    (.shapeMismatch, "shape mismatch"),
    (.elementMismatch, "element type mismatch"),
    (.shapeRule, "shapes that an operation cannot take"),
    (.versionMismatch, "a version that differs from its signature"),
    (.beyondRows, "an index beyond the model's table"),
    (.statsMismatch, "statistics that do not fit"),
    (.narrowing, "integer narrowing"),
    (.topKTooLarge, "top_k of more than there is"),
    (.optionalUsed, "an optional value used as if present"),
    (.unsupportedOperator, "an operator that cannot be compiled"),
    (.fixedBatch, "a batch that the model cannot take"),
    (.missingOutput, "an output that a version lacks"),
    (.executableArtifact, "an artifact that can execute code"),
    (.batchPlacement, "batch in the wrong place"),
    (.ambiguousVersion, "no version chosen"),
    (.unreadableArtifact, "an artifact that cannot be read"),
    // Hardware and memory
    (.unknownMachine, "unknown machine type"),
    (.memoryLimit, "memory limit too small"),
    (.doesNotFitMachine, "a pod larger than its machine"),
    (.allSpot, "all capacity on spot machines"),
    (.noCodeForFamily, "a machine family without code"),
    (.zoneMismatch, "a zone outside of the cluster"),
    // Scaling, rollout, health
    (.badReplicas, "impossible scaling"),
    (.blockedDrain, "a disruption budget that blocks drains"),
    (.fewerReplicasThanZones, "fewer replicas than zones"),
    (.drainTime, "a drain that is cut off"),
    (.lateByConstruction, "late by construction"),
    (.badObjectName, "a name that Kubernetes refuses"),
    (.fixedScale, "scaling rules without room to scale"),
    (.uselessWindow, "a batching window without batches"),
    // Experiments
    (.sharesSum, "arms that do not add up"),
    (.emptyArm, "an arm that nobody reaches"),
    (.badKey, "a key that is not sticky"),
    (.sameArms, "two arms that serve the same"),
    (.tooFewArms, "an experiment without alternatives"),
    // Secrets and data
    (.literalSecret, "a secret in plain text"),
    (.keyType, "a key of another type"),
    // Overlays and lock
    (.digestMismatch, "digest missing or different"),
    (.unknownOverlayPath, "an overlay of something that is not there"),
    (.finalOverlay, "an overlay of a final field"),
    (.unsetInEnvironment, "a value that an env must set"),
    (.imageWithoutDigest, "an image without a digest"),
    (.overlayEqualsBase, "an overlay that changes nothing"),
  ]
}

extension DiagnosticCode {
  // MARK: - 02 Names
  package static let unknownField = sv(0201)
  package static let duplicateName = sv(0202)
  package static let unknownName = sv(0203)
  package static let unknownFunction = sv(0204)
  package static let missingField = sv(0205)
  package static let wrongKind = sv(0206)
  package static let wrongCase = sv(0207)
  package static let unresolvedImport = sv(0208)
  package static let wrongArguments = sv(0209)
  package static let unused = w(0201)

  // MARK: - 03 Types and units
  package static let unitMismatch = sv(0301)
  package static let typeMismatch = sv(0302)
  package static let outOfRange = sv(0304)

  // MARK: - 04 Tensors and artifacts
  package static let shapeMismatch = sv(0401)
  package static let elementMismatch = sv(0402)
  package static let shapeRule = sv(0403)
  package static let versionMismatch = sv(0404)
  package static let beyondRows = sv(0405)
  package static let statsMismatch = sv(0407)
  package static let narrowing = sv(0408)
  package static let topKTooLarge = sv(0409)
  package static let optionalUsed = sv(0410)
  package static let unsupportedOperator = sv(0411)
  package static let fixedBatch = sv(0412)
  package static let missingOutput = sv(0413)
  package static let executableArtifact = sv(0415)
  package static let batchPlacement = sv(0416)
  package static let ambiguousVersion = sv(0417)
  package static let unreadableArtifact = sv(0418)

  // MARK: - 05 Hardware and memory
  package static let unknownMachine = sv(0502)
  package static let memoryLimit = sv(0505)
  package static let doesNotFitMachine = sv(0508)
  package static let allSpot = sv(0509)
  package static let noCodeForFamily = sv(0513)
  package static let zoneMismatch = sv(0515)

  // MARK: - 06 Scaling, rollout, health
  package static let badReplicas = sv(0601)
  package static let blockedDrain = sv(0602)
  package static let fewerReplicasThanZones = sv(0604)
  package static let drainTime = sv(0610)
  package static let lateByConstruction = sv(0612)
  package static let badObjectName = sv(0616)
  package static let fixedScale = w(0602)
  package static let uselessWindow = w(0612)

  // MARK: - 07 Experiments
  package static let sharesSum = sv(0701)
  package static let emptyArm = sv(0702)
  package static let badKey = sv(0703)
  package static let sameArms = sv(0709)
  package static let tooFewArms = sv(0712)

  // MARK: - 08 Data, secrets, network
  package static let literalSecret = sv(0801)
  package static let keyType = sv(0805)

  // MARK: - 09 Overlays and lock
  package static let digestMismatch = sv(0901)
  package static let unknownOverlayPath = sv(0902)
  package static let finalOverlay = sv(0903)
  package static let unsetInEnvironment = sv(0905)
  package static let imageWithoutDigest = sv(0908)
  package static let overlayEqualsBase = w(0906)
}
