import InferenceIR
import TensorTypes

extension OperatorTable {
  /// Control flow is laid out at import: a graph has none. All operations are pure, so both branches of a choice may
  /// run, and a body may run for nothing.
  static let control: [String: StructuralConversion] = ["If": choice, "Loop": loop, "Scan": scan]

  /// Most rounds of one loop that are laid out.
  static let maximumRounds = 1 << 14

  /// If (ai.onnx 1): the branch that is taken when the condition is known, else both and a choice for each output.
  private static let choice: StructuralConversion = { (importer, call, scope) throws(ImportError) in
    let condition = try importer.condition(try call.operand(0), call)
    let (yes, no) = (try call.body("then_branch"), try call.body("else_branch"))
    if let known = importer.known(condition)?.integers?.first {
      return try importer.run(known != 0 ? yes : no, [], in: scope, call)
    }
    let (taken, other) = (try importer.run(yes, [], in: scope, call), try importer.run(no, [], in: scope, call))
    return try importer.selected(condition, taken, other, call)
  }

  /// Loop (ai.onnx 1, 11, 13, 16): operands trip count, condition and the initial values; its body takes the round, the
  /// condition and the values, and yields the condition, the values and what is stacked along a new first axis.
  private static let loop: StructuralConversion = { (importer, call, scope) throws(ImportError) in
    let body = try call.body("body")
    var carried: [Imported] = []
    for index in 2..<max(call.values.count, 2) { carried.append(try call.value(index)) }
    let stackedCount = body.outputs.count - 1 - carried.count
    guard stackedCount >= 0 else { throw call.fail(.invalid("its body yields \(body.outputs.count) values")) }
    let rounds = try call.optional(0).map { (id) throws(ImportError) in
      try importer.knownInt(id, "a trip count", call)
    }
    var stacks = [[ValueID]](repeating: [], count: stackedCount)
    var condition = try call.optional(1).map { (id) throws(ImportError) in try importer.condition(id, call) }
    /// Whether this round still counts, once a condition is only known at run time.
    var isActive: ValueID?
    var round = 0
    while round < rounds ?? .max {
      if let known = condition.map({ importer.known($0)?.integers?.first }) {
        if known == 0 { break }
        if known == nil { isActive = condition }
      }
      if let id = isActive, rounds == nil { throw importer.needed(id, "a condition without a trip count", call) }
      guard round < maximumRounds else { throw call.fail(.limit("more than \(maximumRounds) rounds")) }
      let number = importer.constant(Constant(.i64, [], [Int64(round)]), call)
      let holds = importer.constant(Constant(.bool, [], [1 as UInt8]), call)
      let results = try importer.run(body, [.tensor(number), .tensor(condition ?? holds)] + carried, in: scope, call)
      var next = Array(results[1..<(1 + carried.count)])
      if let isActive { next = try importer.selected(isActive, next, carried, call) }
      carried = next
      for (at, value) in results[(1 + carried.count)...].enumerated() {
        if let isActive { throw importer.needed(isActive, "a condition that decides the size of an output", call) }
        stacks[at].append(try importer.tensor(value, call))
      }
      condition = try importer.condition(try importer.tensor(results[0], call), call)
      if let active = isActive, let holds = condition {
        condition = try importer.binary(.and, active, holds, call)
      }
      round += 1
    }
    for (at, ids) in stacks.enumerated() {
      if ids.isEmpty, call.outputs.indices.contains(carried.count + at), call.outputs[carried.count + at].isEmpty {
        continue
      }
      carried.append(.tensor(try importer.stacked(ids, axis: 0, call)))
    }
    return carried
  }

