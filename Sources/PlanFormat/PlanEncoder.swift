import TensorTypes

/// `Plan` to the bytes of the plan section and the golden section.
struct PlanEncoder {
  private let symbolIndex: [String: Int]

  private init(_ plan: Plan) {
    symbolIndex = Dictionary(plan.symbols.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Everything but the golden vectors.
  static func planSection(_ plan: Plan) throws(PlanError) -> [UInt8] {
    let encoder = PlanEncoder(plan)
    var out = ByteWriter()
    try out.text(plan.service)
    try out.text(plan.producer)
    try out.list(plan.symbols) { (out, symbol) throws(PlanError) in
      try out.text(symbol.name)
      out.integer(Int64(symbol.minimum))
      out.integer(Int64(symbol.maximum))
    }
    try out.list(plan.request, encoder.field)
    try out.list(plan.response, encoder.field)
    try out.list(plan.stores) { (out, store) throws(PlanError) in
      try out.text(store.name)
      out.integer(store.kind.rawValue)
      try out.text(store.path)
    }
    try out.list(plan.features, encoder.group)
    try out.list(plan.programs, encoder.program)
    try out.list(plan.experiment.map { [$0] } ?? [], encoder.experiment)
    try out.list(plan.kernels) { (out, name) throws(PlanError) in try out.text(name) }
    out.integer(plan.weightBytes)
    try out.text(plan.metadata)
    return out.bytes
  }

  static func goldenSection(_ vectors: [GoldenVector]) throws(PlanError) -> [UInt8] {
    var out = ByteWriter()
    try out.list(vectors) { (out, vector) throws(PlanError) in
      try out.count(vector.program)
      try out.list(vector.dims) { (out, dim) throws(PlanError) in out.integer(Int64(dim)) }
      try out.list(vector.inputs, tensor)
      try out.list(vector.outputs, tensor)
      try out.list(vector.comparisons) { (out, comparison) throws(PlanError) in out.integer(comparison.rawValue) }
      out.double(vector.tolerance)
    }
    return out.bytes
  }

  private static func tensor(_ out: inout ByteWriter, _ tensor: GoldenVector.Tensor) throws(PlanError) {
    try out.blob(tensor.bytes)
    try out.list(tensor.strings) { (out, text) throws(PlanError) in try out.blob(text) }
  }

  private func shape(_ out: inout ByteWriter, _ shape: Shape) throws(PlanError) {
    try out.list(shape.dims, dim)
  }

  private func dim(_ out: inout ByteWriter, _ dim: Dim) throws(PlanError) {
    try out.list(dim.terms) { (out, term) throws(PlanError) in
      out.integer(Int64(term.coefficient))
      try out.list(term.monomial) { (out, symbol) throws(PlanError) in
        guard let index = symbolIndex[symbol] else {
          throw .invalid(at: "dimension \(dim)", problem: "\(symbol) is not among the plan's symbols")
        }
        try out.count(index)
      }
    }
  }

  private func field(_ out: inout ByteWriter, _ field: Field) throws(PlanError) {
    try out.text(field.name)
    switch field.kind {
    case .tensor(let element):
      out.integer(UInt8(0))
      out.integer(element.code)
    case .enumeration(let cases):
      out.integer(UInt8(1))
      try out.list(cases) { (out, name) throws(PlanError) in try out.text(name) }
    }
    try shape(&out, field.shape)
    out.boolean(field.isOptional)
    switch field.refinement {
    case .none:
      out.integer(UInt8(0))
    case .integers(let minimum, let maximum):
      out.integer(UInt8(1))
      out.integer(minimum)
      out.integer(maximum)
    case .numbers(let minimum, let maximum):
      out.integer(UInt8(2))
      out.double(minimum)
      out.double(maximum)
    case .length(let minimum, let maximum):
      out.integer(UInt8(3))
      out.integer(Int64(minimum))
      out.integer(Int64(maximum))
    }
  }

  private func group(_ out: inout ByteWriter, _ group: FeatureGroup) throws(PlanError) {
    try out.text(group.name)
    try out.count(group.store)
    try out.text(group.table)
    try out.text(group.keyColumn)
    try out.count(group.keyField)
    out.integer(group.onMiss.rawValue)
    try out.list(group.columns) { (out, column) throws(PlanError) in
      try out.text(column.name)
      out.integer(column.element.code)
      try out.list(column.shape) { (out, extent) throws(PlanError) in out.integer(Int64(extent)) }
      try out.blob(column.defaultValue)
    }
  }

  private func program(_ out: inout ByteWriter, _ program: Program) throws(PlanError) {
    try out.text(program.name)
    try out.text(program.model)
    try out.text(program.version)
    try out.list(program.batch.map { [$0] } ?? []) { (out, symbol) throws(PlanError) in try out.count(symbol) }
    try out.list(program.inputs, binding)
    try out.list(program.outputs, binding)
    try out.list(program.literals) { (out, literal) throws(PlanError) in
      try out.count(literal.field)
      try out.text(literal.text)
    }
    try out.list(program.steps, step)
    try out.list(program.requestLoops) { (out, loop) throws(PlanError) in
      try out.count(loop.lowerBound)
      try out.count(loop.upperBound)
    }
    try out.list(program.foundDims) { (out, dim) throws(PlanError) in
      try out.count(dim.symbol)
      try out.count(dim.step)
      out.integer(dim.offset)
    }
    out.integer(program.arenaBytes)
    out.integer(program.scratchBytes)
  }

  private func binding(_ out: inout ByteWriter, _ binding: Program.Binding) throws(PlanError) {
    switch binding.port {
    case .request(let field):
      out.integer(UInt8(0))
      try out.count(field)
    case .presence(let field):
      out.integer(UInt8(1))
      try out.count(field)
    case .feature(let group, let column):
      out.integer(UInt8(2))
      try out.count(group)
      try out.count(column)
    case .response(let field):
      out.integer(UInt8(3))
      try out.count(field)
    }
    out.integer(binding.element.code)
    try shape(&out, binding.shape)
    out.integer(binding.offset)
  }

  private func step(_ out: inout ByteWriter, _ step: Program.Step) throws(PlanError) {
    try out.count(step.kernel)
    try out.list(step.arguments) { (out, argument) throws(PlanError) in
      switch argument {
      case .arena(let offset):
        out.integer(UInt8(0))
        out.integer(offset)
      case .weights(let offset):
        out.integer(UInt8(1))
        out.integer(offset)
      case .scratch(let offset):
        out.integer(UInt8(2))
        out.integer(offset)
      case .request(let offset, let stride):
        out.integer(UInt8(3))
        out.integer(offset)
        out.integer(stride)
      case .local(let offset):
        out.integer(UInt8(4))
        out.integer(offset)
      }
    }
    try out.text(step.label)
    try dim(&out, step.cost)
    out.boolean(step.isSplit)
  }

  private func experiment(_ out: inout ByteWriter, _ experiment: Experiment) throws(PlanError) {
    try out.text(experiment.name)
    try out.text(experiment.salt)
    try out.count(experiment.keyField)
    try out.list(experiment.arms) { (out, arm) throws(PlanError) in
      try out.text(arm.name)
      out.integer(arm.threshold)
      try out.count(arm.program)
    }
  }
}
