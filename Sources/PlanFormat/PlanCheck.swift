import TensorTypes

/// Everything that must hold of a plan before a byte of it is trusted: every index inside its list, every offset
/// inside its section. Writing and opening both ask it, so the reader of a plan needs no checks of its own.
struct PlanCheck {
  /// More would not be a dimension of anything that fits a machine.
  private static let maximumExtent = 1 << 40
  private static let maximumRank = 16
  private static let maximumBatch = 1 << 20

  private let plan: Plan
  private let ranges: SymbolRanges

  static func check(_ plan: Plan) throws(PlanError) {
    try PlanCheck(plan: plan, ranges: SymbolRanges(plan.symbols)).all()
  }

  private func all() throws(PlanError) {
    try require(!plan.service.isEmpty, "the service", "it has no name")
    try symbols()
    try unique(plan.request.map(\.name), "request")
    for field in plan.request { try self.field(field, of: "request") }
    for field in plan.request { try requestShape(field) }
    try unique(plan.response.map(\.name), "response")
    for field in plan.response { try self.field(field, of: "response") }
    try unique(plan.stores.map(\.name), "stores")
    try unique(plan.features.map(\.name), "features")
    for group in plan.features { try self.group(group) }
    try unique(plan.kernels, "kernels")
    try require(!plan.programs.isEmpty, "programs", "there are none")
    try unique(plan.programs.map(\.name), "programs")
    for program in plan.programs {
      try ProgramCheck(plan: plan, program: program, ranges: ranges).check()
    }
    try experiment()
    for (index, vector) in plan.golden.enumerated() { try golden(vector, index) }
  }

  private func symbols() throws(PlanError) {
    try unique(plan.symbols.map(\.name), "symbols")
    for symbol in plan.symbols {
      try require(
        0 <= symbol.minimum && symbol.minimum <= symbol.maximum && symbol.maximum <= Self.maximumExtent,
        "symbol \(symbol.name)", "the range \(symbol.minimum)...\(symbol.maximum) is not one")
    }
  }

  private func field(_ field: Field, of owner: String) throws(PlanError) {
    let place = "\(owner) field \(field.name)"
    try require(!field.name.isEmpty, place, "it has no name")
    try require(field.shape.rank <= Self.maximumRank, place, "rank \(field.shape.rank)")
    try require(ranges.maximumBytes(field.element, field.shape) != nil, place, "shape \(field.shape) has no bound")
    if case .enumeration(let cases) = field.kind {
      try unique(cases, place)
      try require(1...256 ~= cases.count, place, "\(cases.count) cases do not fit a byte")
    }
    let fits =
      switch field.refinement {
      case .none: true
      case .integers(let minimum, let maximum):
        field.element.isInteger && (minimum < 0 || UInt64(minimum) <= maximum)
      case .numbers(let minimum, let maximum): field.element.isFloat && minimum <= maximum
      case .length(let minimum, let maximum): field.element == .string && 0 <= minimum && minimum <= maximum
      }
    try require(fits, place, "its bounds do not suit it")
  }

  /// A request states its dimensions by its lengths, so each must be a constant or one symbol.
  private func requestShape(_ field: Field) throws(PlanError) {
    for dim in field.shape.dims {
      try require(
        (dim.constant ?? 0) >= 0 && (dim.constant != nil || dim.symbol != nil), "request field \(field.name)",
        "dimension \(dim) is neither a constant nor a symbol")
    }
  }

  private func group(_ group: FeatureGroup) throws(PlanError) {
    let place = "features \(group.name)"
    try require(plan.stores.indices.contains(group.store), place, "there is no store \(group.store)")
    try require(plan.request.indices.contains(group.keyField), place, "there is no request field \(group.keyField)")
    let key = plan.request[group.keyField]
    try require(key.isKey && key.shape.rank <= 1, place, "\(key.name) cannot be a key")
    try require(!group.columns.isEmpty, place, "there are no columns")
    try unique(group.columns.map(\.name), place)
    for column in group.columns {
      let place = "features \(group.name).\(column.name)"
      try require(column.shape.count <= Self.maximumRank, place, "rank \(column.shape.count)")
      try require(column.shape.allSatisfy { 0...Self.maximumExtent ~= $0 }, place, "shape \(column.shape)")
      guard let bytes = ranges.maximumBytes(column.element, Shape(column.shape)) else {
        throw .invalid(at: place, problem: "shape \(column.shape) is too large")
      }
      if column.element == .string {
        try require(column.shape.isEmpty, place, "a tensor of strings has no form in a column")
        try require(String(validating: column.defaultValue, as: UTF8.self) != nil, place, "the default is not UTF-8")
      } else {
        try require(column.defaultValue.count == bytes, place, "the default has \(column.defaultValue.count) bytes")
      }
    }
  }

