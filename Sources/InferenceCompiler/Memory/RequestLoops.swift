import InferenceIR
import TensorTypes

/// The neighbouring dispatches that run for one request after the other.
///
/// What a network of images passes from step to step grows with the batch and soon leaves the caches, while its weights
/// are few. Such steps run through one image before the next, and what they pass on needs the memory of one image.
struct RequestLoops {
  /// Ascending, apart, of at least two dispatches each.
  private(set) var loops: [Range<Int>] = []
  /// The loop that a buffer lives in, of those that nothing outside of it touches.
  private(set) var local: [Int: Int] = [:]
  /// Elements of one request, of buffers whose requests stand one behind the other.
  private(set) var requestCounts: [Int: Int] = [:]

  /// - Parameters:
  ///   - batch: the symbol that requests of one call share; there are no loops without one.
  ///   - leastBytes: what the largest step of a loop reads and writes for one request, at least.
  init(_ schedule: Schedule, _ kernels: [Kernel], batch: String?, leastBytes: Int) {
    guard let batch else { return }
    requestCounts = Self.requestCounts(schedule, batch)
    let isLooped = zip(schedule.dispatches, kernels).map { dispatch, kernel in
      schedule.keepsRequestsApart(dispatch, batch) && readsFewWeights(schedule, kernel)
    }
    var first = 0
    for at in 0...isLooped.count where at == isLooped.count || !isLooped[at] {
      let largest = kernels[first..<at].map { requestBytes(schedule, $0) }.max() ?? 0
      if at - first > 1, largest >= leastBytes { loops.append(first..<at) }
      first = at + 1
    }
    findLocals(schedule, kernels)
  }

  /// What one request's steps pass on, of a loop that holds a dispatch.
  func loop(of dispatch: Int) -> Range<Int>? { loops.first { $0.contains(dispatch) } }

  /// Bytes of weights for each byte that a step reads and writes for one request, at most.
  ///
  /// Weights stream ahead of the arithmetic, other than what one step writes and the next reads. Measured on the steps of
  /// ResNet-50 at batch 8: request by request is faster up to 8.4 (1x1, 2048 to 512 channels at 7x7) and slower at 47
  /// (3x3, 512 channels at 7x7).
  private static let weightsToRequest = 12

  /// Weights are read again for each request: they must not cost more than what is saved.
  private func readsFewWeights(_ schedule: Schedule, _ kernel: Kernel) -> Bool {
    let buffers = kernel.arguments.compactMap(\.buffer)
    guard buffers.allSatisfy({ requestCounts[$0] != nil }) else { return false }
    let weights = kernel.arguments.map { weightBytes(schedule, $0) }.reduce(0, +)
    return weights <= Self.weightsToRequest * requestBytes(schedule, kernel)
  }

  /// Bytes of weights of a convolution, or of what is fused with it.
  private func weightBytes(_ schedule: Schedule, _ argument: KernelArgument) -> Int {
    switch argument.memory {
    case .weights(.raw(let id)), .weights(.depthwise(let id)): schedule.graph[id].constant?.data.bytes.count ?? 0
    case .weights(.convolution(_, let packing)): packing.byteCount
    case .weights(.winograd(_, let packing)): packing.byteCount
    case .buffer, .scratch, .weights: 0
    }
  }

  /// Bytes that a kernel reads and writes in buffers for one request.
  private func requestBytes(_ schedule: Schedule, _ kernel: Kernel) -> Int {
    Set(kernel.arguments.compactMap(\.buffer)).reduce(0) { sum, buffer in
      sum + (requestCounts[buffer] ?? 0) * schedule.buffers[buffer].element.byteCount
    }
  }

  private mutating func findLocals(_ schedule: Schedule, _ kernels: [Kernel]) {
    var places: [Int: Set<Int>] = [:]
    for (at, kernel) in kernels.enumerated() {
      let loop = loops.firstIndex { $0.contains(at) } ?? -1
      for buffer in kernel.arguments.compactMap(\.buffer) { places[buffer, default: []].insert(loop) }
    }
    for (buffer, found) in places where schedule.buffers[buffer].role == .temporary {
      if found.count == 1, let loop = found.first, loop >= 0 { local[buffer] = loop }
    }
  }