  /// Scan (ai.onnx 9, 11, 16, and 8 with its batch axis): operands states, then tensors that are walked along an axis.
  private static let scan: StructuralConversion = { (importer, call, scope) throws(ImportError) in
    let body = try call.body("body")
    guard let walked = try call.int("num_scan_inputs"), walked > 0 else {
      throw call.fail(.invalid("num_scan_inputs is missing"))
    }
    if call.version >= 9 {
      let walk = try Walk(body, states: call.values.count - walked, inputs: walked, &call)
      return try walk.run(try call.variadic(), &importer, scope, call).map { .tensor($0) }
    }
    guard call.values.first.map({ $0 == nil }) ?? true else { throw call.fail(.unsupported("sequence_lens")) }
    let walk = try Walk(body, states: call.values.count - 1 - walked, inputs: walked, &call)
    var operands: [ValueID] = []
    for index in 1..<call.values.count { operands.append(try call.operand(index)) }
    guard let batch = operands.first.map({ importer.shape(of: $0) })?.dims.first?.constant, batch > 0 else {
      throw call.fail(.unsupported("a batch that is empty or not fixed"))
    }
    var rows = [[ValueID]](repeating: [], count: body.outputs.count)
    for row in 0..<batch {
      var parts: [ValueID] = []
      for id in operands { parts.append(try importer.part(row, of: id, axis: 0, call)) }
      for (at, id) in try walk.run(parts, &importer, scope, call).enumerated() { rows[at].append(id) }
    }
    var results: [Imported] = []
    for ids in rows { results.append(.tensor(try importer.stacked(ids, axis: 0, call))) }
    return results
  }

  /// How a Scan goes through its operands.
  private struct Walk {
    let body: GraphProto
    let states: Int
    let inputAxes: [Int]
    let outputAxes: [Int]
    let isReversed: [Bool]
    let isPrepended: [Bool]

    init(_ body: GraphProto, states: Int, inputs: Int, _ call: inout Call) throws(ImportError) {
      let outputs = body.outputs.count - states
      guard states >= 0, outputs >= 0, body.inputs.count == states + inputs else {
        throw call.fail(.invalid("its body does not fit \(states) states and \(inputs) inputs"))
      }
      func list(_ values: [Int]?, _ count: Int) throws(ImportError) -> [Int] {
        let list = values ?? [Int](repeating: 0, count: count)
        guard list.count == count else { throw call.fail(.invalid("\(list) is not \(count) numbers")) }
        return list
      }
      self.body = body
      self.states = states
      let directions = try call.version >= 9 ? call.ints("scan_input_directions") : call.ints("directions")
      let axes = try call.ints("scan_input_axes")
      let outputDirections = try call.ints("scan_output_directions")
      let outputAxes = try call.ints("scan_output_axes")
      isReversed = try list(directions, inputs).map { $0 != 0 }
      inputAxes = try list(axes, inputs)
      isPrepended = try list(outputDirections, outputs).map { $0 != 0 }
      self.outputAxes = try list(outputAxes, outputs)
    }

    func run(
      _ operands: [ValueID], _ importer: inout Importer, _ scope: Scope, _ call: Call,
    ) throws(ImportError) -> [ValueID] {
      var values = Array(operands[..<states])
      let inputs = Array(operands[states...])
      var axes: [Int] = []
      var length: Int?
      for (at, id) in inputs.enumerated() {
        let shape = importer.shape(of: id)
        axes.append(try importer.axis(inputAxes[at], rank: shape.rank, call))
        guard let count = shape[axes[at]].constant, length ?? count == count else {
          throw call.fail(.unsupported("axis \(axes[at]) of \(shape), which is walked and must be fixed"))
        }
        length = count
      }
      let rounds = length ?? 0
      guard rounds <= OperatorTable.maximumRounds else { throw call.fail(.limit("\(rounds) rounds")) }
      var stacks = [[ValueID]](repeating: [], count: outputAxes.count)
      for round in 0..<rounds {
        var arguments: [Imported] = values.map { .tensor($0) }
        for (at, id) in inputs.enumerated() {
          let place = isReversed[at] ? rounds - 1 - round : round
          arguments.append(.tensor(try importer.part(place, of: id, axis: axes[at], call)))
        }
        for (at, result) in try importer.run(body, arguments, in: scope, call).enumerated() {
          let id = try importer.tensor(result, call)
          if at < states { values[at] = id } else { stacks[at - states].append(id) }
        }
      }
      for (at, ids) in stacks.enumerated() {
        let rank = ids.first.map { importer.shape(of: $0).rank + 1 } ?? 1
        let axis = try importer.axis(outputAxes[at], rank: rank, call)
        values.append(try importer.stacked(isPrepended[at] ? ids.reversed() : ids, axis: axis, call))
      }
      return values
    }
  }
}

