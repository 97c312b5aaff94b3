import TensorTypes

/// One parameter of an operation in the textual form.
indirect enum TextValue {
  case int(Int)
  case float(Double)
  case word(String)
  case dim(Dim)
  case list([TextValue])

  static func shape(_ shape: Shape) -> TextValue { .list(shape.dims.map { .dim($0) }) }
  static func ints(_ values: [Int]) -> TextValue { .list(values.map { .int($0) }) }
  static func floats(_ values: [Double]) -> TextValue { .list(values.map { .float($0) }) }
  static func bool(_ value: Bool) -> TextValue { .word(value ? "true" : "false") }
}

extension TextValue: CustomStringConvertible {
  var description: String {
    switch self {
    case .int(let value): String(value)
    case .float(let value): value.description
    case .word(let value): value
    case .dim(let value): value.description
    case .list(let values): "[" + values.map(\.description).joined(separator: ", ") + "]"
    }
  }
}

extension Op {
  /// The parameters by name, in the order in which they print. `init(mnemonic:parameters:)` is the inverse.
  var parameters: [(name: String, value: TextValue)] {
    switch self {
    case .unary(let function): return function.parameters
    case .binary(let function):
      if case .modulo(let truncated) = function { return [("truncated", .bool(truncated))] }
      return []
    case .compare, .select: return []
    case .cast(let element, let narrowing):
      let target = [("to", TextValue.word(element.name))]
      if narrowing == .saturating { return target }
      return target + [("saturate", .bool(narrowing.saturates)), ("scale", .word(narrowing.scale.rawValue))]
    case .bitcast(let element): return [("to", .word(element.name))]
    case .matmul(let transposeA, let transposeB):
      return [("transposeA", .bool(transposeA)), ("transposeB", .bool(transposeB))]
    case .convolution(let op): return op.parameters
    case .pool(let op): return op.parameters
    case .reduce(_, let axes, let keepDims): return [("axes", .ints(axes)), ("keepDims", .bool(keepDims))]
    case .argReduce(_, let axis, let keepDims, let selectLast):
      return [("axis", .int(axis)), ("keepDims", .bool(keepDims)), ("selectLast", .bool(selectLast))]
    case .softmax(let axis), .logSoftmax(let axis): return [("axis", .int(axis))]
    case .layerNorm(let axis, let epsilon): return [("axis", .int(axis)), ("epsilon", .float(epsilon))]
    case .rmsNorm(let axis, let epsilon): return [("axis", .int(axis)), ("epsilon", .float(epsilon))]
    case .attention(let scale, let unattended):
      return [("scale", .float(scale)), ("unattended", .word(unattended.rawValue))]
    case .recurrent(let recurrence): return recurrence.parameters
    case .cumulativeSum(let axis, let exclusive, let reverse),
      .cumulativeProduct(let axis, let exclusive, let reverse):
      return [("axis", .int(axis)), ("exclusive", .bool(exclusive)), ("reverse", .bool(reverse))]
    case .reshape(let shape), .expand(let shape): return [("shape", .shape(shape))]
    case .transpose(let permutation): return [("permutation", .ints(permutation))]
    case .concat(let axis), .gatherElements(let axis): return [("axis", .int(axis))]
    case .slice(let axis, let start, let length, let step):
      return [("axis", .int(axis)), ("start", .dim(start)), ("length", .dim(length)), ("step", .int(step))]
    case .gather(let axis, let negative):
      return [("axis", .int(axis)), ("negative", .word(negative == .zero ? "zero" : "fromEnd"))]
    case .gatherND(let batchDims): return [("batchDims", .int(batchDims))]
    case .scatterElements(let axis, let reduction):
      return [("axis", .int(axis)), ("reduction", .word(reduction.rawValue))]
    case .scatterND(let reduction): return [("reduction", .word(reduction.rawValue))]
    case .pad(let before, let after): return [("before", .ints(before)), ("after", .ints(after))]
    case .topK(let k, let axis, let largest, let pad):
      return [("k", .int(k)), ("axis", .int(axis)), ("largest", .bool(largest))]
        + (pad.map { [("pad", .float($0))] } ?? [])
    case .positions(let count): return [("count", .dim(count))]
    case .nonMaxSuppression(let op): return op.parameters
    case .oneHot(let depth, let axis): return [("depth", .int(depth)), ("axis", .int(axis))]
    case .dimensions(let dims): return [("dims", .shape(Shape(dims)))]
    case .iota(let count, let start, let step):
      return [("count", .dim(count)), ("start", .int(start)), ("step", .int(step))]
    case .treeEnsemble(let ensemble): return ensemble.parameters
    case .bucketize(let boundaries): return [("boundaries", .floats(boundaries))]
    case .hashBucket(let buckets): return [("buckets", .int(buckets))]
    }
  }
}

