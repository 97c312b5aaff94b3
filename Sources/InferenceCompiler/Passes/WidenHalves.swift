import InferenceIR
import TensorTypes

/// Makes operations that sum over f16 and bf16 sum over f32 and round their results once: kernels then know f32 and
/// f64 alone, and every fast path of f32 serves the narrow types too.
@Sendable func widenHalves(_ graph: inout Graph) throws(CompileError) {
  let old = graph.nodes
  graph.nodes = []
  for node in old {
    guard node.op.accumulates, graph.type(of: node.outputs[0]).element.isHalf else {
      graph.nodes.append(node)
      continue
    }
    do {
      var wide: [ValueID] = []
      for id in node.inputs {
        let isHalf = graph.type(of: id).element.isHalf
        wide += isHalf ? try graph.add(.cast(.f32), [id], name: "\(graph[id].name).wide", origin: node.origin) : [id]
      }
      let sums = try graph.add(node.op, wide, name: "\(graph[node.outputs[0]].name).wide", origin: node.origin)
      for (sum, id) in zip(sums, node.outputs) {
        graph.nodes.append(
          Node(op: .cast(graph.type(of: id).element), inputs: [sum], outputs: [id], origin: node.origin))
      }
    } catch {
      throw CompileError(origin: error.origin, message: error.message)
    }
  }
}

extension ElementType {
  fileprivate var isHalf: Bool { self == .f16 || self == .bf16 }
}

extension Op {
  /// Whether the kernel keeps sums in the memory of its result, or reads operands as they are.
  fileprivate var accumulates: Bool {
    switch self {
    case .matmul, .convolution, .pool, .softmax, .logSoftmax, .layerNorm, .rmsNorm, .attention, .recurrent,
      .cumulativeSum,
      .cumulativeProduct:
      true
    case .scatterElements(_, let reduction), .scatterND(let reduction): reduction != .replace
    case .unary, .binary, .compare, .select, .cast, .bitcast, .reduce, .argReduce, .reshape, .transpose, .expand,
      .concat, .slice, .gather, .gatherElements, .gatherND, .pad, .positions, .nonMaxSuppression, .topK, .oneHot,
      .dimensions, .iota, .treeEnsemble,
      .bucketize, .hashBucket:
      false
    }
  }
}
