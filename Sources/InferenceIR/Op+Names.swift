extension Op {
  /// The name of the operation without its parameters: `add`, `matmul`, `reduce.sum`.
  package var mnemonic: String {
    switch self {
    case .unary(let function): function.mnemonic
    case .binary(let function): function.mnemonic
    case .compare(let function): function.rawValue
    case .select: "select"
    case .cast: "cast"
    case .bitcast: "bitcast"
    case .matmul: "matmul"
    case .convolution: "convolution"
    case .pool(let pool): pool.function.mnemonic
    case .reduce(let function, _, _): "reduce.\(function.rawValue)"
    case .argReduce(let largest, _, _, _): largest ? "argmax" : "argmin"
    case .softmax: "softmax"
    case .logSoftmax: "logSoftmax"
    case .layerNorm: "layerNorm"
    case .rmsNorm: "rmsNorm"
    case .attention: "attention"
    case .recurrent: "recurrent"
    case .cumulativeSum: "cumulativeSum"
    case .cumulativeProduct: "cumulativeProduct"
    case .scatterElements: "scatterElements"
    case .scatterND: "scatterND"
    case .reshape: "reshape"
    case .transpose: "transpose"
    case .expand: "expand"
    case .concat: "concat"
    case .slice: "slice"
    case .gather: "gather"
    case .gatherElements: "gatherElements"
    case .gatherND: "gatherND"
    case .pad: "pad"
    case .topK: "topK"
    case .positions: "positions"
    case .nonMaxSuppression: "nonMaxSuppression"
    case .oneHot: "oneHot"
    case .dimensions: "dimensions"
    case .iota: "iota"
    case .treeEnsemble: "treeEnsemble"
    case .bucketize: "bucketize"
    case .hashBucket: "hashBucket"
    }
  }
}

extension Pool.Function {
  var mnemonic: String {
    switch self {
    case .maximum: "pool.maximum"
    case .maximumWithIndices: "pool.maximumWithIndices"
    case .average: "pool.average"
    case .norm: "pool.norm"
    }
  }
}

extension UnaryOp {
  /// The name without parameters: `relu`, `leakyRelu`.
  package var mnemonic: String {
    switch self {
    case .negate: "negate"
    case .absolute: "absolute"
    case .sign: "sign"
    case .exp: "exp"
    case .log: "log"
    case .log1p: "log1p"
    case .sqrt: "sqrt"
    case .reciprocal: "reciprocal"
    case .square: "square"
    case .tanh: "tanh"
    case .sigmoid: "sigmoid"
    case .relu: "relu"
    case .erf: "erf"
    case .softplus: "softplus"
    case .softsign: "softsign"
    case .gelu: "gelu"
    case .geluTanh: "geluTanh"
    case .silu: "silu"
    case .hardSwish: "hardSwish"
    case .mish: "mish"
    case .floor: "floor"
    case .ceil: "ceil"
    case .round: "round"
    case .sin: "sin"
    case .cos: "cos"
    case .not: "not"
    case .isNaN: "isNaN"
    case .isInf: "isInf"
    case .leakyRelu: "leakyRelu"
    case .elu: "elu"
    case .selu: "selu"
    case .hardSigmoid: "hardSigmoid"
    case .inverse(let function): function.rawValue
    }
  }
}

extension BinaryOp {
  /// The name without parameters: `add`, `modulo`.
  package var mnemonic: String {
    switch self {
    case .add: "add"
    case .subtract: "subtract"
    case .multiply: "multiply"
    case .divide: "divide"
    case .power: "power"
    case .minimum: "minimum"
    case .maximum: "maximum"
    case .modulo: "modulo"
    case .and: "and"
    case .or: "or"
    case .xor: "xor"
    case .shiftLeft: "shiftLeft"
    case .shiftRight: "shiftRight"
    case .prelu: "prelu"
    }
  }
}
