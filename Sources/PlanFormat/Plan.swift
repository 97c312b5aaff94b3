package import TensorTypes

/// Everything that `served` needs to know of one service, except the bytes of weights and code.
///
/// A plan is made by the compiler, encoded by `PlanWriter`, and mapped by `PlanFile`. It is the only contract
/// between the two programs.
package struct Plan: Hashable, Sendable {
  /// Name of the service: the path of its endpoint and its model name in the Open Inference Protocol.
  package var service: String
  /// Program and version that wrote the plan.
  package var producer: String
  /// Symbolic dimensions; a symbol's place here is its index in a kernel's `dims`.
  package var symbols: [Symbol]
  /// The fields of one request, in order.
  package var request: [Field]
  /// The fields of one response, in order.
  package var response: [Field]
  package var stores: [Store]
  package var features: [FeatureGroup]
  /// One program per arm, or just one.
  package var programs: [Program]
  package var experiment: Experiment?
  /// Names of the kernels, by index in every code object's table.
  package var kernels: [String]
  package var golden: [GoldenVector]
  /// Bytes of the weights section.
  package var weightBytes: UInt64
  /// Facts for people and tools (source digests, operator counts, build flags): JSON.
  package var metadata: String

  package init(
    service: String, producer: String, symbols: [Symbol] = [], request: [Field] = [], response: [Field] = [],
    stores: [Store] = [], features: [FeatureGroup] = [], programs: [Program] = [], experiment: Experiment? = nil,
    kernels: [String] = [], golden: [GoldenVector] = [], weightBytes: UInt64 = 0, metadata: String = "{}",
  ) {
    self.service = service
    self.producer = producer
    self.symbols = symbols
    self.request = request
    self.response = response
    self.stores = stores
    self.features = features
    self.programs = programs
    self.experiment = experiment
    self.kernels = kernels
    self.golden = golden
    self.weightBytes = weightBytes
    self.metadata = metadata
  }
}

/// A symbolic dimension and its admissible values.
package struct Symbol: Hashable, Sendable {
  package var name: String
  package var minimum: Int
  package var maximum: Int

  package init(name: String, minimum: Int, maximum: Int) {
    self.name = name
    self.minimum = minimum
    self.maximum = maximum
  }
}

/// One field of the request or the response, per request (no batch dimension).
package struct Field: Hashable, Sendable {
  /// How values are written in JSON and in memory.
  package enum Kind: Hashable, Sendable {
    case tensor(ElementType)
    /// Cases in declared order; in memory a `u8` index.
    case enumeration([String])
  }

  /// What a value must satisfy beyond its type.
  package enum Refinement: Hashable, Sendable {
    case none
    /// Inclusive bounds of an integer; both fit the field's type.
    case integers(minimum: Int64, maximum: UInt64)
    /// Inclusive bounds of a number.
    case numbers(minimum: Double, maximum: Double)
    /// Inclusive bounds of a string's length in UTF-8 bytes.
    case length(minimum: Int, maximum: Int)
  }

  package var name: String
  package var kind: Kind
  /// Each dimension is a constant or a polynomial over `Plan.symbols`; request dimensions are constants or one symbol.
  package var shape: Shape
  /// A request may leave it out; the program then reads zeros and a false presence flag.
  package var isOptional: Bool
  package var refinement: Refinement

  package init(name: String, kind: Kind, shape: Shape, isOptional: Bool = false, refinement: Refinement = .none) {
    self.name = name
    self.kind = kind
    self.shape = shape
    self.isOptional = isOptional
    self.refinement = refinement
  }

  /// The element type in the arena.
  package var element: ElementType {
    switch kind {
    case .tensor(let element): element
    case .enumeration: .u8
    }
  }
}

/// A database that features are read from; `served --store NAME=PATH` or the settings say where it is.
package struct Store: Hashable, Sendable {
  package enum Kind: UInt8, Hashable, Sendable, CaseIterable { case sqlite }

  package var name: String
  package var kind: Kind
  /// As the spec gives it, used when no setting overrides it.
  package var path: String

  package init(name: String, kind: Kind, path: String) {
    self.name = name
    self.kind = kind
    self.path = path
  }
}

