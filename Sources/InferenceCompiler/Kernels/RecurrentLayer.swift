import InferenceIR
import TensorTypes

/// The arithmetic of one recurrent layer, on rows of gates and states that are padded to 16 lanes.
struct RecurrentLayer {
  let node: Node
  let recurrence: Recurrence
  private let views: [Recurrence.Operand: View]
  private let results: [View]
  let lengthElement: ElementType
  let steps: Dim
  let batch: Dim

  /// Rows that go through a sequence together: four tiles of six.
  static let block = 24

  init(_ node: Node, _ recurrence: Recurrence, _ schedule: Schedule) throws(EmitFailure) {
    func fail(_ message: String) -> EmitFailure {
      .unsupported(CompileError(origin: node.origin, message: message))
    }
    let x = schedule.type(of: node.inputs[0])
    guard x.element == .f32 else { throw fail("recurrent has no kernel for \(x.element)") }
    var views: [Recurrence.Operand: View] = [:]
    for (operand, id) in zip(recurrence.operands, node.inputs) {
      guard let view = schedule.views[id] else { throw fail("needs its operands in memory") }
      views[operand] = view
    }
    self.node = node
    self.recurrence = recurrence
    self.views = views
    results = node.outputs.compactMap { schedule.views[$0] }
    lengthElement = recurrence.hasLengths ? schedule.type(of: node.inputs[node.inputs.count - 1]).element : .i64
    (steps, batch) = (x.shape[0], x.shape[1])
    guard results.count == node.outputs.count else { throw fail("needs its results in memory") }
    // Rows of one element have no neighbours, whatever the stride.
    func isDense(_ view: View) -> Bool { view.strides.last == 1 || recurrence.hidden == 1 }
    for operand in [Recurrence.Operand.inputs, .state, .cell, .resetBias, .peepholes] {
      guard views[operand].map(isDense) ?? true else { throw fail("needs dense rows") }
    }
    guard results.allSatisfy(isDense) else { throw fail("needs dense rows") }
  }

  /// Elements of a state's row.
  var width: Int { (recurrence.hidden + 15) / 16 * 16 }

  func view(_ operand: Recurrence.Operand) -> View { views[operand] ?? View(root: .buffer(0), offset: 0, strides: []) }
  func result(_ at: Int) -> View { results[at] }

  /// The row's elements of a gate.
  func gate(_ at: Int) -> CExpression {
    "gates" + ("row" * .integer(recurrence.gateCount * width) + .integer(at * width))
  }
}

// MARK: - Arithmetic

extension RecurrentLayer {
  /// One step for all rows: products of the state with its weights on top of the inputs' part in `gates`, then the new
  /// state.
  /// - Parameters:
  ///   - each: wraps statements into a loop over rows.
  ///   - update: wraps the statements that renew a row's state.
  func cellSteps(each: ([CStatement]) -> CStatement, update: ([CStatement]) -> CStatement) -> [CStatement] {
    switch recurrence.cell {
    case .simple:
      return [product("state", gates: 0..<1), update([lanes([next("state", activated(0, gateLanes(0)))])])]
    case .lstm:
      return [product("state", gates: 0..<4), update([lanes(longShortTerm)])]
    case .gru:
      let candidate = CExpression.name("candidate")
      // (1 - update) * candidate + update * state
      let blend = next("state", .call("m_fma", ["renewal", local("state") - candidate, candidate]))
      let renewal = vector("renewal", activated(0, gateLanes(0)))
      if recurrence.resetsAfter {
        let bias: CStatement = .expression(
          .call(
            "copy_row", ["resetBias", "other" + "row" * .integer(width), .integer(recurrence.hidden), .integer(width)]))
        let reset = activated(0, gateLanes(1))
        let sum: CExpression = .call("m_fma", [reset, local("other"), gateLanes(2)])
        return [
          product("state", gates: 0..<2), each([bias]),
          panelProduct("state", gate: 2, into: "other", .integer(width), columns: width),
          update([lanes([renewal, vector("candidate", activated(1, sum)), blend])]),
        ]
      }
      let scaled = next("other", activated(0, gateLanes(1)) * local("state"))
      return [
        product("state", gates: 0..<2), each([lanes([scaled])]), product("other", gates: 2..<3),
        update([lanes([renewal, vector("candidate", activated(1, gateLanes(2))), blend])]),
      ]
    }
  }

  private var longShortTerm: [CStatement] {
    func seen(_ gate: Int, peephole: Int, _ cell: CExpression) -> CExpression {
      guard recurrence.hasPeepholes else { return gateLanes(gate) }
      let weights: CExpression = .call(
        "load_part",
        [
          "peepholes" + .integer(peephole * recurrence.hidden) + "n",
          .conditional("n" + 16 <= .integer(recurrence.hidden), 16, .integer(recurrence.hidden) - "n"),
        ])
      return .call("m_fma", [weights, cell, gateLanes(gate)])
    }
    let admit = vector("admit", activated(0, seen(0, peephole: 0, local("cell"))))
    let forget: CExpression =
      recurrence.couplesGates
      ? .cast("f32x16", .float(1)) - "admit" : activated(0, seen(2, peephole: 2, local("cell")))
    let kept = forget * local("cell")
    return [
      admit, vector("kept", kept),
      vector("memory", .call("m_fma", ["admit", activated(1, gateLanes(3)), "kept"])),
      next("cell", "memory"),
      next("state", activated(0, seen(1, peephole: 1, "memory")) * function(2, "memory")),
    ]
  }

  /// Adds the products of `source` with the weights of neighbouring gates to these.
  private func product(_ source: CExpression, gates: Range<Int>) -> CStatement {
    panelProduct(
      source, gate: gates.lowerBound, into: "gates" + .integer(gates.lowerBound * width),
      .integer(recurrence.gateCount * width), columns: gates.count * width)
  }

  private func panelProduct(
    _ source: CExpression, gate: Int, into target: CExpression, _ stride: CExpression, columns: Int,
  ) -> CStatement {
    let hidden = recurrence.hidden
    return .expression(
      .call(
        "panel_product",
        [
          source, .integer(width), 1, "panels" + .integer(gate * width * hidden), 16, .integer(hidden * 16),
          .integer(hidden), target, stride, "rows", .integer(columns), 1,
        ]))
  }

  // MARK: 16 units at a time

  private func lanes(_ body: [CStatement]) -> CStatement {
    .loop(variable: "n", from: 0, below: .integer(width), step: 16, body)
  }

  private func vector(_ name: String, _ value: CExpression) -> CStatement {
    .declare(type: "const f32x16", name: name, value)
  }

  private func gateLanes(_ at: Int) -> CExpression { .load("f32x16", gate(at) + "n") }

  private func local(_ name: CExpression) -> CExpression {
    .load("f32x16", name + ("row" * .integer(width) + "n"))
  }

  private func next(_ name: CExpression, _ value: CExpression) -> CStatement { .assign(local(name), value) }

  private func activated(_ at: Int, _ sum: CExpression) -> CExpression {
    guard let clip = recurrence.clip else { return function(at, sum) }
    let (low, high) = (
      CExpression.cast("f32x16", .float(Float(-clip))), CExpression.cast("f32x16", .float(Float(clip)))
    )
    return function(at, .call("m_minimum", [.call("m_maximum", [sum, low]), high]))
  }

  private func function(_ at: Int, _ value: CExpression) -> CExpression {
    Emitter.call(recurrence.activations[at], value)
  }
}
