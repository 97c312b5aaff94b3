import InferenceIR
import TensorTypes

extension Schedule {
  /// Decides where every value stands and which kernels run.
  init(_ graph: Graph) throws(CompileError) {
    self.graph = graph
    definitions = graph.definitions
    layout = ImageLayout(graph)
    let plan = FusionPlan(graph, layout)
    placePorts()
    var places = Places(schedule: self, plan: plan)
    places.assign()
    (buffers, views) = (places.schedule.buffers, places.schedule.views)
    try makeDispatches(plan, places)
    mergeNests()
    addPrefetches()
  }

  /// Inputs, outputs and constants stand where the outside expects them.
  private mutating func placePorts() {
    for id in graph.inputs where views[id] == nil { place(id, .input) }
    for id in graph.outputs where views[id] == nil { place(id, .output) }
    for at in graph.values.indices where graph.values[at].constant != nil {
      views[ValueID(at)] = .dense(.constant(ValueID(at)), shape(of: ValueID(at)))
    }
  }

  /// Gives a value a buffer of its own.
  mutating func place(_ id: ValueID, _ role: Buffer.Role) {
    let type = graph.type(of: id)
    buffers.append(Buffer(element: type.element, count: type.shape.elementCount, role: role, name: graph[id].name))
    let root = Root.buffer(buffers.count - 1)
    let isImage = role == .temporary && layout.channelsLast.contains(id)
    views[id] = isImage ? .channelsLast(root, type.shape) : .dense(root, type.shape)
  }

  private mutating func makeDispatches(_ plan: FusionPlan, _ places: Places) throws(CompileError) {
    for (at, node) in graph.nodes.enumerated() where !plan.absorbed.contains(at) {
      if let gemm = plan.gemms[at] {
        dispatches.append(Dispatch(work: .gemm(gemm), origin: graph.nodes[gemm.node].origin))
      } else if let group = plan.convolutions[at] {
        dispatches.append(Dispatch(work: .convolution(group), origin: graph.nodes[group.node].origin))
      } else if let dots = plan.pairwiseDots[at] {
        dispatches.append(Dispatch(work: .pairwiseDots(dots), origin: node.origin))
      } else if let search = plan.searches[at] {
        addSearch(search, node.origin)
      } else {
        switch graph.role(of: node) {
        case .anchor:
          dispatches.append(Dispatch(work: .anchor(at), origin: node.origin))
        case .computed, .movement:
          guard let id = node.outputs.first, plan.materialised.contains(id), !places.aliases.contains(id),
            let target = views[id]
          else { continue }
          addNest([NestPart(value: id, source: .computed, target: target)], node.origin)
        case .concat:
          addNest(places.concatCopies[at] ?? [], node.origin)
        case .alias:
          guard !places.aliases.contains(node.outputs[0]), let target = views[node.outputs[0]],
            let source = views[node.inputs[0]]
          else { continue }
          addNest(try copyParts(node, from: source, to: target), node.origin)
        }
      }
    }
  }

  /// A reshape that needs a copy: one side's view shows the elements under the other's shape.
  private func copyParts(_ node: Node, from source: View, to target: View) throws(CompileError) -> [NestPart] {
    let (x, y) = (node.inputs[0], node.outputs[0])
    if let shown = source.reshaped(from: shape(of: x), to: shape(of: y)) {
      return [NestPart(value: y, source: .shown(shown), target: target)]
    }
    if let shown = target.reshaped(from: shape(of: y), to: shape(of: x)) {
      return [NestPart(value: x, source: .copied, target: shown)]
    }
    throw CompileError(
      origin: node.origin, message: "reshape of \(shape(of: x)) to \(shape(of: y)) inside strided memory")
  }

  /// One step where all rows are many or the columns few, else three.
  private mutating func addSearch(_ search: FusionPlan.Search, _ origin: String) {
    let kernel = SearchKernel(search: search)
    guard kernel.isChunked, shape(of: search.queries)[0].constant ?? 1 <= SearchKernel.rows else {
      dispatches.append(Dispatch(work: .search(search, states: nil), origin: origin))
      return
    }
    let states = buffers.count
    buffers.append(
      Buffer(
        element: .u8, count: Dim(SearchKernel.sharedBytes + kernel.chunks * kernel.groupBytes), role: .temporary,
        name: "candidates"))
    dispatches.append(Dispatch(work: .searchStart(states: states), origin: origin))
    dispatches.append(Dispatch(work: .search(search, states: states), origin: origin))
    dispatches.append(Dispatch(work: .searchJoin(search, states: states), origin: origin))
  }

  private mutating func addNest(_ parts: [NestPart], _ origin: String) {
    if !parts.isEmpty { dispatches.append(Dispatch(work: .nest(parts), origin: origin)) }
  }

  /// Makes neighbouring nests one kernel, unless a later one reads what an earlier one writes.
  private mutating func mergeNests() {
    var merged: [Dispatch] = []
    for dispatch in dispatches {
      if case .nest(let parts) = dispatch.work, let last = merged.last, case .nest(let earlier) = last.work,
        areIndependent(earlier, parts)
      {
        merged[merged.count - 1].work = .nest(earlier + parts)
      } else {
        merged.append(dispatch)
      }
    }
    dispatches = merged
  }

  private func areIndependent(_ earlier: [NestPart], _ later: [NestPart]) -> Bool {
    let written = Set(earlier.map(\.target.root))
    return later.allSatisfy { written.isDisjoint(with: roots(of: $0)) }
  }

  /// All memory that a part reads.
  private func roots(of part: NestPart) -> Set<Root> {
    var found: Set<Root> = []
    var seen: Set<ValueID> = []
    func visit(_ id: ValueID, applied: Bool) {
      if !applied, let view = views[id] {
        found.insert(view.root)
      } else if seen.insert(id).inserted, let node = node(defining: id) {
        for operand in node.inputs { visit(operand, applied: false) }
      }
    }
    switch part.source {
    case .computed: visit(part.value, applied: true)
    case .copied: visit(part.value, applied: false)
    case .shown(let view): found.insert(view.root)
    }
    return found
  }

  /// Touches table rows before anything else runs: a gather then finds them in the cache, however large the table.
  private mutating func addPrefetches() {
    let inputs = Set(graph.inputs.compactMap { views[$0]?.root })
    var wanted: [Prefetch] = []
    for node in graph.nodes {
      guard case .gather(axis: 0, _) = node.op, let table = graph[node.inputs[0]].constant,
        table.data.bytes.count >= 1 << 18, graph[node.inputs[1]].constant == nil,
        type(of: node.inputs[1]).element != .string
      else { continue }
      let part = NestPart(
        value: node.inputs[1], source: .copied, target: View(root: .buffer(-1), offset: 0, strides: []))
      // Constants (lookup tables of columns) are there from the start as well.
      let isReady = roots(of: part).allSatisfy { root in
        if case .constant = root { return true }
        return inputs.contains(root)
      }
      if isReady { wanted.append(Prefetch(table: node.inputs[0], indices: node.inputs[1])) }
    }
    if wanted.isEmpty { return }
    dispatches.insert(Dispatch(work: .prefetch(wanted), origin: graph.name), at: 0)
  }
}
