import InferenceIR
import TensorTypes

/// Turns dispatches into kernels for one CPU family.
struct Lowering {
  let schedule: Schedule
  let target: Target
  /// Index of each symbol in `dims`.
  let symbols: [String: Int]
  /// By node.
  let trees: [Int: TreeTables]
  let numerics: Numerics

  func kernel(for dispatch: Dispatch) throws(CompileError) -> Kernel {
    var emitter = Emitter(schedule: schedule, target: target, symbols: symbols)
    do throws(EmitFailure) {
      let name = try emit(dispatch, into: &emitter)
      return emitter.kernel(name: name)
    } catch {
      switch error {
      case .unsupported(let error): throw error
      case .notVector: throw CompileError(origin: dispatch.origin, message: "has no vector form")
      }
    }
  }

  private func emit(_ dispatch: Dispatch, into emitter: inout Emitter) throws(EmitFailure) -> String {
    switch dispatch.work {
    case .nest(let parts):
      try emitter.nest(parts)
      return nestName(parts)
    case .gemm(let gemm):
      let kernel = try GemmKernel(gemm, schedule)
      try emitter.gemm(kernel)
      let tail = gemm.epilogue.map { "_" + schedule.graph.nodes[$0].op.mnemonic }.joined()
      return kernel.name + (gemm.bias == nil ? "" : "_bias") + tail
    case .convolution(let group):
      let kernel = try ConvolutionKernel(group, schedule)
      let winograd = numerics == .fast ? WinogradKernel(kernel) : nil
      if kernel.isDepthwise {
        try emitter.depthwise(kernel)
      } else if let winograd {
        try emitter.winograd(winograd)
      } else {
        try emitter.convolution(kernel)
      }
      return (winograd?.name ?? kernel.name) + group.chain.map { "_" + schedule.graph.nodes[$0].op.mnemonic }.joined()
    case .pairwiseDots(let dots):
      try emitter.pairwiseDots(dots)
      return "pairwise_dots"
    case .search(let search, let states):
      try emitter.search(search, states: states)
      return "search_\(search.k)"
    case .searchStart(let states):
      emitter.searchStart(states: states)
      return "search_start"
    case .searchJoin(let search, let states):
      try emitter.searchJoin(search, states: states)
      return "search_\(search.k)_join"
    case .prefetch(let rows):
      try emitter.prefetch(rows)
      return "prefetch_rows"
    case .anchor(let at):
      let node = schedule.graph.nodes[at]
      try anchor(node, at, into: &emitter)
      return node.op.mnemonic.replacing(".", with: "_")
    }
  }

  private func nestName(_ parts: [NestPart]) -> String {
    let first = parts[0]
    let name =
      switch first.source {
      case .computed: schedule.node(defining: first.value)?.op.mnemonic ?? "copy"
      case .copied, .shown: "copy"
      }
    return parts.count == 1 ? name : "\(name)_and_\(parts.count - 1)"
  }

  private func anchor(_ node: Node, _ at: Int, into emitter: inout Emitter) throws(EmitFailure) {
    switch node.op {
    case .matmul(let transposeA, let transposeB): try emitter.batchedProduct(node, transposeA, transposeB)
    case .convolution(let op): try emitter.directConvolution(node, op)
    case .pool(let op): try emitter.pool(node, op)
    case .reduce(let function, let axes, _): try emitter.reduction(node, function, axes)
    case .argReduce(let largest, let axis, _, let last): try emitter.argReduction(node, largest, axis, last)
    case .softmax(let axis): try emitter.softmax(node, axis, logarithm: false)
    case .logSoftmax(let axis): try emitter.softmax(node, axis, logarithm: true)
    case .layerNorm(let axis, let epsilon): try emitter.layerNorm(node, axis, epsilon)
    case .rmsNorm(let axis, let epsilon): try emitter.rmsNorm(node, axis, epsilon)
    case .attention(let scale, let unattended): try emitter.attention(node, scale, unattended)
    case .recurrent(let recurrence): try emitter.recurrent(node, recurrence)
    case .cumulativeSum(let axis, let exclusive, let reverse):
      try emitter.cumulative(node, "+", from: 0, axis, exclusive, reverse)
    case .cumulativeProduct(let axis, let exclusive, let reverse):
      try emitter.cumulative(node, "*", from: 1, axis, exclusive, reverse)
    case .scatterElements(let axis, let reduction): try emitter.scatterElements(node, axis, reduction)
    case .scatterND(let reduction): try emitter.scatterND(node, reduction)
    case .topK(let k, let axis, let largest, let pad): try emitter.topK(node, k, axis, largest, pad)
    case .positions: try emitter.positions(node)
    case .nonMaxSuppression(let op): try emitter.nonMaxSuppression(node, op)
    case .treeEnsemble:
      guard let tables = trees[at] else { throw emitter.unsupported(node, "has no tree tables") }
      try emitter.trees(node, at: at, tables)
    case .unary, .binary, .compare, .select, .cast, .bitcast, .reshape, .transpose, .expand, .concat, .slice, .gather,
      .gatherElements, .gatherND, .pad, .oneHot, .dimensions, .iota, .bucketize, .hashBucket:
      throw emitter.unsupported(node, "\(node.op.mnemonic) has no kernel of its own")
    }
  }
}
