import InferenceIR
import TensorTypes

/// Which values `[batch, channels, spatial…]` stand in memory with their channels side by side (NHWC): what windows
/// make and read, and what is computed from it element by element. The graph keeps its axes; only strides differ, so
/// nothing is transposed between two of them.
struct ImageLayout {
  private(set) var channelsLast: Set<ValueID> = []

  init(_ graph: Graph) {
    for node in graph.nodes {
      switch node.op {
      case .convolution, .pool:
        // The operand too, where a kernel of ours makes it.
        if graph.type(of: node.inputs[0]).shape.rank >= 3 { channelsLast.insert(node.inputs[0]) }
        channelsLast.formUnion(node.outputs)
      case .unary, .binary, .compare, .select, .cast, .bitcast, .pad, .concat, .slice, .expand:
        let rank = graph.type(of: node.outputs[0]).shape.rank
        let follows = node.inputs.contains { channelsLast.contains($0) && graph.type(of: $0).shape.rank == rank }
        if follows { channelsLast.insert(node.outputs[0]) }
      case .reshape(let shape):
        // Spatial axes may be split or joined.
        let from = graph.type(of: node.inputs[0]).shape
        if channelsLast.contains(node.inputs[0]), shape.rank >= 3, from[0] == shape[0], from[1] == shape[1] {
          channelsLast.insert(node.outputs[0])
        }
      case .matmul, .reduce, .argReduce, .softmax, .logSoftmax, .layerNorm, .rmsNorm, .attention, .recurrent,
        .cumulativeSum, .cumulativeProduct, .scatterElements, .scatterND, .transpose, .gather,
        .gatherElements, .gatherND, .positions, .nonMaxSuppression, .topK, .oneHot, .dimensions, .iota, .treeEnsemble,
        .bucketize, .hashBucket:
        break
      }
    }
    for node in graph.nodes where graph.needsRows(node) { channelsLast.subtract([node.inputs[0], node.outputs[0]]) }
  }

  /// Whether a value may stand as `view` shows it: an image's channels stay side by side.
  func admits(_ view: View, for id: ValueID, _ shape: Shape) -> Bool {
    !channelsLast.contains(id) || shape[1] == 1 || view.strides[1] == 1 || shape.dims[2...].allSatisfy { $0 == 1 }
  }

  /// Whether 16 neighbouring channels of `id`, broadcast to `other`, can be read as one vector or are one element.
  func hasNeighbouringChannels(_ id: ValueID, _ graph: Graph, like other: ValueID) -> Bool {
    let (shape, target) = (graph.type(of: id).shape, graph.type(of: other).shape)
    guard graph.type(of: id).element == .f32 else { return false }
    let channel = 1 - (target.rank - shape.rank)
    if channel < 0 || shape[channel] == 1 { return true }
    if shape.dims[(channel + 1)...].allSatisfy({ $0 == 1 }) { return true }
    return isImage(id, graph)
  }

  /// Whether a value stands so in memory: inputs, outputs and constants do not.
  func isImage(_ id: ValueID, _ graph: Graph) -> Bool {
    channelsLast.contains(id) && !graph.inputs.contains(id) && !graph.outputs.contains(id) && graph[id].constant == nil
  }
}

extension Graph {
  /// Whether a node's kernel reads and writes rows whose elements are neighbours, and nothing else.
  func needsRows(_ node: Node) -> Bool {
    switch node.op {
    case .rmsNorm: true
    case .matmul: type(of: node.inputs[0]).element == .i16
    case .unary, .binary, .compare, .select, .cast, .bitcast, .convolution, .pool, .reduce, .argReduce, .softmax,
      .logSoftmax, .layerNorm, .attention, .recurrent, .cumulativeSum, .cumulativeProduct, .scatterElements, .scatterND,
      .reshape, .transpose, .expand, .concat, .slice, .gather, .gatherElements, .gatherND, .pad, .positions,
      .nonMaxSuppression, .topK, .oneHot,
      .dimensions, .iota, .treeEnsemble, .bucketize, .hashBucket:
      false
    }
  }
}

extension View {
  /// Row-major with the channels, axis 1, innermost.
  static func channelsLast(_ root: Root, _ shape: Shape) -> View {
    let order = [0] + Array(2..<shape.rank) + [1]
    let dense = denseStrides(Shape(order.map { shape[$0] }))
    var strides = dense
    for (at, axis) in order.enumerated() { strides[axis] = dense[at] }
    return View(root: root, offset: 0, strides: strides)
  }

  /// Axes from the one with the largest stride to the innermost one; a few channels stand outside the last axis, where
  /// their loop costs less.
  func loopOrder(_ shape: Shape) -> [Int] {
    let axes = Array(strides.indices)
    guard strides.count >= 3, strides[1] == 1, strides.last != 1 else { return axes }
    let isFew = (shape[1].constant ?? 8) < 8
    return isFew ? [0] + axes[2...].dropLast() + [1, axes.count - 1] : [0] + axes[2...] + [1]
  }
}