extension Importer {
  /// A truth value without axes; files write it with one as well.
  mutating func condition(_ id: ValueID, _ call: Call) throws(ImportError) -> ValueID {
    guard element(of: id) == .bool, shape(of: id).elementCount == 1 else {
      throw call.fail(.shape("a condition is \(type(of: id)), not one truth value"))
    }
    return try reshaped(id, .scalar, call)
  }

  func tensor(_ value: Imported, _ call: Call) throws(ImportError) -> ValueID {
    guard let id = value.tensor else { throw call.fail(.unsupported("\(value.kind) where a tensor is expected")) }
    return id
  }

  /// `a` where the condition holds at run time, else `b`: what both are, and their shapes, must agree.
  mutating func selected(
    _ condition: ValueID, _ a: [Imported], _ b: [Imported], _ call: Call,
  ) throws(ImportError) -> [Imported] {
    guard a.count == b.count else { throw call.fail(.invalid("branches yield \(a.count) and \(b.count) values")) }
    var results: [Imported] = []
    for (one, other) in zip(a, b) {
      switch (one, other) {
      case (.tensor(let x), .tensor(let y)): results.append(.tensor(try selected(condition, x, y, call)))
      case (.sequence(let x), .sequence(let y)):
        guard x.count == y.count else {
          throw needed(condition, "a condition that decides the length of a sequence", call)
        }
        var ids: [ValueID] = []
        for (p, q) in zip(x, y) { ids.append(try selected(condition, p, q, call)) }
        results.append(.sequence(ids))
      case (.optional(nil), .optional(nil)): results.append(one)
      case (.optional(let x?), .optional(let y?)):
        results.append(.optional(try selected(condition, [x], [y], call)[0]))
      case (.tensor, _), (.sequence, _), (.optional, _):
        throw needed(condition, "a condition that decides what an output is", call)
      }
    }
    return results
  }

  private mutating func selected(
    _ condition: ValueID, _ a: ValueID, _ b: ValueID, _ call: Call,
  ) throws(ImportError) -> ValueID {
    if a == b { return a }
    guard type(of: a) == type(of: b) else {
      throw needed(condition, "a condition that decides between \(type(of: a)) and \(type(of: b))", call)
    }
    return try emit(.select, condition, a, b, for: call)
  }

  /// One element along an axis, which goes away.
  mutating func part(_ index: Int, of id: ValueID, axis: Int, _ call: Call) throws(ImportError) -> ValueID {
    var dims = shape(of: id).dims
    guard dims.indices.contains(axis) else { throw call.fail(.shape("\(shape(of: id)) has no axis \(axis)")) }
    let one = try emit(.slice(axis: axis, start: Dim(index), length: 1, step: 1), id, for: call)
    dims.remove(at: axis)
    return try reshaped(one, Shape(dims), call)
  }

  /// Tensors of one shape side by side along a new axis.
  mutating func stacked(_ ids: [ValueID], axis: Int, _ call: Call) throws(ImportError) -> ValueID {
    guard let first = ids.first else { throw call.fail(.unsupported("an output that stacks nothing")) }
    var dims = shape(of: first).dims
    dims.insert(1, at: axis)
    var rows: [ValueID] = []
    for id in ids {
      guard type(of: id) == type(of: first) else {
        throw call.fail(.shape("rounds yield \(type(of: first)) and \(type(of: id))"))
      }
      rows.append(try reshaped(id, Shape(dims), call))
    }
    return rows.count == 1 ? rows[0] : try emitAll(.concat(axis: axis), rows, for: call)[0]
  }
}
