import InferenceIR
import TensorTypes

/// Gives materialised values their memory, last node first, so that a consumer can decide for its producers: the
/// operands of a concat are written straight into their part of it, and a reshape's operand into its result.
struct Places {
  var schedule: Schedule
  let plan: FusionPlan
  /// Values whose kernels write or read rows of neighbours.
  private let inRows: Set<ValueID>
  /// Values that are another value's memory under another shape: nothing runs for them.
  private(set) var aliases: Set<ValueID> = []
  /// Operands that could not be written in place, by concat node.
  private(set) var concatCopies: [Int: [NestPart]] = [:]

  init(schedule: Schedule, plan: FusionPlan) {
    self.schedule = schedule
    self.plan = plan
    var inRows: Set<ValueID> = []
    for node in schedule.graph.nodes {
      if schedule.graph.needsRows(node) { inRows.formUnion([node.inputs[0], node.outputs[0]]) }
      if case .attention = node.op { inRows.insert(node.outputs[0]) }
    }
    self.inRows = inRows
  }

  mutating func assign() {
    let shown = valuesReadInPlace()
    for at in schedule.graph.nodes.indices.reversed() where !plan.absorbed.contains(at) {
      let node = schedule.graph.nodes[at]
      let isFree = node.outputs.allSatisfy { schedule.views[$0] == nil }
      if isFree, shown.contains(node.outputs[0]) { continue }
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
    for node in schedule.graph.nodes where shown.contains(node.outputs[0]) { show(node) }
  }

  /// Results of movements that only products and attention read, whose kernels take any strides: they need no memory
  /// where their operand has some. Products with packed matrices read rows so, which slices leave whole.
  private func valuesReadInPlace() -> Set<ValueID> {
    let graph = schedule.graph
    let readers = graph.readers
    let packed = Dictionary(uniqueKeysWithValues: plan.gemms.values.map { ($0.node, $0) })
    var shown: Set<ValueID> = []
    for (at, node) in graph.nodes.enumerated().reversed() where !plan.absorbed.contains(at) {
      guard node.op.isStridedView, let y = node.outputs.first, !graph.outputs.contains(y),
        plan.materialised.contains(y),
        let all = readers[y],
        all.allSatisfy({ reader in
          if let gemm = packed[reader] { return node.op.leavesRowsWhole && gemm.readsRows(y, of: graph) }
          return !plan.absorbed.contains(reader) && plan.gemms[reader] == nil
            && (graph.nodes[reader].op.readsStrided || shown.contains(graph.nodes[reader].outputs[0]))
        })
      else { continue }
      shown.insert(y)
    }
    return shown
  }

  /// Looks at the operand's memory under the movement's strides, or gives the result its own.
  private mutating func show(_ node: Node) {
    let (x, y) = (node.inputs[0], node.outputs[0])
    if schedule.views[y] != nil { return }
    if let given = schedule.views[x],
      let view = given.moved(by: node.op, from: schedule.shape(of: x), to: schedule.shape(of: y))
    {
      schedule.views[y] = view
      aliases.insert(y)
    } else {
      placeMissing(node)
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
      if canPlace(id), keepsRows(part, of: id) {
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

  /// Whether the kernels of a value find its rows where `view` shows it.
  private func keepsRows(_ view: View, of id: ValueID) -> Bool {
    !inRows.contains(id) || view.strides.last == 1 || schedule.shape(of: id).dims.last == 1
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
    if case .transpose(let permutation) = node.op { return pushDown(node, permutation) }
    guard case .reshape = node.op else { return }
    let (x, y) = (node.inputs[0], node.outputs[0])
    guard canPlace(x), let target = schedule.views[y],
      let shown = target.reshaped(from: schedule.shape(of: y), to: schedule.shape(of: x)),
      schedule.layout.admits(shown, for: x, schedule.shape(of: x)), keepsRows(shown, of: x)
    else { return }
    schedule.views[x] = shown
    aliases.insert(y)
  }

  /// Lets the rows of a product or of attention be written where their transposition stands.
  private mutating func pushDown(_ node: Node, _ permutation: [Int]) {
    let (x, y) = (node.inputs[0], node.outputs[0])
    guard canPlace(x), let target = schedule.views[y], let maker = schedule.node(defining: x), maker.op.readsStrided,
      permutation.last == permutation.count - 1, target.strides.last == 1,
      schedule.definitions[x].map({ plan.gemms[$0] == nil }) ?? false
    else { return }
    var strides = target.strides
    for (to, from) in permutation.enumerated() { strides[from] = target.strides[to] }
    schedule.views[x] = View(root: target.root, offset: target.offset, strides: strides)
    aliases.insert(y)
  }
}

extension Op {
  /// Whether the result is the operand's memory under other strides.
  var isStridedView: Bool {
    if case .slice(_, _, _, let step) = self { return step > 0 }
    if case .transpose = self { return true }
    if case .reshape = self { return true }
    return false
  }

  /// Whether the elements of a row stay side by side.
  fileprivate var leavesRowsWhole: Bool {
    if case .slice(_, _, _, step: 1) = self { true } else { false }
  }

  /// Whether the kernel reads and writes matrices with any strides.
  var readsStrided: Bool {
    if case .matmul = self { return true }
    if case .attention = self { return true }
    return false
  }
}

extension FusionPlan.Gemm {
  /// Whether it multiplies a value's rows, and reads it nowhere else.
  fileprivate func readsRows(_ id: ValueID, of graph: Graph) -> Bool {
    guard case .matmul(transposeA: false, _) = graph.nodes[node].op else { return false }
    return !chain.contains { graph.nodes[$0].inputs.contains(id) }
  }
}

extension View {
  /// The view of a movement's result; nil when that needs a copy.
  func moved(by op: Op, from: Shape, to: Shape) -> View? {
    if case .transpose(let permutation) = op {
      return View(root: root, offset: offset, strides: permutation.map { strides[$0] })
    }
    if case .slice(let axis, let start, _, let step) = op {
      var view = slice(axis: axis, start: start)
      view.strides[axis] = view.strides[axis] * Dim(step)
      return view
    }
    return reshaped(from: from, to: to)
  }
}
