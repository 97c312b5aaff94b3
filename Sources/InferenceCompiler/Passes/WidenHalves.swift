import InferenceIR
import TensorTypes

/// Makes operations that sum over f16 and bf16 sum over f32 and round their results once: kernels then know f32 and
/// f64 alone, and every fast path of f32 serves the narrow types too.
@Sendable func widenHalves(_ graph: inout Graph) throws(CompileError) {
  try graph.rewrite { graph, node throws(ShapeError) in
    let type = graph.type(of: node.outputs[0])
    guard type.element == .f16 || type.element == .bf16, node.op.accumulates else { return nil }
    var wide: [ValueID] = []
    for id in node.inputs {
      wide += try graph.add(.cast(.f32), [id], name: "\(graph[id].name).wide", origin: node.origin)
    }
    let name = graph[node.outputs[0]].name
    let sum = try graph.add(node.op, wide, name: "\(name).wide", origin: node.origin)
    return try graph.add(.cast(type.element), sum, name: name, origin: node.origin)[0]
  }
}

extension Op {
  /// Whether the kernel keeps sums in the memory of its result, or reads operands as they are.
  fileprivate var accumulates: Bool {
    switch self {
    case .matmul, .softmax, .logSoftmax, .layerNorm, .cumulativeSum: true
    case .unary, .binary, .compare, .select, .cast, .bitcast, .reduce, .argReduce, .reshape, .transpose, .expand,
      .concat, .slice, .gather, .gatherElements, .gatherND, .pad, .topK, .oneHot, .dimensions, .iota, .treeEnsemble,
      .bucketize, .hashBucket:
      false
    }
  }
}
