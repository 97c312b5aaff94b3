import InferenceIR
import TensorTypes

extension Emitter {
  /// Steps of a recurrent layer. The state's weights stand in panels of 16 columns per gate, packed at build where
  /// they are constant, else once a call. A tile of rows goes through the whole
  /// sequence at once, so that its gates and states stay in the cache and threads share nothing but the weights.
  mutating func recurrent(_ node: Node, _ recurrence: Recurrence) throws(EmitFailure) {
    let layer = try RecurrentLayer(node, recurrence, schedule)
    let (gates, width, hidden) = (recurrence.gateCount, layer.width, recurrence.hidden)
    func scratch(_ index: Int, _ count: Int) -> CExpression {
      pointer(.scratch(index: index, byteCount: Dim(count * 4)), type: "f32", written: true)
    }
    let tile = RecurrentLayer.tile
    levels[0] += [
      .declare(type: "f32 *", name: "gates", scratch(0, tile * gates * width)),
      .declare(type: "f32 *", name: "state", scratch(1, tile * width)),
      .declare(type: "f32 *", name: "cell", scratch(2, tile * width)),
      .declare(type: "f32 *", name: "other", scratch(3, tile * width)),
    ]
    let weights = node.inputs[1]
    if schedule.graph[weights].constant != nil {
      let panels = pointer(.weights(.gates(weights, gates)), type: "f32", written: false)
      levels[0].append(.declare(type: "const f32 *", name: "panels", panels))
    } else {
      let panels = scratch(4, gates * width * hidden)
      let (raw, start) = address(layer.view(.weights), [Affine(0), Affine(0)], element: .f32)
      let (row, column) = (layer.view(.weights).strides[0], layer.view(.weights).strides[1])
      levels[0].append(.declare(type: "f32 *", name: "panels", panels))
      for gate in 0..<gates {
        levels[0].append(
          .expression(
            .call(
              "pack_panels",
              [
                raw + c(start + Affine(row * Dim(gate * hidden))), c(column), c(row), .integer(hidden),
                .integer(hidden), "panels" + .integer(gate * width * hidden),
              ])))
      }
    }
    for (operand, name) in [(Recurrence.Operand.resetBias, "resetBias"), (.peepholes, "peepholes")]
    where recurrence.operands.contains(operand) {
      let (base, start) = address(layer.view(operand), [Affine(0)], element: .f32)
      levels[0].append(.declare(type: "const f32 *", name: name, base + c(start)))
    }
    let rows = c(layer.batch)
    let body = try sequence(layer)
    levels[0] += [
      // Where several threads run the step, few rows are two tiles.
      .declare(
        type: "const i64", name: "least", .conditional("parts" < 2, 0, .conditional(rows < 2, 0, 2))),
      .declare(type: "const i64", name: "full", (rows + .integer(tile - 1)) / .integer(tile)),
      .declare(type: "const i64", name: "tiles", .conditional("full" < "least", "least", "full")),
      .loop(
        variable: "tile", from: 0, below: "tiles", step: 1, kind: .independent,
        [
          .declare(type: "const i64", name: "first", rows * "tile" / "tiles"),
          .declare(type: "const i64", name: "rows", rows * ("tile" + 1) / "tiles" - "first"),
        ] + body),
    ]
  }