  private func experiment() throws(PlanError) {
    guard let experiment = plan.experiment else {
      return try require(plan.programs.count == 1, "programs", "\(plan.programs.count) without an experiment")
    }
    let place = "experiment \(experiment.name)"
    try require(plan.request.indices.contains(experiment.keyField), place, "there is no field \(experiment.keyField)")
    let key = plan.request[experiment.keyField]
    try require(
      key.isKey && key.shape.rank == 0 && !key.isOptional, place, "\(key.name) cannot be its key")
    try unique(experiment.arms.map(\.name), place)
    try require(
      Set(experiment.arms.map(\.program)).count == experiment.arms.count, place, "two arms share a program")
    var below: UInt64 = 0
    for arm in experiment.arms {
      try require(plan.programs.indices.contains(arm.program), place, "arm \(arm.name) has no program")
      try require(arm.threshold >= below, place, "the threshold of arm \(arm.name) is below the one before")
      below = arm.threshold
    }
    try require(below == .max && !experiment.arms.isEmpty, place, "the arms do not cover every key")
  }

  private func golden(_ vector: GoldenVector, _ index: Int) throws(PlanError) {
    let place = "golden vector \(index)"
    try require(plan.programs.indices.contains(vector.program), place, "there is no program \(vector.program)")
    let program = plan.programs[vector.program]
    try require(vector.dims.count == plan.symbols.count, place, "\(vector.dims.count) dimensions")
    for (symbol, value) in zip(plan.symbols, vector.dims) {
      try require(symbol.minimum...symbol.maximum ~= value, place, "\(symbol.name) = \(value) is out of range")
    }
    try require(vector.tolerance >= 0 && vector.tolerance.isFinite, place, "tolerance \(vector.tolerance)")
    try require(vector.inputs.count == program.inputs.count, place, "\(vector.inputs.count) inputs")
    try require(vector.outputs.count == program.outputs.count, place, "\(vector.outputs.count) outputs")
    try require(vector.comparisons.count == program.outputs.count, place, "\(vector.comparisons.count) comparisons")
    let values = Dictionary(
      zip(plan.symbols.map(\.name), vector.dims), uniquingKeysWith: { first, _ in first })
    let requests = program.batch.map { vector.dims[$0] } ?? 1
    for (binding, tensor) in zip(program.inputs + program.outputs, vector.inputs + vector.outputs) {
      guard let count = binding.shape.elementCount.evaluate(values), count >= 0 else {
        throw .invalid(at: place, problem: "shape \(binding.shape) has no size")
      }
      // No overflow: the largest size is inside the arena.
      let elements = count * requests
      if binding.element == .string {
        try require(tensor.bytes.isEmpty && tensor.strings.count == elements, place, "a tensor of another length")
      } else {
        try require(
          tensor.strings.isEmpty && tensor.bytes.count == elements * binding.element.byteCount, place,
          "a tensor of \(tensor.bytes.count) bytes where \(elements) elements of \(binding.element) belong")
      }
    }
  }

  private func unique(_ names: [String], _ place: String) throws(PlanError) {
    var seen: Set<String> = []
    for name in names where !seen.insert(name).inserted {
      throw .invalid(at: place, problem: "\(name) stands there twice")
    }
  }
}

extension Field {
  /// Integers and strings name rows and people; nothing else does.
  var isKey: Bool {
    guard case .tensor(let element) = kind else { return false }
    return element.isInteger || element == .string
  }
}

/// Throws `.invalid` unless `condition` holds.
func require(
  _ condition: Bool, _ place: @autoclosure () -> String, _ problem: @autoclosure () -> String,
) throws(PlanError) {
  if !condition { throw .invalid(at: place(), problem: problem()) }
}
