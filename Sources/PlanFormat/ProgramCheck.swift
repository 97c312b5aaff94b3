import TensorTypes

/// What must hold of one program: it reads and writes inside its arena and the weights, and answers every field.
struct ProgramCheck {
  private static let maximumArena: UInt64 = 1 << 42

  let plan: Plan
  let program: Program
  let ranges: SymbolRanges

  private var place: String { "program \(program.name)" }

  func check() throws(PlanError) {
    try require(!program.name.isEmpty, place, "it has no name")
    try require(program.arenaBytes <= Self.maximumArena, place, "an arena of \(program.arenaBytes) bytes")
    try require(program.scratchBytes <= Self.maximumArena, place, "a scratch of \(program.scratchBytes) bytes")
    if let batch = program.batch {
      try require(plan.symbols.indices.contains(batch), place, "there is no symbol \(batch) to batch over")
      try require(plan.symbols[batch].minimum >= 1, place, "a batch of no request")
    }
    for binding in program.inputs { try input(binding) }
    for binding in program.outputs { try output(binding) }
    let ports = (program.inputs + program.outputs).map(\.port)
    try require(Set(ports).count == ports.count, place, "a value is bound twice")
    try answersEveryField()
    try requestLoops()
    try foundDims()
    for (index, step) in program.steps.enumerated() {
      try self.step(step, inLoop: program.requestLoops.contains { $0.contains(index) })
    }
  }

  private func requestLoops() throws(PlanError) {
    try require(program.requestLoops.isEmpty || program.batch != nil, place, "a loop over requests without a batch")
    var end = 0
    for loop in program.requestLoops {
      try require(
        loop.lowerBound >= end && !loop.isEmpty && loop.upperBound <= program.steps.count, place,
        "a loop over the steps \(loop)")
      end = loop.upperBound
    }
  }

  /// What the executor reads lies in the arena, and no input has a size that only a step tells.
  private func foundDims() throws(PlanError) {
    try require(program.foundDims.isEmpty || program.batch == nil, place, "a dimension that requests do not share")
    var last = 0
    for dim in program.foundDims {
      try require(plan.symbols.indices.contains(dim.symbol), place, "there is no symbol \(dim.symbol) to find")
      try require(
        dim.step >= last && program.steps.indices.contains(dim.step), place, "a dimension of step \(dim.step)")
      try require(
        dim.offset % 8 == 0 && program.arenaBytes >= 8 && dim.offset <= program.arenaBytes - 8, place,
        "a dimension at byte \(dim.offset)")
      let name = plan.symbols[dim.symbol].name
      for binding in program.inputs {
        try require(
          !binding.shape.dims.contains { $0.symbols.contains(name) }, place, "an input with the dimension \(name)")
      }
      last = dim.step
    }
    let found = program.foundDims.map(\.symbol)
    try require(Set(found).count == found.count, place, "a dimension is found twice")
  }

  private func input(_ binding: Program.Binding) throws(PlanError) {
    switch binding.port {
    case .request(let index):
      let field = try requestField(index)
      try matches(binding, field.element, field.shape, field.name)
    case .presence(let index):
      let field = try requestField(index)
      try require(field.isOptional, place, "\(field.name) is always present")
      try matches(binding, .bool, .scalar, "the presence of \(field.name)")
    case .feature(let groupIndex, let columnIndex):
      try require(plan.features.indices.contains(groupIndex), place, "there are no features \(groupIndex)")
      let group = plan.features[groupIndex]
      try require(group.columns.indices.contains(columnIndex), place, "\(group.name) has no column \(columnIndex)")
      let column = group.columns[columnIndex]
      let rows = plan.request[group.keyField].shape.dims
      try matches(
        binding, column.element, Shape(rows + column.shape.map { Dim($0) }), "\(group.name).\(column.name)")
    case .response:
      throw .invalid(at: place, problem: "a response field is no input")
    }
  }

  private func output(_ binding: Program.Binding) throws(PlanError) {
    guard case .response(let index) = binding.port else {
      throw .invalid(at: place, problem: "an output that is no response field")
    }
    try require(plan.response.indices.contains(index), place, "there is no response field \(index)")
    let field = plan.response[index]
    try matches(binding, field.element, field.shape, field.name)
  }

  private func requestField(_ index: Int) throws(PlanError) -> Field {
    try require(plan.request.indices.contains(index), place, "there is no request field \(index)")
    return plan.request[index]
  }

  private func matches(
    _ binding: Program.Binding, _ element: ElementType, _ shape: Shape, _ name: String,
  ) throws(PlanError) {
    let bound = TensorType(binding.element, binding.shape)
    let declared = TensorType(element, shape)
    try require(bound == declared, place, "\(name) is \(declared) and bound as \(bound)")
    if let batch = program.batch {
      try require(
        !shape.dims.contains { $0.symbols.contains(plan.symbols[batch].name) }, place,
        "\(name) has the batch dimension, which requests do not see")
    }
    try require(binding.offset % 64 == 0, place, "\(name) is not aligned to 64 bytes")
    let requests = program.batch.map { plan.symbols[$0].maximum } ?? 1
    guard let bytes = ranges.maximumBytes(element, shape), let offset = Int(exactly: binding.offset) else {
      throw .invalid(at: place, problem: "\(name) has no bound")
    }
    let (total, overflow) = bytes.multipliedReportingOverflow(by: requests)
    let (end, tooFar) = total.addingReportingOverflow(offset)
    try require(
      !overflow && !tooFar && UInt64(end) <= program.arenaBytes, place,
      "\(name) reaches past the arena's \(program.arenaBytes) bytes")
  }

  private func answersEveryField() throws(PlanError) {
    var answered: Set<Int> = []
    for binding in program.outputs {
      if case .response(let index) = binding.port { answered.insert(index) }
    }
    for literal in program.literals {
      try require(plan.response.indices.contains(literal.field), place, "there is no response field \(literal.field)")
      let field = plan.response[literal.field]
      try require(
        field.kind == .tensor(.string) && field.shape == .scalar, place, "\(field.name) is no string")
      try require(answered.insert(literal.field).inserted, place, "\(field.name) is answered twice")
    }
    for (index, field) in plan.response.enumerated() {
      try require(answered.contains(index), place, "nothing answers \(field.name)")
    }
  }

  private func step(_ step: Program.Step, inLoop: Bool) throws(PlanError) {
    let place = "program \(program.name), step \(step.label)"
    try require(plan.kernels.indices.contains(step.kernel), place, "there is no kernel \(step.kernel)")
    for argument in step.arguments {
      switch argument {
      case .arena(let offset):
        try require(offset <= program.arenaBytes, place, "byte \(offset) is past the arena")
      case .weights(let offset):
        try require(offset <= plan.weightBytes, place, "byte \(offset) is past the weights")
      case .scratch(let offset):
        try require(offset <= program.scratchBytes, place, "byte \(offset) is past the scratch")
      case .request(let offset, let stride):
        try require(inLoop, place, "a part of a request outside of a loop over requests")
        let last = UInt64(program.batch.map { plan.symbols[$0].maximum } ?? 1) - 1
        let (start, overflow) = stride.multipliedReportingOverflow(by: last)
        try require(
          !overflow && start <= program.arenaBytes && offset <= program.arenaBytes - start, place,
          "request \(last) from byte \(offset) on is past the arena")
      case .local(let offset):
        try require(inLoop, place, "memory of a request outside of a loop over requests")
        try require(offset <= program.scratchBytes, place, "byte \(offset) is past the scratch")
      }
    }
    try require(ranges.maximum(of: step.cost) != nil, place, "its cost has no bound")
  }
}
