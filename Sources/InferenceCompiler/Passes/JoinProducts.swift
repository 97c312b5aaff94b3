import InferenceIR
import TensorTypes

/// Makes products that multiply one value one product, with their matrices and biases side by side: queries, keys and
/// values of attention, or the first layers of experts over the same features. One step then reads the value for all.
///
/// Every column keeps its own chain of multiply-adds, so results keep their bits. Their readers find them at an offset
/// in wider rows: only products all of whose readers can look at them there are joined, so that nothing is copied. And
/// only those that are read at one stage: keys for every layer of a decoder would take memory until the last has run.
@Sendable func joinProducts(_ graph: inout Graph) throws(CompileError) {
  let groups = Siblings.all(in: graph)
  let byFirst = Dictionary(uniqueKeysWithValues: groups.map { ($0.members[0].gemm.node, $0) })
  let gone = Set(groups.flatMap(\.members).flatMap { [$0.gemm.node] + $0.gemm.chain })
  let old = graph.nodes
  graph.nodes = []
  for (at, node) in old.enumerated() {
    if !gone.contains(at) { graph.nodes.append(node) }
    do {
      if let group = byFirst[at] { try graph.append(group, old) }
    } catch {
      throw CompileError(origin: error.origin, message: error.message)
    }
  }
}

/// Products that become one, in the order of their nodes.
private struct Siblings {
  /// What they have in common.
  struct Key: Hashable {
    var operand: ValueID
    var op: Op
    var isBiased: Bool
    /// Functions behind the sums.
    var functions: [Op]
    /// Of the matrices: side by side they take no more memory than apart.
    var format: PanelFormat
    /// Of the last reader.
    var stage: Int
  }

  struct Member {
    var gemm: FusionPlan.Gemm
    var matrix: ValueID
    var columns: Int
  }

  let key: Key
  var members: [Member] = []

  var matrices: [ValueID] { members.map(\.matrix) }
  var columns: Int { members.map(\.columns).reduce(0, +) }
  /// The axis of a matrix along which its columns are stored.
  var axis: Int { key.op.storesColumnsAsRows ? 0 : 1 }

  static func all(in graph: Graph) -> [Siblings] {
    let readers = graph.readers
    let stages = graph.stages
    var byOperand: [ValueID: Int] = [:]
    for node in graph.nodes where node.op.isProduct { byOperand[node.inputs[0], default: 0] += 1 }
    let layout = ImageLayout(graph)
    var found: [Key: Siblings] = [:]
    for (at, node) in graph.nodes.enumerated() where node.op.isProduct && byOperand[node.inputs[0], default: 0] > 1 {
      guard let (key, member) = candidate(at, graph, readers, stages, layout) else { continue }
      found[key, default: Siblings(key: key)].members.append(member)
    }
    let groups = found.values.map { $0.readInPlace(graph, readers) }.filter { $0.members.count > 1 }
    // A matrix that is multiplied elsewhere, too, would be stored twice, unless its neighbours are the same there.
    let uses = Dictionary(grouping: groups, by: \.matrices).mapValues(\.count)
    return groups.filter { group in
      let all = group.matrices
      return Set(all).count == all.count && all.allSatisfy { readers[$0]?.count == uses[all] }
    }
  }

  private static func candidate(
    _ at: Int, _ graph: Graph, _ readers: [ValueID: [Int]], _ stages: [Int], _ layout: ImageLayout,
  ) -> (Key, Member)? {
    let node = graph.nodes[at]
    guard let gemm = FusionPlan.gemm(at, graph, readers, [], layout), let matrix = graph[node.inputs[1]].constant,
      matrix.element == .f32
    else { return nil }
    let isTransposed = node.op.storesColumnsAsRows
    let columns = matrix.shape[isTransposed ? 0 : 1]
    let functions = gemm.epilogue.map { graph.nodes[$0].op }
    // Products of fewer columns are dot products, whose sums have another order.
    guard columns >= GemmKernel.fewColumns, functions.allSatisfy(\.isUnary),
      let stage = graph.lastStage(reading: gemm.result, readers, stages)
    else { return nil }
    let key = Key(
      operand: node.inputs[0], op: node.op, isBiased: gemm.bias != nil, functions: functions,
      format: PanelFormat(holding: matrix, isTransposed: isTransposed), stage: stage)
    return (key, Member(gemm: gemm, matrix: node.inputs[1], columns: columns))
  }

  /// Without the members that some reader would need a copy of.
  private func readInPlace(_ graph: Graph, _ readers: [ValueID: [Int]]) -> Siblings {
    var result = self
    result.members = members.filter { member in
      var rows = graph.type(of: member.gemm.result).shape
      rows.dims[rows.rank - 1] = Dim(columns)
      return graph.isReadInPlace(member.gemm.result, .dense(.buffer(0), rows), readers)
    }
    return result
  }
}

