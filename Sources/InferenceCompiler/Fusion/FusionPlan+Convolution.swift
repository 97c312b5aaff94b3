import InferenceIR
import TensorTypes

extension FusionPlan {
  /// A convolution with constant weights, and what is applied to it before it is stored.
  struct ConvolutionGroup {
    var node: Int
    /// The elementwise nodes behind it, in order.
    var chain: [Int]
    /// What is stored: the convolution's result, or the last chain node's.
    var result: ValueID
  }

  /// The convolution at node `at` with the elementwise chain behind it, when it runs as a matrix product.
  static func convolution(
    _ at: Int, _ graph: Graph, _ readers: [ValueID: [Int]], _ taken: Set<Int>, _ layout: ImageLayout,
  ) -> ConvolutionGroup? {
    let node = graph.nodes[at]
    guard case .convolution(let op) = node.op, !op.dilatesInput,
      node.inputs.dropFirst().allSatisfy({ graph[$0].constant != nil }), graph.type(of: node.inputs[0]).element == .f32
    else { return nil }
    var group = ConvolutionGroup(node: at, chain: [], result: node.outputs[0])
    while let next = onlyReader(of: group.result, graph, readers), !taken.contains(next),
      graph.nodes[next].outputs.count == 1, graph.runsInRegisters(next),
      graph.type(of: graph.nodes[next].outputs[0]) == graph.type(of: group.result),
      graph.nodes[next].inputs.allSatisfy({
        $0 == group.result || layout.hasNeighbouringChannels($0, graph, like: group.result)
      })
    {
      group.chain.append(next)
      group.result = graph.nodes[next].outputs[0]
    }
    return group
  }
}

extension Graph {
  /// Whether a node maps f32 to f32 element by element with functions that exist for vectors.
  func runsInRegisters(_ at: Int) -> Bool {
    let node = nodes[at]
    return switch node.op {
    case .unary(let function): function.runsInRegisters
    case .binary(let function): function.runsInRegisters
    case .compare, .select, .cast, .bitcast, .matmul, .convolution, .pool, .reduce, .argReduce, .softmax, .logSoftmax,
      .layerNorm,
      .rmsNorm, .attention, .recurrent, .cumulativeSum, .cumulativeProduct, .scatterElements, .scatterND, .reshape,
      .transpose, .expand, .concat, .slice, .gather,
      .gatherElements, .gatherND, .pad, .positions, .nonMaxSuppression, .topK,
      .oneHot, .dimensions, .iota, .treeEnsemble, .bucketize, .hashBucket:
      false
    }
  }
}
