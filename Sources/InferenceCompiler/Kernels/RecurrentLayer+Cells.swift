import InferenceIR
import TensorTypes

extension RecurrentLayer {
  /// One step for all rows: products of the state with its weights on top of the inputs' part, then the new state.
  /// - Parameters:
  ///   - each: wraps statements into a loop over rows.
  ///   - update: wraps the statements that renew a row's state.
  func cellSteps(each: ([CStatement]) -> CStatement, update: ([CStatement]) -> CStatement) -> [CStatement] {
    switch recurrence.cell {
    case .simple:
      return [product("state", gates: 0..<1), update([lanes([next("state", activated(0, gateLanes(0)))])])]
    case .lstm:
      return [product("state", gates: 0..<4), update(longShortTerm)]
    case .gru:
      let blend = lanes([
        vector("candidate", activated(1, candidate)),
        // (1 - renewal) * candidate + renewal * state
        next("state", .call("m_fma", [gateLanes(0), local("state") - "candidate", "candidate"])),
      ])
      guard recurrence.resetsAfter else {
        let scaled = lanes([next("other", gateLanes(1) * local("state"))])
        return [
          product("state", gates: 0..<2), each([activation(0, gates: 0..<2), scaled]),
          product("other", gates: 2..<3), update([blend]),
        ]
      }
      return biasedProducts(each: each) + [update([activation(0, gates: 0..<2), blend])]
    }
  }

  /// What goes into the function of a GRU's state.
  private var candidate: CExpression {
    recurrence.resetsAfter ? .call("m_fma", [gateLanes(1), local("other"), inputLanes(2)]) : gateLanes(2)
  }

  private var longShortTerm: [CStatement] {
    if recurrence.hasPeepholes { return [lanes(peepingLongShortTerm)] }
    let forget = recurrence.couplesGates ? .cast("f32x16", .float(1)) - gateLanes(0) : gateLanes(2)
    return [
      activation(0, gates: recurrence.couplesGates ? 0..<2 : 0..<3), activation(1, gates: 3..<4),
      lanes([
        vector("kept", forget * local("cell")),
        vector("memory", .call("m_fma", [gateLanes(0), gateLanes(3), "kept"])),
        next("cell", "memory"), next("state", gateLanes(1) * function(2, "memory")),
      ]),
    ]
  }

  /// The last gate sees the new cell, so gates cannot go through their functions all at once.
  private var peepingLongShortTerm: [CStatement] {
    func seen(_ gate: Int, peephole: Int, _ cell: CExpression) -> CExpression {
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
    let first = gates.lowerBound
    let target: (CExpression, CExpression) = ("gates" + .integer(first * width), .integer(recurrence.gateCount * width))
    return stateProduct(
      source, gate: first, on: readsInputs ? ("x" + .integer(first * recurrence.hidden), "xRow") : target, into: target,
      columns: gates.count * width)
  }

  /// The products of a GRU that resets after them: the last gate's, with its bias, goes to `other`. Every other step
  /// begins with that gate, where the step before has ended.
  private func biasedProducts(each: ([CStatement]) -> CStatement) -> [CStatement] {
    let (hidden, row) = (recurrence.hidden, CExpression.integer(width))
    let isDense = hidden == width
    let bias: CStatement = .expression(.call("copy_row", ["resetBias", "other" + "row" * row, .integer(hidden), row]))
    let gates = product("state", gates: 0..<2)
    let last = stateProduct(
      "state", gate: 2, on: isDense ? ("resetBias", 0) : ("other", row), into: ("other", row), columns: width)
    return (isDense ? [] : [each([bias])]) + [.branch(isBackward, then: [last, gates], else: [gates, last])]
  }

  /// Pointers come with the distance of their rows. Every other step runs through the panels backward.
  private func stateProduct(
    _ source: CExpression, gate: Int, on start: (CExpression, CExpression), into target: (CExpression, CExpression),
    columns: Int,
  ) -> CStatement {
    let hidden = recurrence.hidden
    return .expression(
      .call(
        "state_product",
        [
          source, .integer(width), "panels" + .integer(gate * width * hidden), .integer(hidden), start.0, start.1,
          target.0, target.1, "rows", .integer(columns), isBackward,
        ]))
  }

  private var isBackward: CExpression { .binary("t", "&", 1) }

  // MARK: 16 units at a time

  /// Puts neighbouring gates through one function in a loop of its own, whose turns do not wait for each other.
  private func activation(_ at: Int, gates: Range<Int>) -> CStatement {
    let lanes: CExpression = .load("f32x16", gate(gates.lowerBound) + "n")
    return .loop(
      variable: "n", from: 0, below: .integer(gates.count * width), step: 16, [.assign(lanes, activated(at, lanes))])
  }

  private func lanes(_ body: [CStatement]) -> CStatement {
    .loop(variable: "n", from: 0, below: .integer(width), step: 16, body)
  }

  private func vector(_ name: String, _ value: CExpression) -> CStatement {
    .declare(type: "const f32x16", name: name, value)
  }

  private func gateLanes(_ at: Int) -> CExpression { .load("f32x16", gate(at) + "n") }

  /// The inputs' part of a gate that no product was added to.
  private func inputLanes(_ at: Int) -> CExpression {
    readsInputs
      ? .load("f32x16_unaligned", "x" + ("row" * "xRow" + .integer(at * recurrence.hidden)) + "n") : gateLanes(at)
  }

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
