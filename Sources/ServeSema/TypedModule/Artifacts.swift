package import ServeDiagnostics
package import TensorTypes

/// What a source names outside of the language: a file that the driver looks at on behalf of the checker, which is pure.
package struct ArtifactReference: Hashable, Sendable {
  package enum Kind: Hashable, Sendable { case model, stats, store }

  package var kind: Kind
  /// As resolved against the declaring file.
  package var path: String
  package var range: SourceRange

  package init(kind: Kind, path: String, range: SourceRange) {
    self.kind = kind
    self.path = path
    self.range = range
  }
}

/// What the driver found, by resolved path.
package struct Artifacts: Sendable {
  /// The head of a model file; its weights were not read.
  package struct Model: Sendable {
    package var signature: ModelSignature
    /// `onnx opset 17`, for messages.
    package var format: String
    /// sha256, 64 hex digits.
    package var digest: String
    /// What the compiler cannot do of it, a clause each: `node "conv_3" (Conv) is not supported`.
    package var unsupported: [String]
    /// By input: rows of the smallest table that all of its values are indices of.
    package var rows: [String: Int]

    package init(
      signature: ModelSignature, format: String, digest: String, unsupported: [String] = [],
      rows: [String: Int] = [:]
    ) {
      self.signature = signature
      self.format = format
      self.digest = digest
      self.unsupported = unsupported
      self.rows = rows
    }
  }

  /// Per-feature statistics: `{"mean": [...], "std": [...]}`.
  package struct Stats: Sendable {
    package var mean: [Double]
    package var std: [Double]

    package init(mean: [Double], std: [Double]) {
      self.mean = mean
      self.std = std
    }
  }

  /// Why a file could not be used: one sentence that names the file and the place in it.
  package struct Failure: Error, Hashable, Sendable {
    package var message: String

    package init(message: String) { self.message = message }
  }

  package var models: [String: Result<Model, Failure>] = [:]
  package var stats: [String: Result<Stats, Failure>] = [:]

  package init() {}
}

/// What the manifests and the checks on memory need to know of a plan; the driver hands it over after planning memory.
package struct PlanFacts: Hashable, Sendable {
  /// sha256 root of the plan, 64 hex digits.
  package var digest: String
  /// Bytes of the plan file, all of which may become resident.
  package var fileBytes: Int64
  package var weightBytes: Int64
  /// Arena and scratch of one executor, and scratch and stack of a thread that helps it.
  package var arenaBytes: Int64
  /// Inputs and outputs of one request, parsed, at the largest values of its dims.
  package var requestBytes: Int64
  /// Text of the largest body that is taken.
  package var bodyBytes: Int64
  /// Decoded rows of stores that are kept, at most.
  package var storeBytes: Int64
  /// `x86-64-v3`, … in the plan.
  package var cpuFamilies: [String]
  /// `served.json`, the settings of this environment.
  package var settings: String

  package init(
    digest: String, fileBytes: Int64, weightBytes: Int64, arenaBytes: Int64, requestBytes: Int64 = 0,
    bodyBytes: Int64 = 0, storeBytes: Int64 = 0, cpuFamilies: [String], settings: String,
  ) {
    self.digest = digest
    self.fileBytes = fileBytes
    self.weightBytes = weightBytes
    self.arenaBytes = arenaBytes
    self.requestBytes = requestBytes
    self.bodyBytes = bodyBytes
    self.storeBytes = storeBytes
    self.cpuFamilies = cpuFamilies
    self.settings = settings
  }
}
