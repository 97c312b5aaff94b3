import InferenceIR
import TensorTypes

/// A recurrent layer with its operands in memory. Its rows of gates and states are padded to 16 lanes.
struct RecurrentLayer {
  let node: Node
  let recurrence: Recurrence
  private let views: [Recurrence.Operand: View]
  private let results: [View]
  let lengthElement: ElementType
  let steps: Dim
  let batch: Dim

  /// Whether somebody reads the states of all steps.
  let keepsStates: Bool

  /// Most rows that go through a sequence together: as many as `state_product` takes.
  static let tile = 6

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
    let states = node.outputs[0]
    keepsStates =
      schedule.graph.outputs.contains(states) || schedule.graph.nodes.contains { $0.inputs.contains(states) }
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

  /// Whether products start from the inputs where they stand. Else these are copied to the gates first, with their rows
  /// padded; a row beyond its sequence's length has no inputs at a step.
  var readsInputs: Bool { recurrence.hidden == width && !recurrence.hasLengths }

  func view(_ operand: Recurrence.Operand) -> View { views[operand] ?? View(root: .buffer(0), offset: 0, strides: []) }
  func result(_ at: Int) -> View { results[at] }

  /// The row's elements of a gate.
  func gate(_ at: Int) -> CExpression {
    "gates" + ("row" * .integer(recurrence.gateCount * width) + .integer(at * width))
  }
}