  /// Buffers all of whose values have the batch as their leading axis and nowhere else.
  private static func requestCounts(_ schedule: Schedule, _ batch: String) -> [Int: Int] {
    var counts: [Int: Int] = [:]
    for (at, buffer) in schedule.buffers.enumerated() {
      if let count = buffer.count.dividedExactly(by: Dim(symbol: batch))?.constant { counts[at] = count }
    }
    for (id, view) in schedule.views {
      guard case .buffer(let at) = view.root, let count = counts[at] else { continue }
      let dims = schedule.shape(of: id).dims
      let isApart =
        dims.first == Dim(symbol: batch) && dims.dropFirst().allSatisfy { $0.constant != nil }
        && view.strides.first == Dim(count) && view.strides.allSatisfy { $0.constant != nil }
        && view.offset.constant != nil
      if !isApart { counts[at] = nil }
    }
    return counts
  }
}

extension Schedule {
  /// Whether a dispatch computes every request from that request alone, by kernels whose weights few requests share
  /// well enough.
  fileprivate func keepsRequestsApart(_ dispatch: Dispatch, _ batch: String) -> Bool {
    switch dispatch.work {
    case .convolution(let group):
      return group.chain.flatMap { graph.nodes[$0].inputs }.allSatisfy { isOfRequest($0, batch) }
    case .anchor(let at):
      let node = graph.nodes[at]
      switch node.op {
      case .convolution, .pool: return node.inputs.allSatisfy { isOfRequest($0, batch) }
      case .reduce(_, let axes, _): return !axes.contains(0)
      case .unary, .binary, .compare, .select, .cast, .bitcast, .matmul, .argReduce, .softmax, .logSoftmax, .layerNorm,
        .rmsNorm, .attention, .recurrent, .cumulativeSum, .cumulativeProduct, .scatterElements, .scatterND, .reshape,
        .transpose, .expand, .concat, .slice, .gather, .gatherElements, .gatherND, .pad, .positions, .nonMaxSuppression,
        .topK, .oneHot, .dimensions,
        .iota, .treeEnsemble, .bucketize, .hashBucket:
        return false
      }
    case .nest(let parts):
      return parts.allSatisfy { part in
        guard isOfRequest(part.value, batch) else { return false }
        switch part.source {
        case .computed: return isElementwise(part.value, batch, isApplied: true)
        case .copied: return isElementwise(part.value, batch, isApplied: false)
        case .shown: return false
        }
      }
    case .gemm, .pairwiseDots, .searchStart, .search, .searchJoin, .prefetch: return false
    }
  }

  /// Whether a value is a constant, or has the batch as its leading axis and nowhere else.
  private func isOfRequest(_ id: ValueID, _ batch: String) -> Bool {
    if graph[id].constant != nil { return true }
    let dims = shape(of: id).dims
    return dims.first == Dim(symbol: batch) && dims.dropFirst().allSatisfy { $0.constant != nil }
  }

  /// Whether computing a value reads, of what is in memory, only elements of the same request.
  private func isElementwise(_ id: ValueID, _ batch: String, isApplied: Bool) -> Bool {
    guard isOfRequest(id, batch) else { return false }
    if !isApplied, views[id] != nil { return true }
    guard let node = node(defining: id) else { return false }
    switch node.op {
    case .unary, .binary, .compare, .select, .cast:
      return node.inputs.allSatisfy { isElementwise($0, batch, isApplied: false) }
    case .pad(let before, let after):
      return before.first == 0 && after.first == 0 && isElementwise(node.inputs[0], batch, isApplied: false)
    case .bitcast, .matmul, .convolution, .pool, .reduce, .argReduce, .softmax, .logSoftmax, .layerNorm, .rmsNorm,
      .attention, .recurrent, .cumulativeSum, .cumulativeProduct, .scatterElements, .scatterND, .reshape, .transpose,
      .expand, .concat, .slice, .gather, .gatherElements, .gatherND, .positions, .nonMaxSuppression, .topK, .oneHot,
      .dimensions, .iota, .treeEnsemble,
      .bucketize, .hashBucket:
      return false
    }
  }
}

extension KernelArgument {
  fileprivate var buffer: Int? {
    if case .buffer(let buffer, _) = memory { buffer } else { nil }
  }
}