/// Rows read from one table by the key or keys in one request field.
package struct FeatureGroup: Hashable, Sendable {
  package enum OnMiss: UInt8, Hashable, Sendable, CaseIterable { case useDefault, reject }

  /// One column; NULL and missing rows give `defaultValue`.
  package struct Column: Hashable, Sendable {
    package var name: String
    package var element: ElementType
    /// Constant shape of one row's value; a scalar is a plain column, a tensor a little-endian BLOB.
    package var shape: [Int]
    /// Raw elements of one row, `shape` product x element size bytes; of a string, its UTF-8 text.
    package var defaultValue: [UInt8]

    package init(name: String, element: ElementType, shape: [Int], defaultValue: [UInt8]) {
      self.name = name
      self.element = element
      self.shape = shape
      self.defaultValue = defaultValue
    }
  }

  package var name: String
  /// Index into `Plan.stores`.
  package var store: Int
  package var table: String
  package var keyColumn: String
  /// Index into `Plan.request`: a scalar key, or a vector for one row per element.
  package var keyField: Int
  package var onMiss: OnMiss
  package var columns: [Column]

  package init(
    name: String, store: Int, table: String, keyColumn: String, keyField: Int, onMiss: OnMiss, columns: [Column],
  ) {
    self.name = name
    self.store = store
    self.table = table
    self.keyColumn = keyColumn
    self.keyField = keyField
    self.onMiss = onMiss
    self.columns = columns
  }
}

/// How one arm computes a response from a request.
package struct Program: Hashable, Sendable {
  /// Where a value of the arena comes from or goes to.
  package enum Port: Hashable, Sendable {
    /// Index into `Plan.request`.
    case request(Int)
    /// Whether the optional request field was given: one bool.
    case presence(Int)
    /// Group and column; shape is the key field's shape followed by the column's.
    case feature(group: Int, column: Int)
    /// Index into `Plan.response`.
    case response(Int)
  }

  /// A dense row-major tensor in the arena. With a batch, request r's part starts at r x its own byte size.
  package struct Binding: Hashable, Sendable {
    package var port: Port
    package var element: ElementType
    /// Per request, without the batch dimension.
    package var shape: Shape
    /// Byte offset in the arena, a multiple of 64.
    package var offset: UInt64

    package init(port: Port, element: ElementType, shape: Shape, offset: UInt64) {
      self.port = port
      self.element = element
      self.shape = shape
      self.offset = offset
    }
  }

  /// One kernel call.
  package struct Step: Hashable, Sendable {
    /// Index into `Plan.kernels`.
    package var kernel: Int
    package var arguments: [Argument]
    /// What it computes, for dumps and profiles.
    package var label: String
    /// About how long it takes on one thread, in picoseconds, by the call's dimensions.
    package var cost: Dim
    /// Whether several threads may each run parts of it.
    package var isSplit: Bool

    package init(kernel: Int, arguments: [Argument], label: String, cost: Dim = 0, isSplit: Bool = false) {
      self.kernel = kernel
      self.arguments = arguments
      self.label = label
      self.cost = cost
      self.isSplit = isSplit
    }

    /// Picoseconds from which splitting a step pays. A thread that waits for work takes it within half a microsecond;
    /// the rest is for what threads write and others read, and for estimates that are too high.
    package static let leastSplitCost = 12_000_000
  }

  /// A buffer that a kernel sees.
  package enum Argument: Hashable, Sendable {
    case arena(offset: UInt64)
    case weights(offset: UInt64)
    /// In memory of the thread that runs the step, or the part of it, without content before and after.
    case scratch(offset: UInt64)
    /// Of a step in a request loop: request r's part in the arena stands `stride` x r bytes behind the first.
    case request(offset: UInt64, stride: UInt64)
    /// Of a step in a request loop: what one request's steps pass on, in the scratch of the thread that runs the
    /// request. All parts of such a step see the same memory.
    case local(offset: UInt64)
  }

  /// A dimension that depends on the data: how many rows a step keeps, say. Steps and outputs behind it have that size.
  package struct FoundDim: Hashable, Sendable {
    /// Index into `Plan.symbols`.
    package var symbol: Int
    /// Index into `steps`: the step that finds it.
    package var step: Int
    /// Byte offset in the arena of the i64 that the step leaves there, a multiple of 8.
    package var offset: UInt64

    package init(symbol: Int, step: Int, offset: UInt64) {
      self.symbol = symbol
      self.step = step
      self.offset = offset
    }
  }

  /// A response field that is the same for every request (a model's version).
  package struct Literal: Hashable, Sendable {
    /// Index into `Plan.response`.
    package var field: Int
    package var text: String

    package init(field: Int, text: String) {
      self.field = field
      self.text = text
    }
  }

  /// `<service>` or `<service>.<arm>`.
  package var name: String
  /// The model that the arm runs ("Ranker"): the `model` label of metrics; empty for the service's name.
  package var model: String
  /// `model_version` in answers: the arm's version, "1" where there is none.
  package var version: String
  /// Index into `Plan.symbols` of the dimension that requests of one call share; nil when a call is one request.
  package var batch: Int?
  package var inputs: [Binding]
  package var outputs: [Binding]
  package var literals: [Literal]
  package var steps: [Step]
  /// Neighbouring steps that run for one request after the other, each with a batch of one, so that what they pass on
  /// stays in the caches; several threads may each run requests of their own. Ascending and apart.
  package var requestLoops: [Range<Int>]
  /// Ascending by step; none where a call is several requests, and none in a request loop.
  package var foundDims: [FoundDim]
  /// Bytes of arena that one executor needs, for the largest dimensions.
  package var arenaBytes: UInt64
  /// Bytes of scratch that one thread needs, for the largest dimensions.
  package var scratchBytes: UInt64

  package init(
    name: String, version: String, batch: Int?, inputs: [Binding], outputs: [Binding], literals: [Literal],
    steps: [Step], requestLoops: [Range<Int>] = [], foundDims: [FoundDim] = [], arenaBytes: UInt64,
    scratchBytes: UInt64 = 0,
    model: String = "",
  ) {
    self.foundDims = foundDims
    self.requestLoops = requestLoops
    self.scratchBytes = scratchBytes
    self.name = name
    self.model = model
    self.version = version
    self.batch = batch
    self.inputs = inputs
    self.outputs = outputs
    self.literals = literals
    self.steps = steps
    self.arenaBytes = arenaBytes
  }
}

