import InferenceIR
import TensorTypes

extension FusionPlan {
  /// The product at node `at` with the elementwise chain behind it, when its right operand is a constant f32 matrix;
  /// of i16 matrices the product alone.
  static func gemm(
    _ at: Int, _ graph: Graph, _ readers: [ValueID: [Int]], _ taken: Set<Int>, _ layout: ImageLayout,
  ) -> Gemm? {
    let node = graph.nodes[at]
    guard case .matmul(let transposeA, _) = node.op, let matrix = graph[node.inputs[1]].constant,
      matrix.shape.count == 2, matrix.element == .f32 || (matrix.element == .i16 && !transposeA)
    else { return nil }
    if matrix.element == .i16 { return Gemm(node: at, bias: nil, chain: [], result: node.outputs[0]) }
    var gemm = Gemm(node: at, bias: nil, chain: [], result: node.outputs[0])
    while let next = onlyReader(of: gemm.result, graph, readers), !taken.contains(next),
      let other = operand(of: next, on: gemm.result, graph),
      // A product's rows pass an image's channels, which stand side by side, at a step.
      !graph.nodes[next].inputs.contains(where: { $0 != gemm.result && layout.isImage($0, graph) })
    {
      if gemm.chain.isEmpty, gemm.bias == nil, case .row(let bias) = other {
        gemm.bias = bias
      }
      gemm.chain.append(next)
      gemm.result = graph.nodes[next].outputs[0]
    }
    return gemm
  }

  static func onlyReader(of id: ValueID, _ graph: Graph, _ readers: [ValueID: [Int]]) -> Int? {
    guard !graph.outputs.contains(id), let all = readers[id], let first = all.first,
      all.allSatisfy({ $0 == first })
    else { return nil }
    return first
  }

  private enum Operand {
    /// Added row of constants.
    case row(ValueID)
    case other
  }

  /// What else the epilogue candidate reads, or nil when it cannot run in registers.
  private static func operand(of at: Int, on id: ValueID, _ graph: Graph) -> Operand? {
    let node = graph.nodes[at]
    guard graph.type(of: node.outputs[0]) == graph.type(of: id) else { return nil }
    switch node.op {
    case .unary(let function):
      return function.runsInRegisters ? .other : nil
    case .binary(let function):
      guard function.runsInRegisters else { return nil }
      let others = node.inputs.filter { $0 != id }
      guard function == .add, let other = others.first, let constant = graph[other].constant,
        let columns = graph.type(of: id).shape.dims.last, constant.shape.last.map({ Dim($0) }) == columns,
        constant.elementCount == constant.shape.last
      else { return .other }
      return .row(other)
    case .compare, .select, .cast, .bitcast, .matmul, .convolution, .pool, .reduce, .argReduce, .softmax, .logSoftmax,
      .layerNorm, .rmsNorm,
      .attention, .recurrent, .cumulativeSum, .cumulativeProduct, .scatterElements, .scatterND,
      .reshape, .transpose, .expand, .concat, .slice, .gather, .gatherElements, .gatherND, .pad, .positions,
      .nonMaxSuppression, .topK, .oneHot,
      .dimensions, .iota, .treeEnsemble, .bucketize, .hashBucket:
      return nil
    }
  }
}

extension UnaryOp {
  /// Whether the function maps f32 to f32 and exists for vectors.
  var runsInRegisters: Bool {
    switch self {
    case .not, .isNaN, .isInf, .inverse: false
    case .negate, .absolute, .sign, .exp, .log, .log1p, .sqrt, .reciprocal, .square, .tanh, .sigmoid, .relu, .erf,
      .softplus, .softsign, .gelu, .geluTanh, .silu, .hardSwish, .mish, .floor, .ceil, .round, .sin, .cos, .leakyRelu,
      .elu, .selu, .hardSigmoid:
      true
    }
  }
}

extension BinaryOp {
  var runsInRegisters: Bool {
    switch self {
    case .add, .subtract, .multiply, .divide, .minimum, .maximum, .prelu: true
    case .power, .modulo, .and, .or, .xor, .shiftLeft, .shiftRight: false
    }
  }
}