extension Graph {
  /// For every node the most products, attentions among them, on a way from an input up to it.
  fileprivate var stages: [Int] {
    var before: [ValueID: Int] = [:]
    return nodes.map { node in
      let stage = (node.inputs.map { before[$0] ?? 0 }.max() ?? 0) + (node.op.readsStrided ? 1 : 0)
      for id in node.outputs { before[id] = stage }
      return stage
    }
  }

  /// The stage of the last node that reads a value, through a few movements; nil where more follow each other.
  fileprivate func lastStage(
    reading id: ValueID, _ readers: [ValueID: [Int]], _ stages: [Int], moves: Int = 8,
  ) -> Int? {
    var last = 0
    for at in readers[id] ?? [] {
      var stage: Int? = stages[at]
      if nodes[at].op.isStridedView {
        stage = moves > 0 ? lastStage(reading: nodes[at].outputs[0], readers, stages, moves: moves - 1) : nil
      }
      guard let stage else { return nil }
      last = max(last, stage)
    }
    return last
  }

  /// Whether whoever reads a value can do so in a part of wider rows, through movements that are but other strides, too.
  fileprivate func isReadInPlace(
    _ id: ValueID, _ view: View, _ readers: [ValueID: [Int]], isMoved: Bool = false,
  ) -> Bool {
    guard !outputs.contains(id), let all = readers[id] else { return false }
    return all.allSatisfy { at in
      let node = nodes[at]
      if node.op.isStridedView {
        let (from, to) = (type(of: id).shape, type(of: node.outputs[0]).shape)
        guard let shown = view.moved(by: node.op, from: from, to: to) else { return false }
        return isReadInPlace(node.outputs[0], shown, readers, isMoved: true)
      }
      guard node.op.readsStrided else { return false }
      // Packed matrices multiply rows.
      let isPacked = node.op.isProduct && self[node.inputs[1]].constant != nil
      return !isPacked || (!isMoved && node.op.multipliesRows)
    }
  }

  /// Adds a product and what follows it, and where each member's result stands in it.
  fileprivate mutating func append(_ group: Siblings, _ old: [Node]) throws(ShapeError) {
    let first = old[group.members[0].gemm.node]
    let name = self[first.outputs[0]].name
    let matrices = group.matrices.compactMap { self[$0].constant }
    let matrix = addConstant(self[first.inputs[1]].name, Constant(joining: matrices, axis: group.axis))
    var result = try add(group.key.op, [group.key.operand, matrix], name: name, origin: first.origin)[0]
    let biases = group.members.compactMap { member in member.gemm.bias.flatMap { self[$0].constant?.flat } }
    if group.key.isBiased {
      let bias = addConstant("\(name).bias", Constant(joining: biases, axis: 0))
      result = try add(.binary(.add), [result, bias], name: name, origin: first.origin)[0]
    }
    for function in group.key.functions {
      result = try add(function, [result], name: name, origin: first.origin)[0]
    }
    var start = 0
    for member in group.members {
      let slice = Op.slice(
        axis: type(of: result).shape.rank - 1, start: Dim(start), length: Dim(member.columns), step: 1)
      nodes.append(
        Node(op: slice, inputs: [result], outputs: [member.gemm.result], origin: old[member.gemm.node].origin))
      start += member.columns
    }
  }
}

extension Op {
  fileprivate var isUnary: Bool { if case .unary = self { true } else { false } }
  fileprivate var isProduct: Bool { if case .matmul = self { true } else { false } }
  fileprivate var storesColumnsAsRows: Bool { if case .matmul(_, transposeB: true) = self { true } else { false } }
  fileprivate var multipliesRows: Bool { if case .matmul(transposeA: false, _) = self { true } else { false } }
}

extension Constant {
  /// The same elements as a vector.
  fileprivate var flat: Constant { Constant(element: element, shape: [elementCount], data: data) }

  /// Tensors that differ in the length of one axis, one after the other along it.
  fileprivate init(joining parts: [Constant], axis: Int) {
    var shape = parts[0].shape
    shape[axis] = parts.map { $0.shape[axis] }.reduce(0, +)
    let rows = shape[..<axis].reduce(1, *)
    let data = ConstantBytes(byteCount: parts.map(\.data.bytes.count).reduce(0, +)) { target in
      var at = 0
      for row in 0..<rows {
        for part in parts {
          let length = part.data.bytes.count / rows
          let source = UnsafeRawBufferPointer(rebasing: part.data.bytes[row * length..<(row + 1) * length])
          UnsafeMutableRawBufferPointer(rebasing: target[at..<at + length]).copyMemory(from: source)
          at += length
        }
      }
    }
    self.init(element: parts[0].element, shape: shape, data: data)
  }
}
