import InferenceIR
import PlanFormat
import TensorTypes

/// Dimensions that steps find while a program runs.
extension LoweredUnit {
  /// Refuses what would read a dimension before it is there, and kernels that take for granted that there is a row.
  static func checkFoundDims(_ schedule: Schedule, _ kernels: [Kernel], batch: String?) throws(CompileError) {
    var open = Set(schedule.graph.nodes.compactMap(\.op.definedSymbol))
    let found = open
    if found.isEmpty { return }
    for (dispatch, kernel) in zip(schedule.dispatches, kernels) {
      func refuse(_ message: String) -> CompileError { CompileError(origin: dispatch.origin, message: message) }
      if batch != nil, schedule.foundSymbol(of: dispatch) != nil {
        throw refuse("keeps as many rows as the data say, which several requests of one call cannot share")
      }
      if let early = kernel.symbols.intersection(open).sorted().first {
        throw refuse("needs \(early), which the data decide, before it is known")
      }
      if let none = kernel.symbols.intersection(found).sorted().first, !schedule.takesNoRows(dispatch) {
        throw refuse("has no kernel for \(none) rows, which the data decide: there may be none")
      }
      if let symbol = schedule.foundSymbol(of: dispatch) { open.remove(symbol) }
    }
  }

  func foundDims(_ symbols: [Symbol], _ layout: Layout) -> [Program.FoundDim] {
    schedule.dispatches.enumerated().compactMap { at, dispatch in
      guard let name = schedule.foundSymbol(of: dispatch), case .anchor(let node) = dispatch.work,
        let symbol = symbols.firstIndex(where: { $0.name == name }),
        let view = schedule.views[schedule.graph.nodes[node].outputs[1]], case .buffer(let buffer) = view.root
      else { return nil }
      return Program.FoundDim(
        symbol: symbol, step: at, offset: UInt64(layout.offsets[buffer] + view.offset.constantTerm * 8))
    }
  }
}

extension Schedule {
  fileprivate func foundSymbol(of dispatch: Dispatch) -> String? {
    guard case .anchor(let at) = dispatch.work else { return nil }
    return graph.nodes[at].op.definedSymbol
  }

  /// Whether the kernels of a dispatch are plain loops, which do nothing for no rows.
  fileprivate func takesNoRows(_ dispatch: Dispatch) -> Bool {
    switch dispatch.work {
    case .nest: true
    case .gemm, .convolution, .pairwiseDots, .search, .searchStart, .searchJoin, .prefetch: false
    case .anchor(let at):
      switch graph.nodes[at].op {
      case .positions, .nonMaxSuppression, .topK, .reduce, .concat, .cumulativeSum, .cumulativeProduct: true
      case .unary, .binary, .compare, .select, .cast, .bitcast, .matmul, .convolution, .pool, .argReduce, .softmax,
        .logSoftmax, .layerNorm, .rmsNorm, .attention, .recurrent, .scatterElements, .scatterND, .reshape, .transpose,
        .expand, .slice, .gather, .gatherElements, .gatherND, .pad, .oneHot, .dimensions, .iota, .treeEnsemble,
        .bucketize, .hashBucket:
        false
      }
    }
  }
}
