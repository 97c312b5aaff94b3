import InferenceIR
import TensorTypes

/// How an operation takes part in fusion.
enum OpRole {
  /// Each element is a function of few elements of the operands: can be computed where it is used.
  case computed
  /// Only another order of the same elements: costs an address where it is used.
  case movement
  /// Needs memory of its own for the result, and a kernel of its own.
  case anchor
  /// Operands are written side by side, by whoever makes them.
  case concat
  /// The same memory under another shape.
  case alias
}

extension Graph {
  func role(of node: Node) -> OpRole {
    switch node.op {
    case .unary, .binary, .compare, .select, .cast, .bitcast, .bucketize, .hashBucket, .gather, .gatherElements,
      .gatherND, .pad,
      .oneHot:
      .computed
    case .transpose, .expand, .slice, .dimensions, .iota:
      .movement
    case .reshape(let shape):
      type(of: node.inputs[0]).shape.unitReshapeAxes(to: shape) != nil ? .movement : .alias
    case .concat:
      .concat
    case .matmul, .convolution, .pool, .reduce, .argReduce, .softmax, .logSoftmax, .layerNorm, .rmsNorm, .attention,
      .recurrent,
      .cumulativeSum, .cumulativeProduct, .scatterElements, .scatterND, .positions, .nonMaxSuppression, .topK,
      .treeEnsemble:
      .anchor
    }
  }

  /// The operands that the node's kernel reads from memory, by slot.
  func demandedSlots(of node: Node) -> [Int] {
    switch node.op {
    case .unary, .binary, .compare, .select, .cast, .bucketize, .hashBucket, .oneHot, .transpose, .expand, .slice,
      .dimensions, .iota, .reduce, .pad:
      []
    case .gather, .gatherElements, .gatherND, .bitcast:
      [0]
    case .reshape:
      role(of: node) == .alias ? [0] : []
    case .concat, .matmul, .convolution, .pool, .argReduce, .softmax, .logSoftmax, .layerNorm, .rmsNorm, .attention,
      .recurrent,
      .cumulativeSum, .cumulativeProduct, .scatterElements, .scatterND, .positions, .nonMaxSuppression, .topK,
      .treeEnsemble:
      Array(node.inputs.indices)
    }
  }

  /// Whether reading the operand in `slot` repeats it over more elements than it has.
  func broadcasts(_ node: Node, slot: Int) -> Bool {
    switch node.op {
    case .binary, .compare, .select, .expand:
      let count = type(of: node.inputs[slot]).shape.elementCount
      return count != 1 && count != type(of: node.outputs[0]).shape.elementCount
    case .oneHot:
      return slot == 0
    case .unary, .cast, .bitcast, .bucketize, .hashBucket, .gather, .gatherElements, .gatherND, .transpose, .slice,
      .dimensions, .iota, .reduce, .pad, .reshape, .concat, .matmul, .convolution, .pool, .argReduce, .softmax,
      .logSoftmax, .layerNorm,
      .rmsNorm, .attention, .recurrent, .cumulativeSum, .cumulativeProduct, .scatterElements, .scatterND,
      .positions, .nonMaxSuppression, .topK, .treeEnsemble:
      return false
    }
  }
}
