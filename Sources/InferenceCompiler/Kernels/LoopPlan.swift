import InferenceIR
import TensorTypes

/// The loops over a shape, with neighbouring axes that all operands run through without gaps made one loop.
struct LoopPlan {
  struct Loop {
    var variable: String
    var extent: Dim
  }

  /// Outermost first; none for a single element.
  var loops: [Loop]
  /// The index along every axis of the shape, in terms of the loop variables.
  var indices: [Affine]

  /// - Parameter strides: for every operand its stride along each axis, 0 where it is broadcast; nil when operands
  ///   are reached in ways that strides do not describe, and no axes may be merged.
  /// - Parameter order: the axes, outermost first; as they come when nil.
  init(_ shape: Shape, strides: [[Dim]]?, order: [Int]? = nil, firstVariable: Int = 0) {
    loops = []
    indices = Array(repeating: Affine(0), count: shape.rank)
    var innermost: Int?
    for axis in order ?? Array(shape.dims.indices) where shape[axis] != 1 {
      if let outer = innermost, let strides, let last = loops.indices.last,
        strides.allSatisfy({ $0[outer] == $0[axis] * shape[axis] })
      {
        loops[last].extent = loops[last].extent * shape[axis]
        indices[outer] = Affine(0)
      } else {
        loops.append(Loop(variable: "i\(firstVariable + loops.count)", extent: shape[axis]))
      }
      indices[axis] = Affine(variable: loops[loops.count - 1].variable)
      innermost = axis
    }
  }
}

/// A value in memory that an elementwise computation reads.
struct MemoryOperand {
  var element: ElementType
  /// Its stride along every axis of the computation, 0 where it is broadcast.
  var strides: [Dim]
}

extension Schedule {
  /// Everything in memory that computing `id` reads; nil unless all of the computation is elementwise.
  func memoryOperands(_ id: ValueID, applied: Bool, shape: Shape) -> [MemoryOperand]? {
    if !applied, let view = views[id] {
      if graph[id].constant?.elementCount == 1 { return [] }
      return [MemoryOperand(element: type(of: id).element, strides: view.alignedStrides(self.shape(of: id), to: shape))]
    }
    guard let node = node(defining: id) else { return nil }
    switch node.op {
    case .unary, .binary, .compare, .select, .cast, .bitcast, .bucketize, .hashBucket, .expand: break
    case .reshape, .transpose, .slice, .gather, .gatherElements, .gatherND, .pad, .oneHot, .dimensions, .iota, .matmul,
      .convolution, .pool, .reduce, .argReduce, .softmax, .logSoftmax, .layerNorm, .rmsNorm, .attention, .recurrent,
      .cumulativeSum,
      .cumulativeProduct, .scatterElements, .scatterND, .concat, .positions, .nonMaxSuppression, .topK, .treeEnsemble:
      return nil
    }
    var all: [MemoryOperand] = []
    for operand in node.inputs {
      guard let found = memoryOperands(operand, applied: false, shape: shape) else { return nil }
      all += found
    }
    return all
  }
}

extension View {
  /// The strides along the axes of a shape that this view's shape is broadcast to.
  func alignedStrides(_ own: Shape, to shape: Shape) -> [Dim] {
    [Dim](repeating: 0, count: shape.rank - own.rank) + zip(strides, own.dims).map { $1 == 1 ? 0 : $0 }
  }
}
