import InferenceIR
import TensorTypes

/// Recognises `softmax(scale * q kᵀ + mask) v`, so that scores stay in the cache; also where weights that are NaN are
/// replaced by 0 first, as PyTorch exports it.
@Sendable func raiseAttention(_ graph: inout Graph) throws(CompileError) {
  let readers = graph.readers
  let outputs = Set(graph.outputs)
  try graph.raise { graph, node, patterns throws(ShapeError) in
    guard case .matmul(transposeA: false, let transposed) = node.op,
      let weights = Weights(node.inputs[0], graph, patterns), case let softmax = weights.softmax,
      case .softmax(let axis) = softmax.op,
      weights.values.allSatisfy({ readers[$0.key]?.count == $0.value && !outputs.contains($0.key) }),
      axis == graph.type(of: softmax.inputs[0]).shape.rank - 1,
      let scores = Scores(softmax.inputs[0], graph, patterns), graph[node.inputs[1]].constant == nil
    else { return nil }
    var raising = AttentionRaising(
      scores: scores, unattended: weights.unattended, origin: node.origin, name: graph[node.outputs[0]].name)
    let values = transposed ? try raising.swapped(node.inputs[1], &graph, patterns) : node.inputs[1]
    guard let result = try raising.attention(values, &graph, patterns),
      graph.type(of: result) == graph.type(of: node.outputs[0])
    else { return nil }
    return result
  }
}

/// What values are weighed by: a softmax, or `where(isNaN(p), 0, p)` of one.
private struct Weights {
  let softmax: Node
  let unattended: Unattended
  /// Values that vanish, with the number of operands that read them.
  let values: [ValueID: Int]

  init?(_ id: ValueID, _ graph: Graph, _ patterns: Patterns) {
    guard let node = patterns.definitions[id] else { return nil }
    guard case .select = node.op else {
      (softmax, unattended, values) = (node, .nan, [id: 1])
      return
    }
    let (test, weights) = (node.inputs[0], node.inputs[2])
    guard patterns.operand(of: .isNaN, test) == weights, Patterns.scalar(node.inputs[1], graph) == 0,
      let softmax = patterns.definitions[weights]
    else { return nil }
    (self.softmax, unattended, values) = (softmax, .zero, [id: 1, test: 1, weights: 2])
  }
}

/// Chooses which scores are replaced by a number too low to count.
private struct Condition {
  let value: ValueID
  /// Whether scores stay where it is true, or where it is false.
  let admits: Bool
  let low: Double
}

/// Scores as products of queries and keys with scales and masks on top.
private struct Scores {
  let transposed: Bool
  let q: ValueID
  let k: ValueID
  var scale: Double
  /// Added to the scaled products.
  var masks: [ValueID] = []
  var conditions: [Condition] = []

  init?(_ id: ValueID, _ graph: Graph, _ patterns: Patterns) {
    var (id, scale) = (id, 1.0)
    var masks: [ValueID] = []
    var conditions: [Condition] = []
    let type = graph.type(of: id)
    for _ in 0..<6 {
      guard let node = patterns.definitions[id], graph.type(of: id) == type else { return nil }
      if case .matmul(transposeA: false, let transposed) = node.op {
        let (q, k) = (patterns.unscaled(node.inputs[0], graph), patterns.unscaled(node.inputs[1], graph))
        guard graph[k.value].constant == nil else { return nil }
        self.transposed = transposed
        (self.q, self.k) = (q.value, k.value)
        self.scale = scale * q.scale * k.scale
        self.masks = masks
        self.conditions = conditions
        return
      }
      // A scale outside would scale masks as well.
      if case .binary(.add) = node.op, scale == 1 {
        let isProduct = Self.leadsToProduct(node.inputs[0], graph, patterns)
        masks.append(node.inputs[isProduct ? 1 : 0])
        id = node.inputs[isProduct ? 0 : 1]
      } else if case .select = node.op, scale == 1, let low = Patterns.scalar(node.inputs[2], graph), low < -1e30 {
        conditions.append(Condition(value: node.inputs[0], admits: true, low: low))
        id = node.inputs[1]
      } else if case .select = node.op, scale == 1, let low = Patterns.scalar(node.inputs[1], graph), low < -1e30 {
        conditions.append(Condition(value: node.inputs[0], admits: false, low: low))
        id = node.inputs[2]
      } else {
        let inner = patterns.unscaled(id, graph)
        guard inner.value != id else { return nil }
        scale *= inner.scale
        id = inner.value
      }
    }
    return nil
  }

  /// Which operand of a sum holds the scores.
  private static func leadsToProduct(_ id: ValueID, _ graph: Graph, _ patterns: Patterns) -> Bool {
    var id = id
    for _ in 0..<4 {
      guard let node = patterns.definitions[id] else { return false }
      if case .matmul = node.op { return true }
      if case .binary = node.op {
        id = Patterns.scalar(node.inputs[0], graph) != nil ? node.inputs[1] : node.inputs[0]
      } else if case .select = node.op {
        id = node.inputs[1]
      } else {
        return false
      }
    }
    return false
  }
}

