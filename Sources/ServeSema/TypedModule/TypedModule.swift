package import ServeDiagnostics
package import TensorTypes

/// A checked program: every name resolved, every type known, every environment with its overlays applied.
///
/// It exists only when no error was found, so later stages need no error paths of their own for what is checked here.
package struct TypedModule: Sendable {
  package var dims: [DimDeclaration] = []
  package var enums: [EnumDeclaration] = []
  package var records: [RecordDeclaration] = []
  package var models: [ModelDeclaration] = []
  package var stores: [StoreDeclaration] = []
  package var features: [FeatureDeclaration] = []
  package var pipelines: [PipelineDeclaration] = []
  /// In declared order; one named `default` when the file declares none.
  package var environments: [Environment] = []

  package init() {}
}

/// `dim cand = 1...100`.
package struct DimDeclaration: Hashable, Sendable {
  package var name: String
  package var minimum: Int
  package var maximum: Int
  package var range: SourceRange

  package init(name: String, minimum: Int, maximum: Int, range: SourceRange) {
    self.name = name
    self.minimum = minimum
    self.maximum = maximum
    self.range = range
  }
}

/// `enum Device { ios, android, web }`.
package struct EnumDeclaration: Hashable, Sendable {
  package var name: String
  package var cases: [String]
  package var range: SourceRange

  package init(name: String, cases: [String], range: SourceRange) {
    self.name = name
    self.cases = cases
    self.range = range
  }
}

/// The type of a record's field.
package struct FieldType: Hashable, Sendable {
  package enum Scalar: Hashable, Sendable {
    case element(ElementType)
    case enumeration(String)
  }

  /// Literal bounds on a value: of a number, or of a string's length in UTF-8 bytes.
  package enum Refinement: Hashable, Sendable {
    case none
    case integers(minimum: Int64, maximum: UInt64)
    case numbers(minimum: Double, maximum: Double)
    case length(minimum: Int, maximum: Int)
  }

  package var scalar: Scalar
  package var shape: Shape
  package var isOptional: Bool
  package var refinement: Refinement

  package init(_ scalar: Scalar, shape: Shape = .scalar, isOptional: Bool = false, refinement: Refinement = .none) {
    self.scalar = scalar
    self.shape = shape
    self.isOptional = isOptional
    self.refinement = refinement
  }
}

package struct RecordDeclaration: Hashable, Sendable {
  package struct Field: Hashable, Sendable {
    package var name: String
    package var type: FieldType
    package var documentation: String
    package var range: SourceRange

    package init(name: String, type: FieldType, documentation: String = "", range: SourceRange) {
      self.name = name
      self.type = type
      self.documentation = documentation
      self.range = range
    }
  }

  package var name: String
  package var fields: [Field]
  package var range: SourceRange

  package init(name: String, fields: [Field], range: SourceRange) {
    self.name = name
    self.fields = fields
    self.range = range
  }
}

/// A model: one signature, one or more versions whose files all have it.
package struct ModelDeclaration: Hashable, Sendable {
  package struct Version: Hashable, Sendable {
    package var name: String
    /// Path of the file as resolved against the declaring file; the key into `Artifacts`.
    package var path: String
    /// sha256 of the file, 64 hex digits, computed.
    package var digest: String
    package var weights: Weights
    package var range: SourceRange

    package init(
      name: String, path: String, digest: String, weights: Weights = Weights(), range: SourceRange,
    ) {
      self.name = name
      self.path = path
      self.digest = digest
      self.weights = weights
      self.range = range
    }
  }

  /// The precision that a version's weights are kept in.
  package struct Weights: Hashable, Sendable {
    package enum Format: String, CaseIterable, Sendable { case f32, f16, bf16, int8 }

    package var format: Format
    /// How far outputs may move from those with f32 weights, relative to their largest value.
    package var maximumDrift: Double

    package init(format: Format = .f32, maximumDrift: Double = 0) {
      self.format = format
      self.maximumDrift = maximumDrift
    }
  }

  package var name: String
  /// As declared, or the file's own with a shared leading symbol (or fixed leading 1) named `batch`.
  package var signature: ModelSignature
  /// True when inputs and outputs have a leading dimension that batching fills (`batch`).
  package var batches: Bool
  /// A fixed leading 1 in the file makes the largest batch 1.
  package var maximumBatch: Int?
  package var versions: [Version]
  package var range: SourceRange

  package init(
    name: String, signature: ModelSignature, batches: Bool, maximumBatch: Int?, versions: [Version], range: SourceRange,
  ) {
    self.name = name
    self.signature = signature
    self.batches = batches
    self.maximumBatch = maximumBatch
    self.versions = versions
    self.range = range
  }
}

package struct StoreDeclaration: Hashable, Sendable {
  package enum Kind: Hashable, Sendable { case sqlite }

  package var name: String
  package var kind: Kind
  /// Path of the database as resolved against the declaring file.
  package var path: String
  package var range: SourceRange

  package init(name: String, kind: Kind, path: String, range: SourceRange) {
    self.name = name
    self.kind = kind
    self.path = path
    self.range = range
  }
}

package struct FeatureDeclaration: Hashable, Sendable {
  package enum OnMiss: Hashable, Sendable { case useDefault, reject }

  package struct Field: Hashable, Sendable {
    package var name: String
    package var element: ElementType
    package var shape: [Int]
    /// One value for every element (`zeros`, a number); integers are exact up to 2^53.
    package var defaultValue: Double
    package var range: SourceRange

    package init(name: String, element: ElementType, shape: [Int], defaultValue: Double, range: SourceRange) {
      self.name = name
      self.element = element
      self.shape = shape
      self.defaultValue = defaultValue
      self.range = range
    }
  }

  package var name: String
  package var store: String
  package var table: String
  package var keyColumn: String
  package var keyElement: ElementType
  package var onMiss: OnMiss
  package var fields: [Field]
  package var range: SourceRange

  package init(
    name: String, store: String, table: String, keyColumn: String, keyElement: ElementType, onMiss: OnMiss,
    fields: [Field], range: SourceRange,
  ) {
    self.name = name
    self.store = store
    self.table = table
    self.keyColumn = keyColumn
    self.keyElement = keyElement
    self.onMiss = onMiss
    self.fields = fields
    self.range = range
  }
}