/// The routing table of an experiment: `u < threshold` of the first arm that holds, by 64-bit hash of salt and key.
package struct Experiment: Hashable, Sendable {
  package struct Arm: Hashable, Sendable {
    package var name: String
    /// Cumulative upper bound over 2^64, exclusive; the last arm takes every hash that is left and stores `UInt64.max`.
    package var threshold: UInt64
    /// Index into `Plan.programs`.
    package var program: Int

    package init(name: String, threshold: UInt64, program: Int) {
      self.name = name
      self.threshold = threshold
      self.program = program
    }
  }

  package var name: String
  package var salt: String
  /// Index into `Plan.request`: a scalar integer or string.
  package var keyField: Int
  package var arms: [Arm]

  package init(name: String, salt: String, keyField: Int, arms: [Arm]) {
    self.name = name
    self.salt = salt
    self.keyField = keyField
    self.arms = arms
  }
}

/// Inputs with known outputs that a program must reproduce on this machine before it is ready.
package struct GoldenVector: Hashable, Sendable {
  package enum Comparison: UInt8, Hashable, Sendable, CaseIterable {
    /// Bit for bit (integers, bools).
    case exact
    /// Largest difference at most `tolerance` x the largest reference magnitude.
    case relative
    /// Not compared: which of two equal scores comes first is not a promise.
    case ignored
  }

  /// One tensor: raw elements, or strings.
  package struct Tensor: Hashable, Sendable {
    package var bytes: [UInt8]
    package var strings: [[UInt8]]

    package init(bytes: [UInt8] = [], strings: [[UInt8]] = []) {
      self.bytes = bytes
      self.strings = strings
    }
  }

  /// Index into `Plan.programs`.
  package var program: Int
  /// A value for each of `Plan.symbols`.
  package var dims: [Int]
  /// One per `Program.inputs`.
  package var inputs: [Tensor]
  /// One per `Program.outputs`.
  package var outputs: [Tensor]
  package var comparisons: [Comparison]
  package var tolerance: Double

  package init(
    program: Int, dims: [Int], inputs: [Tensor], outputs: [Tensor], comparisons: [Comparison], tolerance: Double,
  ) {
    self.program = program
    self.dims = dims
    self.inputs = inputs
    self.outputs = outputs
    self.comparisons = comparisons
    self.tolerance = tolerance
  }
}