extension UnaryOp {
  fileprivate var parameters: [(name: String, value: TextValue)] {
    switch self {
    case .leakyRelu(let slope): [("slope", .float(slope))]
    case .elu(let alpha): [("alpha", .float(alpha))]
    case .selu(let alpha, let gamma): [("alpha", .float(alpha)), ("gamma", .float(gamma))]
    case .hardSigmoid(let alpha, let beta): [("alpha", .float(alpha)), ("beta", .float(beta))]
    case .negate, .absolute, .sign, .exp, .log, .log1p, .sqrt, .reciprocal, .square, .tanh, .sigmoid, .relu, .erf,
      .softplus, .softsign, .gelu, .geluTanh, .silu, .hardSwish, .mish, .floor, .ceil, .round, .sin, .cos, .inverse,
      .not,
      .isNaN, .isInf:
      []
    }
  }
}

extension Window {
  fileprivate var parameters: [(name: String, value: TextValue)] {
    [
      ("size", .ints(size)), ("strides", .ints(strides)), ("dilations", .ints(dilations)), ("before", .ints(before)),
      ("after", .ints(after)),
    ]
  }
}

extension Convolution {
  fileprivate var parameters: [(name: String, value: TextValue)] {
    window.parameters + [("groups", .int(groups)), ("inputDilations", .ints(inputDilations))]
  }
}

extension Pool {
  fileprivate var parameters: [(name: String, value: TextValue)] {
    let own: [(name: String, value: TextValue)] =
      switch function {
      case .maximum: []
      case .maximumWithIndices(let columnMajor): [("columnMajor", .bool(columnMajor))]
      case .average(let countsPadding): [("countsPadding", .bool(countsPadding))]
      case .norm(let p): [("p", .int(p))]
      }
    return window.parameters + [("excess", .ints(excess))] + own
  }
}

extension NonMaxSuppression {
  fileprivate var parameters: [(name: String, value: TextValue)] {
    [("limit", .int(limit)), ("overlap", .float(Double(overlap))), ("centred", .bool(corners == .centre))]
      + (leastScore.map { [("leastScore", .float(Double($0)))] } ?? [])
  }
}

extension Recurrence {
  /// Activations as `[tanh]`, `[hardSigmoid, 0.2, 0.5]`.
  fileprivate var parameters: [(name: String, value: TextValue)] {
    let functions = activations.map { function in
      TextValue.list([.word(function.mnemonic)] + function.parameters.map(\.value))
    }
    return [
      ("cell", .word(cell.rawValue)), ("hidden", .int(hidden)), ("activations", .list(functions)),
      ("reverse", .bool(reverse)), ("resetsAfter", .bool(resetsAfter)), ("couplesGates", .bool(couplesGates)),
      ("peepholes", .bool(hasPeepholes)), ("lengths", .bool(hasLengths)),
    ] + (clip.map { [("clip", .float($0))] } ?? [])
  }
}

extension TreeEnsemble {
  /// Nodes as `[feature, threshold, left, right, missingGoesLeft]`.
  fileprivate var parameters: [(name: String, value: TextValue)] {
    [
      ("features", .int(featureCount)), ("targets", .int(targetCount)),
      ("aggregate", .word(aggregate.rawValue)), ("postTransform", .word(postTransform.rawValue)),
      ("base", .floats(base.map { Double($0) })), ("roots", .ints(roots.map { Int($0) })),
      (
        "nodes",
        .list(
          nodes.map { node in
            .list([
              .int(Int(node.feature)), .float(Double(node.threshold)), .int(Int(node.left)), .int(Int(node.right)),
              .int(node.missingGoesLeft ? 1 : 0),
            ])
          })
      ),
      ("leafTargets", .ints(leafTargets.map { Int($0) })),
      ("leafWeights", .floats(leafWeights.map { Double($0) })),
    ]
  }
}