private struct AttentionRaising {
  let scores: Scores
  let unattended: Unattended
  let origin: String
  let name: String

  /// The attention; nil when the masks do not fit.
  mutating func attention(
    _ values: ValueID, _ graph: inout Graph, _ patterns: Patterns,
  ) throws(ShapeError) -> ValueID? {
    let keys = scores.transposed ? scores.k : try swapped(scores.k, &graph, patterns)
    var masks = scores.masks
    for condition in scores.conditions {
      let zero = graph.addConstant("\(name).zero", Constant(.f32, [], [0 as Float]))
      let low = graph.addConstant("\(name).low", Constant(.f32, [], [Float(condition.low)]))
      let choice = condition.admits ? [condition.value, zero, low] : [condition.value, low, zero]
      masks.append(try graph.add(.select, choice, name: "\(name).mask", origin: origin)[0])
    }
    var mask: ValueID?
    for next in masks {
      mask =
        try mask.map { before throws(ShapeError) in
          try graph.add(.binary(.add), [before, next], name: "\(name).mask", origin: origin)[0]
        } ?? next
    }
    if let result = try grouped(keys, values, mask, &graph, patterns) { return result }
    let operands = [scores.q, keys, values] + (mask.map { [$0] } ?? [])
    return try graph.add(.attention(scale: scores.scale, unattended: unattended), operands, name: name, origin: origin)[
      0]
  }

  /// The value with its last two axes exchanged; a transposition before it is taken into account.
  func swapped(_ id: ValueID, _ graph: inout Graph, _ patterns: Patterns) throws(ShapeError) -> ValueID {
    let rank = graph.type(of: id).shape.rank
    var (source, permutation) = (id, Array(0..<rank))
    if let node = patterns.definitions[id], case .transpose(let before) = node.op {
      (source, permutation) = (node.inputs[0], before)
    }
    permutation.swapAt(rank - 2, rank - 1)
    if permutation == Array(0..<rank) { return source }
    return try graph.add(.transpose(permutation), [source], name: "\(name).swapped", origin: origin)[0]
  }

  /// Keys and values that were repeated for groups of heads (`[B, H, T, D]` from `[B, K, 1, T, D]`) are read where they
  /// stand: an axis of groups takes the place of the copies.
  private func grouped(
    _ keys: ValueID, _ values: ValueID, _ mask: ValueID?, _ graph: inout Graph, _ patterns: Patterns,
  ) throws(ShapeError) -> ValueID? {
    func repeated(_ id: ValueID) -> ValueID? {
      guard let reshape = patterns.definitions[id], case .reshape(let flat) = reshape.op, flat.rank == 4,
        let expand = patterns.definitions[reshape.inputs[0]], case .expand(let wide) = expand.op, wide.rank == 5
      else { return nil }
      let source = graph.type(of: expand.inputs[0]).shape
      guard source.rank == 5, source[2] == 1, Array(wide.dims[..<2]) == Array(source.dims[..<2]), flat[0] == wide[0],
        flat[1] == wide[1] * wide[2], Array(flat.dims[2...]) == Array(wide.dims[3...])
      else { return nil }
      return expand.inputs[0]
    }
    let q = graph.type(of: scores.q).shape
    guard q.rank == 4, let k = repeated(keys), let v = repeated(values) else { return nil }
    let heads = graph.type(of: k).shape[1]
    guard let group = q[1].dividedExactly(by: heads), graph.type(of: v).shape[1] == heads else { return nil }
    var operands = [
      try graph.add(
        .reshape([q[0], heads, group, q[2], q[3]]), [scores.q], name: "\(name).q", origin: origin)[0], k, v,
    ]
    if let mask {
      let shape = graph.type(of: mask).shape
      guard shape.rank < 3 || (shape.rank == 4 && (shape[1] == 1 || shape[1] == q[1])) else { return nil }
      let split: Shape =
        shape.rank < 3
        ? shape : shape[1] == 1 ? [shape[0], 1, 1, shape[2], shape[3]] : [shape[0], heads, group, shape[2], shape[3]]
      let isSplit = split != shape
      operands.append(
        isSplit ? try graph.add(.reshape(split), [mask], name: "\(name).mask", origin: origin)[0] : mask)
    }
    let result = try graph.add(
      .attention(scale: scores.scale, unattended: unattended), operands, name: name, origin: origin)[0]
    let shape = graph.type(of: result).shape
    return try graph.add(.reshape([q[0], q[1], shape[3], shape[4]]), [result], name: name, origin: origin)[0]
  }
}
