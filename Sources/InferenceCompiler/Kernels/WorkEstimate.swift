import InferenceIR
import PlanFormat
import TensorTypes

/// How long a dispatch takes on one thread, roughly and in picoseconds: enough to tell what is worth splitting.
///
/// The rates are those of a 3.5 GHz core with 8-lane multiply-adds: about 50 of them a nanosecond, 20 bytes a nanosecond
/// of what comes from the outer caches, an elementary function a nanosecond.
struct WorkEstimate {
  let schedule: Schedule
  private static let function = 1000

  /// - Parameter kernel: what the dispatch became, which says how weights are stored.
  func picoseconds(_ dispatch: Dispatch, _ kernel: Kernel) -> Dim {
    switch dispatch.work {
    case .nest(let parts): sum(parts.map { elements($0.value) * Dim(500 + functions(of: $0) * Self.function) })
    case .gemm(let gemm):
      // Every weight is read once, and multiplied for every row.
      product(gemm.node) * 22 + elements(schedule.graph.nodes[gemm.node].inputs[1]) * Dim(15 * kernel.weightWidth)
        + elements(gemm.result) * Dim(functions(in: gemm.epilogue) * Self.function)
    case .convolution(let group):
      // One map a channel: what is read and written takes longer than the multiply-adds.
      (schedule.shape(of: schedule.graph.nodes[group.node].inputs[1])[1] == 1
        ? (elements(schedule.graph.nodes[group.node].inputs[0]) + elements(group.result)) * 120
        : convolution(group.node) * Dim(kernel.isWinograd ? 14 : 24))
        + elements(group.result) * Dim(functions(in: group.chain[...]) * Self.function)
    case .pairwiseDots(let dots):
      schedule.shape(of: dots.rows)[0] * Dim(dots.pairs.count) * schedule.shape(of: dots.rows)[2] * 60
    case .search(let search, _):
      schedule.shape(of: search.queries)[0] * elements(search.matrix) * 20
    case .searchJoin(let search, _):
      elements(search.queries) * Dim(search.k * 1000)
    case .prefetch, .searchStart: 0
    case .anchor(let at): anchor(at)
    }
  }

  private func anchor(_ at: Int) -> Dim {
    let node = schedule.graph.nodes[at]
    if case .matmul = node.op { return product(at) * 60 }
    if case .convolution = node.op { return convolution(at) * 1500 }
    if case .pool(let op) = node.op { return elements(node.outputs[0]) * Dim(op.window.elementCount * 500) }
    if case .attention = node.op {
      // Scores and their sums with values, and an exponential for each.
      let (q, k) = (schedule.shape(of: node.inputs[0]), schedule.shape(of: node.inputs[1]))
      let keys = k[k.rank - 2]
      let products: Dim = (elements(node.inputs[0]) + elements(node.outputs[0])) * keys
      let scores: Dim = Shape(Array(q.dims.dropLast())).elementCount * keys
      return products * Dim(30) + scores * Dim(1000)
    }
    if case .recurrent(let recurrence) = node.op {
      return elements(node.inputs[0]) * Dim(recurrence.hidden * 20 + 600)
    }
    if case .treeEnsemble(let ensemble) = node.op {
      return (schedule.shape(of: node.inputs[0]).dims.first ?? 1) * Dim(ensemble.roots.count) * 5000
    }
    return sum(node.inputs.map(elements)) * 1500
  }

  /// Multiply-adds of a matrix product.
  private func product(_ at: Int) -> Dim {
    let node = schedule.graph.nodes[at]
    guard case .matmul(let transposeA, _) = node.op else { return 0 }
    let a = schedule.shape(of: node.inputs[0])
    return elements(node.outputs[0]) * a[transposeA ? a.rank - 2 : a.rank - 1]
  }

  /// Multiply-adds of a convolution.
  private func convolution(_ at: Int) -> Dim {
    let node = schedule.graph.nodes[at]
    guard case .convolution(let op) = node.op else { return 0 }
    return elements(node.outputs[0]) * schedule.shape(of: node.inputs[1])[1] * Dim(op.window.elementCount)
  }

  private func functions(in chain: ArraySlice<Int>) -> Int {
    chain.count { schedule.graph.nodes[$0].op.isElementaryFunction }
  }

  /// Elementary functions for each element of a part: of its own node and of those that it computes as it goes.
  private func functions(of part: NestPart) -> Int {
    var seen: Set<ValueID> = []
    func count(_ id: ValueID, isApplied: Bool) -> Int {
      guard isApplied || schedule.views[id] == nil, let node = schedule.node(defining: id),
        seen.insert(id).inserted
      else { return 0 }
      return node.inputs.reduce(node.op.isElementaryFunction ? 1 : 0) { $0 + count($1, isApplied: false) }
    }
    switch part.source {
    case .computed: return count(part.value, isApplied: true)
    case .copied: return count(part.value, isApplied: false)
    case .shown: return 0
    }
  }

  private func elements(_ id: ValueID) -> Dim { schedule.shape(of: id).elementCount }

  private func sum(_ dims: [Dim]) -> Dim { dims.reduce(0, +) }
}

extension Kernel {
  /// Bytes of a packed weight.
  fileprivate var weightWidth: Int {
    for argument in arguments {
      if case .weights(.panels(_, _, let format)) = argument.memory { return format.byteCount }
    }
    return 4
  }

  fileprivate var isWinograd: Bool {
    arguments.contains { argument in
      if case .weights(.winograd) = argument.memory { true } else { false }
    }
  }
}

extension Op {
  /// Whether an element takes many operations.
  fileprivate var isElementaryFunction: Bool {
    switch self {
    case .unary(let function):
      switch function {
      case .exp, .log, .log1p, .tanh, .sigmoid, .erf, .softplus, .gelu, .geluTanh, .silu, .mish, .sin, .cos, .elu,
        .selu,
        .inverse:
        true
      case .negate, .absolute, .sign, .sqrt, .reciprocal, .square, .relu, .softsign, .hardSwish, .floor, .ceil, .round,
        .not, .isNaN, .isInf, .leakyRelu, .hardSigmoid:
        false
      }
    case .binary(let function): function == .power
    case .compare, .select, .cast, .bitcast, .matmul, .convolution, .pool, .reduce, .argReduce, .softmax, .logSoftmax,
      .layerNorm, .rmsNorm, .attention, .recurrent, .cumulativeSum, .cumulativeProduct, .scatterElements, .scatterND,
      .reshape, .transpose, .expand, .concat, .slice, .gather, .gatherElements, .gatherND, .pad, .positions,
      .nonMaxSuppression, .topK, .oneHot,
      .dimensions, .iota, .treeEnsemble, .bucketize, .hashBucket:
      false
    }
  }
}
