import InferenceIR
import TensorTypes

/// Gives materialised values their memory, last node first, so that a consumer can decide for its producers: the
/// operands of a concat are written straight into their part of it, and a reshape's operand into its result.
struct Places {
  var schedule: Schedule
  let plan: FusionPlan
  /// Values that are another value's memory under another shape: nothing runs for them.
  private(set) var aliases: Set<ValueID> = []
  /// Operands that could not be written in place, by concat node.
  private(set) var concatCopies: [Int: [NestPart]] = [:]

  init(schedule: Schedule, plan: FusionPlan) {
    self.schedule = schedule
    self.plan = plan
  }

  mutating func assign() {
    for at in schedule.graph.nodes.indices.reversed() where !plan.absorbed.contains(at) {
      let node = schedule.graph.nodes[at]
      let isFree = node.outputs.allSatisfy { schedule.views[$0] == nil }
      switch schedule.graph.role(of: node) {
      case .alias:
        alias(node, isFree: isFree)
      case .movement:
        if isFree { placeMissing(node) }
        pushDown(node)
      case .concat:
        placeMissing(node)
        placeOperands(of: node, at)
      case .computed, .anchor:
        placeMissing(node)
      }
    }
  }

  private mutating func placeMissing(_ node: Node) {
    for id in node.outputs where schedule.views[id] == nil && plan.materialised.contains(id) {
      schedule.place(id, .temporary)
    }
  }

  private mutating func placeOperands(of node: Node, _ at: Int) {
    guard case .concat(let axis) = node.op, let whole = schedule.views[node.outputs[0]] else { return }
    var start: Dim = 0
    for id in node.inputs {
      let part = whole.slice(axis: axis, start: start)
      if canPlace(id) {
        schedule.views[id] = part
      } else {
        concatCopies[at, default: []].append(NestPart(value: id, source: .copied, target: part))
      }
      start = start + schedule.shape(of: id)[axis]
    }
  }

  /// Whether the value is made by a kernel and nobody decided yet where it goes.
  private func canPlace(_ id: ValueID) -> Bool {
    schedule.views[id] == nil && schedule.definitions[id] != nil && plan.materialised.contains(id)
  }

  private mutating func alias(_ node: Node, isFree: Bool) {
    let (x, y) = (node.inputs[0], node.outputs[0])
    let (from, to) = (schedule.shape(of: x), schedule.shape(of: y))
    if isFree, let given = schedule.views[x] {
      // The operand already stands somewhere: look at it there if its strides allow.
      if let shown = given.reshaped(from: from, to: to) {
        schedule.views[y] = shown
        aliases.insert(y)
        return
      }
    }
    placeMissing(node)
    pushDown(node)
  }

  /// Lets a reshape's operand be written where its result stands.
  private mutating func pushDown(_ node: Node) {
    guard case .reshape = node.op else { return }
    let (x, y) = (node.inputs[0], node.outputs[0])
    guard canPlace(x), let target = schedule.views[y],
      let shown = target.reshaped(from: schedule.shape(of: y), to: schedule.shape(of: x)),
      schedule.layout.admits(shown, for: x, schedule.shape(of: x))
    else { return }
    schedule.views[x] = shown
    aliases.insert(y)
  }
}