  /// All steps for the rows `first ..< first + rows`.
  private mutating func sequence(_ layer: RecurrentLayer) throws(EmitFailure) -> [CStatement] {
    for variable in ["first", "row", "position", "n"] { declare(variable: variable, level: 1) }
    let steps = c(layer.steps)
    let (width, hidden) = (layer.width, layer.recurrence.hidden)
    let row = Affine(variable: "first") + Affine(variable: "row")
    func each(_ body: [CStatement]) -> CStatement {
      .loop(variable: "row", from: 0, below: "rows", step: 1, body)
    }
    func move(_ operand: Recurrence.Operand, _ local: CExpression) -> CStatement {
      let (base, start) = address(layer.view(operand), [row, Affine(0)], element: .f32)
      return .expression(
        .call("copy_row", [base + c(start), local + "row" * .integer(width), .integer(hidden), .integer(width)]))
    }
    var before = [move(.state, "state")]
    if layer.recurrence.cell == .lstm { before.append(move(.cell, "cell")) }

    let length = try lengthStatements(layer, row, steps)
    let position: CStatement = .declare(
      type: "const i64", name: "position", layer.recurrence.reverse ? "length" - 1 - "t" : "t")
    func active(_ body: [CStatement], else otherwise: [CStatement]) -> [CStatement] {
      length + [.branch("t" < "length", then: [position] + body, else: otherwise)]
    }
    declare(variable: "t", level: 1)
    var step = layer.readsInputs ? length + [position] : []
    step += inputs(layer) { each(active($0, else: [])) }
    var (store, rest): ([CStatement], [CStatement]) = ([], [])
    if layer.keepsStates {
      func states(_ step: String) -> CExpression {
        let (y, start) = address(
          layer.result(0), [Affine(variable: step), row, Affine(0)], element: .f32, written: true)
        return y + c(start)
      }
      store = [
        .expression(
          .call("copy_lanes", ["state" + "row" * .integer(width), states("position"), .integer(hidden)]))
      ]
      rest = [.expression(.call("zero_lanes", [states("t"), .integer(hidden)]))]
    }
    step += layer.cellSteps(each: each) { each(active($0 + store, else: rest)) }
    var after: [CStatement] = []
    for (at, local) in zip(1..., ["state", "cell"]) where layer.node.outputs.indices.contains(at) {
      let (base, start) = address(layer.result(at), [row, Affine(0)], element: .f32, written: true)
      after.append(
        .expression(.call("copy_lanes", [.name(local) + "row" * .integer(width), base + c(start), .integer(hidden)])))
    }
    return [each(before), .loop(variable: "t", from: 0, below: steps, step: 1, step), each(after)]
  }

  /// Makes the inputs of step `t` known: as `x` where they stand, or copied to the gates.
  /// - Parameter each: wraps statements into a loop over the rows that have inputs.
  private mutating func inputs(_ layer: RecurrentLayer, each: ([CStatement]) -> CStatement) -> [CStatement] {
    let (position, first, row) = (Affine(variable: "position"), Affine(variable: "first"), Affine(variable: "row"))
    let view = layer.view(.inputs)
    let (x, start) = address(
      view, [position, layer.readsInputs ? first : first + row, Affine(0)], element: .f32)
    let pointer: CStatement = .declare(type: "const f32 *", name: "x", x + c(start))
    if layer.readsInputs { return [pointer, .declare(type: "const i64", name: "xRow", c(view.strides[1]))] }
    let hidden = layer.recurrence.hidden
    let copies: [CStatement] = (0..<layer.recurrence.gateCount).map { gate in
      .expression(
        .call(
          "copy_row", ["x" + .integer(gate * hidden), layer.gate(gate), .integer(hidden), .integer(layer.width)]))
    }
    return [each([pointer] + copies)]
  }

  /// Declares `length`, the elements of this row's sequence.
  private mutating func lengthStatements(
    _ layer: RecurrentLayer, _ row: Affine, _ steps: CExpression,
  ) throws(EmitFailure) -> [CStatement] {
    guard layer.recurrence.hasLengths else { return [.declare(type: "const i64", name: "length", steps)] }
    let (base, start) = address(layer.view(.lengths), [row], element: layer.lengthElement)
    // Lengths come from outside: what is out of range counts as the nearest that is in it.
    let given: CExpression = .cast("i64", base[c(start)])
    return [
      .declare(type: "const i64", name: "given", given),
      .declare(
        type: "const i64", name: "length",
        .conditional("given" < 0, 0, .conditional("given" < steps, "given", steps))),
    ]
  }
}
