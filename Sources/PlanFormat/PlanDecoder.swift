import TensorTypes

/// The plan section and the golden section back to `Plan`: the mirror of `PlanEncoder`, line by line.
struct PlanDecoder {
  /// No compiler writes more; they keep the decoder's work linear in the bytes.
  private static let maximumTerms = 32
  private static let maximumDegree = 16

  private let symbols: [Symbol]

  /// A plan without golden vectors.
  static func planSection(_ bytes: UnsafeRawBufferPointer) throws(PlanError) -> Plan {
    var read = ByteReader(bytes, section: "plan section")
    var plan = Plan(service: try read.text(), producer: try read.text())
    plan.symbols = try read.list(minimum: 20) { (read) throws(PlanError) in
      Symbol(name: try read.text(), minimum: try read.int(), maximum: try read.int())
    }
    let decoder = PlanDecoder(symbols: plan.symbols)
    plan.request = try read.list(minimum: 11, decoder.field)
    plan.response = try read.list(minimum: 11, decoder.field)
    plan.stores = try read.list(minimum: 9) { (read) throws(PlanError) in
      Store(name: try read.text(), kind: try read.enumeration(), path: try read.text())
    }
    plan.features = try read.list(minimum: 25, decoder.group)
    plan.programs = try read.list(minimum: 52, decoder.program)
    let experiments = try read.list(minimum: 16, decoder.experiment)
    if experiments.count > 1 { throw read.failure("more than one experiment") }
    plan.experiment = experiments.first
    plan.kernels = try read.list(minimum: 4) { (read) throws(PlanError) in try read.text() }
    plan.weightBytes = try read.integer()
    plan.metadata = try read.text()
    try read.end()
    return plan
  }

  static func goldenSection(_ bytes: UnsafeRawBufferPointer) throws(PlanError) -> [GoldenVector] {
    var read = ByteReader(bytes, section: "golden section")
    let vectors = try read.list(minimum: 28) { (read) throws(PlanError) in
      GoldenVector(
        program: try read.index(),
        dims: try read.list(minimum: 8) { (read) throws(PlanError) in try read.int() },
        inputs: try read.list(minimum: 8, tensor),
        outputs: try read.list(minimum: 8, tensor),
        comparisons: try read.list(minimum: 1) { (read) throws(PlanError) in try read.enumeration() },
        tolerance: try read.double(),
      )
    }
    try read.end()
    return vectors
  }

  private static func tensor(_ read: inout ByteReader) throws(PlanError) -> GoldenVector.Tensor {
    GoldenVector.Tensor(
      bytes: try read.blob(),
      strings: try read.list(minimum: 4) { (read) throws(PlanError) in try read.blob() },
    )
  }

  private func shape(_ read: inout ByteReader) throws(PlanError) -> Shape {
    Shape(try read.list(minimum: 4, dim))
  }

  private func dim(_ read: inout ByteReader) throws(PlanError) -> Dim {
    let terms = try read.list(minimum: 12) { (read) throws(PlanError) in
      let coefficient = try read.int()
      let monomial = try read.list(minimum: 4) { (read) throws(PlanError) in
        let index = try read.index()
        guard symbols.indices.contains(index) else { throw read.failure("there is no symbol \(index)") }
        return symbols[index].name
      }
      guard monomial.count <= Self.maximumDegree else { throw read.failure("a dimension of degree \(monomial.count)") }
      return (coefficient: coefficient, symbols: monomial)
    }
    guard terms.count <= Self.maximumTerms else { throw read.failure("a dimension of \(terms.count) terms") }
    guard let dim = Dim(distinct: terms) else { throw read.failure("a dimension that is not in normal form") }
    return dim
  }

