import InferenceIR
import PlanFormat
import TensorTypes

/// How long a dispatch takes on one thread, roughly and in picoseconds: enough to tell what is worth splitting.
///
/// The rates are those of a 3.5 GHz core with 8-lane multiply-adds: about 50 of them a nanosecond, 20 bytes a nanosecond
/// of what comes from the outer caches, an elementary function a nanosecond.
struct WorkEstimate {
  let schedule: Schedule

  func picoseconds(_ dispatch: Dispatch) -> Dim {
    switch dispatch.work {
    case .nest(let parts): sum(parts.map { elements($0.value) * 500 })
    case .gemm(let gemm):
      // Every weight is read once, and multiplied for every row.
      product(gemm.node) * 22 + elements(schedule.graph.nodes[gemm.node].inputs[1]) * 60
    case .convolution(let group): convolution(group.node) * 24
    case .pairwiseDots(let dots):
      schedule.shape(of: dots.rows)[0] * Dim(dots.pairs.count) * schedule.shape(of: dots.rows)[2] * 60
    case .search(let search):
      schedule.shape(of: search.queries)[0] * elements(search.matrix) * 20
    case .prefetch: 0
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
      return (schedule.shape(of: node.inputs[0]).dims.first ?? 1) * Dim(ensemble.roots.count) * 10_000
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

  private func elements(_ id: ValueID) -> Dim { schedule.shape(of: id).elementCount }

  private func sum(_ dims: [Dim]) -> Dim { dims.reduce(0, +) }
}
