import TensorTypes

/// A plan as text for people, one fact a line: what `servec dump --stage plan` prints.
package struct PlanDump {
  private let plan: Plan
  private var text = ""

  package static func text(_ plan: Plan) -> String {
    var dump = PlanDump(plan: plan)
    dump.all()
    return dump.text
  }

  private init(plan: Plan) { self.plan = plan }

  private mutating func all() {
    line(0, "plan \(plan.service)")
    line(1, "producer \(plan.producer)")
    line(1, "weights \(plan.weightBytes) bytes")
    line(1, "metadata \(plan.metadata)")
    for symbol in plan.symbols { line(1, "dim \(symbol.name) = \(symbol.minimum)...\(symbol.maximum)") }
    section("request", plan.request) { dump, field in dump.field(field) }
    section("response", plan.response) { dump, field in dump.field(field) }
    section("stores", plan.stores) { dump, store in dump.line(1, "\(store.name): \(store.kind) \(quoted(store.path))") }
    for group in plan.features { self.group(group) }
    for program in plan.programs { self.program(program) }
    if let experiment = plan.experiment { self.experiment(experiment) }
    section("golden vectors", plan.golden) { dump, vector in dump.golden(vector) }
  }

  private mutating func field(_ field: Field) {
    var words = "\(field.name): "
    switch field.kind {
    case .tensor(let element): words += TensorType(element, field.shape).description
    case .enumeration(let cases):
      words += "enum(\(cases.joined(separator: ", ")))\(field.shape.rank == 0 ? "" : field.shape.description)"
    }
    if field.isOptional { words += "?" }
    switch field.refinement {
    case .none: break
    case .integers(let minimum, let maximum): words += " in \(minimum)...\(maximum)"
    case .numbers(let minimum, let maximum): words += " in \(minimum)...\(maximum)"
    case .length(let minimum, let maximum): words += " of \(minimum)...\(maximum) bytes"
    }
    line(1, words)
  }

  private mutating func group(_ group: FeatureGroup) {
    line(
      0,
      "features \(group.name) from \(plan.stores[group.store].name).\(group.table) "
        + "by \(group.keyColumn) = \(plan.request[group.keyField].name), on miss \(group.onMiss == .reject ? "reject" : "default")"
    )
    for column in group.columns {
      let type = TensorType(column.element, Shape(column.shape))
      line(1, "\(column.name): \(type) = \(value(column.defaultValue, column.element))")
    }
  }

  private mutating func program(_ program: Program) {
    var words = "program \(program.name): version \(quoted(program.version))"
    if !program.model.isEmpty { words += ", model \(program.model)" }
    if let batch = program.batch { words += ", batched over \(plan.symbols[batch].name)" }
    words += ", arena \(program.arenaBytes) bytes"
    if program.scratchBytes > 0 { words += ", scratch \(program.scratchBytes) bytes" }
    line(0, words)
    for binding in program.inputs { self.binding("in", binding) }
    for (index, step) in program.steps.enumerated() {
      if let loop = program.requestLoops.first(where: { $0.lowerBound == index }) {
        line(1, "request by request: \(loop.lowerBound)...\(loop.upperBound - 1)")
      }
      let arguments = step.arguments.map { argument in
        switch argument {
        case .arena(let offset): "arena+\(offset)"
        case .weights(let offset): "weights+\(offset)"
        case .scratch(let offset): "scratch+\(offset)"
        case .request(let offset, let stride): "arena+\(offset)+request*\(stride)"
        case .local(let offset): "local+\(offset)"
        }
      }
      let split = step.isSplit ? ", split (\(step.cost) ps)" : ""
      line(
        1, "\(index): \(plan.kernels[step.kernel])(\(arguments.joined(separator: ", ")))  # \(step.label)\(split)")
      for dim in program.foundDims where dim.step == index {
        line(2, "dim \(plan.symbols[dim.symbol].name) = arena+\(dim.offset)")
      }
    }
    for binding in program.outputs { self.binding("out", binding) }
    for literal in program.literals { line(1, "out \(plan.response[literal.field].name) = \(quoted(literal.text))") }
  }

  private mutating func binding(_ direction: String, _ binding: Program.Binding) {
    let port =
      switch binding.port {
      case .request(let field): "request.\(plan.request[field].name)"
      case .presence(let field): "presence of request.\(plan.request[field].name)"
      case .feature(let group, let column): "\(plan.features[group].name).\(plan.features[group].columns[column].name)"
      case .response(let field): "response.\(plan.response[field].name)"
      }
    line(1, "\(direction) arena+\(binding.offset): \(TensorType(binding.element, binding.shape)) \(port)")
  }

  private mutating func experiment(_ experiment: Experiment) {
    line(
      0,
      "experiment \(experiment.name) by request.\(plan.request[experiment.keyField].name), "
        + "salt \(quoted(experiment.salt))")
    for arm in experiment.arms {
      line(1, "\(arm.name): \(plan.programs[arm.program].name) below \(arm.threshold)")
    }
  }

  private mutating func golden(_ vector: GoldenVector) {
    let dims = zip(plan.symbols, vector.dims).map { "\($0.name) = \($1)" }
    let comparisons = vector.comparisons.map { "\($0)" }
    line(
      1,
      "\(plan.programs[vector.program].name) at \(dims.isEmpty ? "no dims" : dims.joined(separator: ", ")): "
        + "\(comparisons.joined(separator: ", ")), tolerance \(vector.tolerance)")
  }

  private mutating func section<T>(_ title: String, _ items: [T], _ print: (inout PlanDump, T) -> Void) {
    if items.isEmpty { return }
    line(0, title)
    for item in items { print(&self, item) }
  }

  private mutating func line(_ depth: Int, _ words: String) {
    text += String(repeating: "  ", count: depth) + words + "\n"
  }

  /// Default values of a row: a text, or numbers, one number standing for equal ones.
  private func value(_ bytes: [UInt8], _ element: ElementType) -> String {
    if element == .string { return quoted(String(decoding: bytes, as: UTF8.self)) }
    let numbers = stride(from: 0, to: bytes.count, by: element.byteCount).map { start in
      bytes.withUnsafeBytes { number(UnsafeRawBufferPointer(rebasing: $0[start..<start + element.byteCount]), element) }
    }
    if let first = numbers.first, Set(numbers).count == 1 { return first }
    return "[\(numbers.joined(separator: ", "))]"
  }

  private func number(_ bytes: UnsafeRawBufferPointer, _ element: ElementType) -> String {
    switch element {
    case .bool, .u8: "\(bytes.loadUnaligned(as: UInt8.self))"
    case .u16: "\(bytes.loadUnaligned(as: UInt16.self))"
    case .u32: "\(bytes.loadUnaligned(as: UInt32.self))"
    case .u64: "\(bytes.loadUnaligned(as: UInt64.self))"
    case .i8: "\(bytes.loadUnaligned(as: Int8.self))"
    case .i16: "\(bytes.loadUnaligned(as: Int16.self))"
    case .i32: "\(bytes.loadUnaligned(as: Int32.self))"
    case .i64: "\(bytes.loadUnaligned(as: Int64.self))"
    case .f16: "\(Float16(bitPattern: bytes.loadUnaligned(as: UInt16.self)))"
    case .bf16: "\(Float(bitPattern: UInt32(bytes.loadUnaligned(as: UInt16.self)) << 16))"
    case .f32: "\(bytes.loadUnaligned(as: Float.self))"
    case .f64: "\(bytes.loadUnaligned(as: Double.self))"
    case .string: "?"
    case .small(let small): "\(small.value(of: bytes[0]))"
    }
  }
}

/// A text in quotes, with what would break the line escaped.
private func quoted(_ text: String) -> String { text.debugDescription }
