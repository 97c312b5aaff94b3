import InferenceIR
import TensorTypes

/// Which integer values of a graph end as indices, and how many rows they choose from.
///
/// Read backwards from every gather with a known number of rows, through operations that only move or convert values.
/// Used to draw test inputs that are in range, and to refuse ids of a request that are not.
enum IndexBounds {
  /// How many numbers are drawn from where any would do.
  private static let anyNumbers = 100

  /// Exclusive upper bounds by value; the smallest where there are several.
  ///
  /// - Parameter throughSelection: whether to look through operations that pick or join parts. Then a bound holds for
  ///   some elements of a value and not for all: good for drawing inputs, too strict for refusing them.
  static func of(_ graph: Graph, throughSelection: Bool) -> [ValueID: Int] {
    var bounds: [ValueID: Int] = [:]
    func lower(_ id: ValueID, to bound: Int) { bounds[id] = min(bounds[id] ?? bound, bound) }

    for node in graph.nodes.reversed() {
      switch node.op {
      case .gather(let axis, _):
        if let rows = graph.type(of: node.inputs[0]).shape[axis].constant { lower(node.inputs[1], to: rows) }
        // Indices may themselves have been gathered: `table[ids[:, 3]]`.
        if throughSelection, let bound = bounds[node.outputs[0]] { lower(node.inputs[0], to: bound) }
      case .gatherElements(let axis), .scatterElements(let axis, _):
        if let rows = graph.type(of: node.inputs[0]).shape[axis].constant { lower(node.inputs[1], to: rows) }
      case .oneHot(let depth, _):
        lower(node.inputs[0], to: depth)
      case .reshape, .transpose, .expand, .cast, .concat, .slice, .gatherND, .pad:
        guard throughSelection || node.op.keepsEveryElement else { continue }
        for output in node.outputs {
          guard let bound = bounds[output] else { continue }
          for input in node.inputs where throughSelection || graph.type(of: input).element.isInteger {
            lower(input, to: bound)
          }
        }
      case .binary(.add):
        // Rows of several tables in one: `table[ids + offsets]`.
        guard let bound = bounds[node.outputs[0]] else { continue }
        for (input, other) in [(node.inputs[0], node.inputs[1]), (node.inputs[1], node.inputs[0])] {
          guard let offset = graph[other].constant?.integers.max(), throughSelection || offset == 0 else { continue }
          lower(input, to: max(1, bound - Int(clamping: offset)))
        }
      case .treeEnsemble, .bucketize, .hashBucket:
        // They take any number; some of many go more ways than flags.
        if throughSelection { lower(node.inputs[0], to: anyNumbers) }
      case .unary, .binary, .compare, .select, .bitcast, .matmul, .convolution, .pool, .reduce, .argReduce, .softmax,
        .logSoftmax,
        .layerNorm, .rmsNorm, .attention, .recurrent, .cumulativeSum, .cumulativeProduct, .scatterND, .positions,
        .nonMaxSuppression, .topK,
        .dimensions, .iota:
        break
      }
    }
    return bounds
  }
}

extension Op {
  /// True for operations whose result has each element of the one operand, moved or converted.
  fileprivate var keepsEveryElement: Bool {
    switch self {
    case .reshape, .transpose, .expand, .cast: true
    case .unary, .binary, .compare, .select, .bitcast, .matmul, .convolution, .pool, .reduce, .argReduce, .softmax,
      .logSoftmax, .layerNorm,
      .rmsNorm, .attention, .recurrent, .cumulativeSum, .cumulativeProduct, .scatterElements, .scatterND, .concat,
      .slice, .gather, .gatherElements, .gatherND, .pad, .positions, .nonMaxSuppression, .topK, .oneHot, .dimensions,
      .iota,
      .treeEnsemble, .bucketize, .hashBucket:
      false
    }
  }
}