  private func field(_ read: inout ByteReader) throws(PlanError) -> Field {
    let name = try read.text()
    let kind: Field.Kind
    switch try read.integer(UInt8.self) {
    case 0: kind = .tensor(try read.element())
    case 1: kind = .enumeration(try read.list(minimum: 4) { (read) throws(PlanError) in try read.text() })
    case let other: throw read.failure("\(other) is no kind of field")
    }
    let shape = try shape(&read)
    let isOptional = try read.boolean()
    let refinement: Field.Refinement
    switch try read.integer(UInt8.self) {
    case 0: refinement = .none
    case 1: refinement = .integers(minimum: try read.integer(), maximum: try read.integer())
    case 2: refinement = .numbers(minimum: try read.double(), maximum: try read.double())
    case 3: refinement = .length(minimum: try read.int(), maximum: try read.int())
    case let other: throw read.failure("\(other) is no kind of refinement")
    }
    return Field(name: name, kind: kind, shape: shape, isOptional: isOptional, refinement: refinement)
  }

  private func group(_ read: inout ByteReader) throws(PlanError) -> FeatureGroup {
    FeatureGroup(
      name: try read.text(), store: try read.index(), table: try read.text(), keyColumn: try read.text(),
      keyField: try read.index(), onMiss: try read.enumeration(),
      columns: try read.list(minimum: 13) { (read) throws(PlanError) in
        FeatureGroup.Column(
          name: try read.text(), element: try read.element(),
          shape: try read.list(minimum: 8) { (read) throws(PlanError) in try read.int() },
          defaultValue: try read.blob(),
        )
      },
    )
  }

  private func program(_ read: inout ByteReader) throws(PlanError) -> Program {
    let name = try read.text()
    let model = try read.text()
    let version = try read.text()
    let batch = try read.list(minimum: 4) { (read) throws(PlanError) in try read.index() }
    if batch.count > 1 { throw read.failure("more than one batch dimension") }
    return Program(
      name: name, version: version, batch: batch.first,
      inputs: try read.list(minimum: 18, binding),
      outputs: try read.list(minimum: 18, binding),
      literals: try read.list(minimum: 8) { (read) throws(PlanError) in
        Program.Literal(field: try read.index(), text: try read.text())
      },
      steps: try read.list(minimum: 17, step),
      requestLoops: try read.list(minimum: 8) { (read) throws(PlanError) in
        let (first, end) = (try read.index(), try read.index())
        guard first < end else { throw read.failure("a loop over the steps \(first)..<\(end)") }
        return first..<end
      },
      foundDims: try read.list(minimum: 16) { (read) throws(PlanError) in
        Program.FoundDim(symbol: try read.index(), step: try read.index(), offset: try read.integer())
      },
      arenaBytes: try read.integer(),
      scratchBytes: try read.integer(),
      model: model,
    )
  }

  private func binding(_ read: inout ByteReader) throws(PlanError) -> Program.Binding {
    let port: Program.Port
    switch try read.integer(UInt8.self) {
    case 0: port = .request(try read.index())
    case 1: port = .presence(try read.index())
    case 2: port = .feature(group: try read.index(), column: try read.index())
    case 3: port = .response(try read.index())
    case let other: throw read.failure("\(other) is no kind of binding")
    }
    return Program.Binding(
      port: port, element: try read.element(), shape: try shape(&read), offset: try read.integer(),
    )
  }

  private func step(_ read: inout ByteReader) throws(PlanError) -> Program.Step {
    Program.Step(
      kernel: try read.index(),
      arguments: try read.list(minimum: 9) { (read) throws(PlanError) in
        switch try read.integer(UInt8.self) {
        case 0: return .arena(offset: try read.integer())
        case 1: return .weights(offset: try read.integer())
        case 2: return .scratch(offset: try read.integer())
        case 3: return .request(offset: try read.integer(), stride: try read.integer())
        case 4: return .local(offset: try read.integer())
        case let other: throw read.failure("\(other) is no kind of argument")
        }
      },
      label: try read.text(),
      cost: try dim(&read),
      isSplit: try read.boolean(),
    )
  }

  private func experiment(_ read: inout ByteReader) throws(PlanError) -> Experiment {
    Experiment(
      name: try read.text(), salt: try read.text(), keyField: try read.index(),
      arms: try read.list(minimum: 16) { (read) throws(PlanError) in
        Experiment.Arm(name: try read.text(), threshold: try read.integer(), program: try read.index())
      },
    )
  }
}
