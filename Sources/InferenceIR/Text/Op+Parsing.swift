import TensorTypes

/// Reads the parameters of one operation; what is not asked for, or missing, makes the operation invalid.
private struct ParameterReader {
  let values: [String: TextValue]
  private(set) var isComplete = true
  private var unread: Set<String>

  init(_ values: [String: TextValue]) {
    self.values = values
    unread = Set(values.keys)
  }

  var isRead: Bool { isComplete && unread.isEmpty }

  private mutating func read<T>(_ name: String, _ convert: (TextValue) -> T?, _ absent: T) -> T {
    unread.remove(name)
    if let value = values[name].flatMap(convert) { return value }
    isComplete = false
    return absent
  }

  mutating func int(_ name: String) -> Int { read(name, \.asInt, 0) }
  mutating func float(_ name: String) -> Double { read(name, \.asFloat, 0) }
  mutating func bool(_ name: String) -> Bool { read(name, { $0.asWord.flatMap { Bool($0) } }, false) }
  mutating func word(_ name: String) -> String { read(name, \.asWord, "") }
  mutating func dim(_ name: String) -> Dim { read(name, \.asDim, 0) }
  mutating func dims(_ name: String) -> [Dim] { read(name, { $0.list(\.asDim) }, []) }
  mutating func ints(_ name: String) -> [Int] { read(name, { $0.list(\.asInt) }, []) }
  mutating func floats(_ name: String) -> [Double] { read(name, { $0.list(\.asFloat) }, []) }

  mutating func optionalFloat(_ name: String) -> Double? { values[name] == nil ? nil : float(name) }

  /// `saturate` and `scale`, which stand together or not at all.
  mutating func narrowing() -> Narrowing {
    if values["saturate"] == nil && values["scale"] == nil { return .saturating }
    let scale = Narrowing.Scale(rawValue: word("scale"))
    if scale == nil { isComplete = false }
    return Narrowing(saturates: bool("saturate"), scale: scale ?? .up)
  }

  mutating func activations(_ name: String) -> [UnaryOp] {
    read(name, { $0.list { item in item.asActivation } }, [])
  }

  mutating func unattended(_ name: String) -> Unattended {
    read(name, { $0.asWord.flatMap { Unattended(rawValue: $0) } }, .nan)
  }

  mutating func treeNodes(_ name: String) -> [TreeEnsemble.Node] {
    read(name, { $0.list { item in item.list(\.asFloat).flatMap { TreeEnsemble.Node(numbers: $0) } } }, [])
  }
}

extension Op {
  /// The operation of the textual form; nil when it does not exist or its parameters do not fit.
  init?(mnemonic: String, parameters: [String: TextValue]) {
    var reader = ParameterReader(parameters)
    guard let op = Op.read(mnemonic, &reader), reader.isRead else { return nil }
    self = op
  }

  private static func read(_ mnemonic: String, _ p: inout ParameterReader) -> Op? {
    if let function = UnaryOp.read(mnemonic, &p) { return .unary(function) }
    if let function = BinaryOp.read(mnemonic, &p) { return .binary(function) }
    if let function = CompareOp(rawValue: mnemonic) { return .compare(function) }
    if mnemonic.hasPrefix("reduce."), let function = ReduceOp(rawValue: String(mnemonic.dropFirst(7))) {
      return .reduce(function, axes: p.ints("axes"), keepDims: p.bool("keepDims"))
    }
    switch mnemonic {
    case "select": return .select
    case "cast":
      let narrowing = p.narrowing()
      return ElementType(name: p.word("to")).map { .cast($0, narrowing) }
    case "bitcast": return ElementType(name: p.word("to")).map { .bitcast($0) }
    case "matmul": return .matmul(transposeA: p.bool("transposeA"), transposeB: p.bool("transposeB"))
    case "convolution":
      return .convolution(
        Convolution(window: Window.read(&p), groups: p.int("groups"), inputDilations: p.ints("inputDilations")))
    case "pool.maximum", "pool.maximumWithIndices", "pool.average", "pool.norm":
      return .pool(Pool(Pool.Function.read(mnemonic, &p), window: Window.read(&p), excess: p.ints("excess")))
    case "argmax", "argmin":
      return .argReduce(
        largest: mnemonic == "argmax", axis: p.int("axis"), keepDims: p.bool("keepDims"),
        selectLast: p.bool("selectLast"))
    case "softmax": return .softmax(axis: p.int("axis"))
    case "logSoftmax": return .logSoftmax(axis: p.int("axis"))
    case "layerNorm": return .layerNorm(axis: p.int("axis"), epsilon: p.float("epsilon"))
    case "rmsNorm": return .rmsNorm(axis: p.int("axis"), epsilon: p.float("epsilon"))
    case "attention": return .attention(scale: p.float("scale"), unattended: p.unattended("unattended"))
    case "recurrent": return Recurrence.read(&p).map { .recurrent($0) }
    case "cumulativeSum":
      return .cumulativeSum(axis: p.int("axis"), exclusive: p.bool("exclusive"), reverse: p.bool("reverse"))
    case "cumulativeProduct":
      return .cumulativeProduct(axis: p.int("axis"), exclusive: p.bool("exclusive"), reverse: p.bool("reverse"))
    case "scatterElements":
      let axis = p.int("axis")
      return ScatterReduction(rawValue: p.word("reduction")).map { .scatterElements(axis: axis, $0) }
    case "scatterND": return ScatterReduction(rawValue: p.word("reduction")).map { .scatterND($0) }
    case "reshape": return .reshape(Shape(p.dims("shape")))
    case "transpose": return .transpose(p.ints("permutation"))
    case "expand": return .expand(Shape(p.dims("shape")))
    case "concat": return .concat(axis: p.int("axis"))
    case "slice":
      return .slice(axis: p.int("axis"), start: p.dim("start"), length: p.dim("length"), step: p.int("step"))
    case "gather": return .gather(axis: p.int("axis"), negative: p.word("negative") == "zero" ? .zero : .fromEnd)
    case "gatherElements": return .gatherElements(axis: p.int("axis"))
    case "gatherND": return .gatherND(batchDims: p.int("batchDims"))
    case "pad": return .pad(before: p.ints("before"), after: p.ints("after"))
    case "topK":
      return .topK(
        k: p.int("k"), axis: p.int("axis"), largest: p.bool("largest"), pad: p.optionalFloat("pad"))
    case "positions": return .positions(count: p.dim("count"))
    case "nonMaxSuppression": return .nonMaxSuppression(NonMaxSuppression.read(&p))
    case "oneHot": return .oneHot(depth: p.int("depth"), axis: p.int("axis"))
    case "dimensions": return .dimensions(p.dims("dims"))
    case "iota": return .iota(count: p.dim("count"), start: p.int("start"), step: p.int("step"))
    case "treeEnsemble": return TreeEnsemble.read(&p).map { .treeEnsemble($0) }
    case "bucketize": return .bucketize(p.floats("boundaries"))
    case "hashBucket": return .hashBucket(buckets: p.int("buckets"))
    default: return nil
    }
  }
}

extension Window {
  fileprivate static func read(_ p: inout ParameterReader) -> Window {
    Window(
      size: p.ints("size"), strides: p.ints("strides"), dilations: p.ints("dilations"), before: p.ints("before"),
      after: p.ints("after"))
  }
}

extension Pool.Function {
  fileprivate static func read(_ mnemonic: String, _ p: inout ParameterReader) -> Pool.Function {
    switch mnemonic {
    case "pool.average": .average(countsPadding: p.bool("countsPadding"))
    case "pool.norm": .norm(p: p.int("p"))
    case "pool.maximumWithIndices": .maximumWithIndices(columnMajor: p.bool("columnMajor"))
    default: .maximum
    }
  }
}

extension UnaryOp {
  private static let plain: [UnaryOp] = [
    .negate, .absolute, .sign, .exp, .log, .log1p, .sqrt, .reciprocal, .square, .tanh, .sigmoid, .relu, .erf,
    .softplus, .softsign, .gelu, .geluTanh, .silu, .hardSwish, .mish, .floor, .ceil, .round, .sin, .cos, .not,
    .isNaN, .isInf,
  ]

  fileprivate static func read(_ mnemonic: String, _ p: inout ParameterReader) -> UnaryOp? {
    switch mnemonic {
    case "leakyRelu": .leakyRelu(p.float("slope"))
    case "elu": .elu(p.float("alpha"))
    case "selu": .selu(alpha: p.float("alpha"), gamma: p.float("gamma"))
    case "hardSigmoid": .hardSigmoid(alpha: p.float("alpha"), beta: p.float("beta"))
    default: plain.first { $0.mnemonic == mnemonic } ?? InverseOp(rawValue: mnemonic).map { .inverse($0) }
    }
  }
}

extension NonMaxSuppression {
  fileprivate static func read(_ p: inout ParameterReader) -> NonMaxSuppression {
    NonMaxSuppression(
      limit: p.int("limit"), overlap: Float(p.float("overlap")),
      leastScore: p.optionalFloat("leastScore").map { Float($0) }, corners: p.bool("centred") ? .centre : .diagonal)
  }
}

extension Recurrence {
  fileprivate static func read(_ p: inout ParameterReader) -> Recurrence? {
    guard let cell = Cell(rawValue: p.word("cell")) else { return nil }
    return Recurrence(
      cell: cell, hidden: p.int("hidden"), activations: p.activations("activations"), clip: p.optionalFloat("clip"),
      reverse: p.bool("reverse"), resetsAfter: p.bool("resetsAfter"), couplesGates: p.bool("couplesGates"),
      hasPeepholes: p.bool("peepholes"), hasLengths: p.bool("lengths"))
  }
}

extension BinaryOp {
  private static let plain: [BinaryOp] = [
    .add, .subtract, .multiply, .divide, .power, .minimum, .maximum, .and, .or, .xor, .prelu, .shiftLeft,
    .shiftRight,
  ]

  fileprivate static func read(_ mnemonic: String, _ p: inout ParameterReader) -> BinaryOp? {
    if mnemonic == "modulo" { return .modulo(truncated: p.bool("truncated")) }
    return plain.first { $0.mnemonic == mnemonic }
  }
}

extension TreeEnsemble {
  fileprivate static func read(_ p: inout ParameterReader) -> TreeEnsemble? {
    guard let aggregate = Aggregate(rawValue: p.word("aggregate")),
      let postTransform = PostTransform(rawValue: p.word("postTransform"))
    else { return nil }
    return TreeEnsemble(
      nodes: p.treeNodes("nodes"), roots: p.ints("roots").map { Int32(clamping: $0) },
      leafTargets: p.ints("leafTargets").map { Int32(clamping: $0) },
      leafWeights: p.floats("leafWeights").map { Float($0) }, targetCount: p.int("targets"),
      featureCount: p.int("features"), base: p.floats("base").map { Float($0) }, aggregate: aggregate,
      postTransform: postTransform)
  }
}

extension TreeEnsemble.Node {
  /// `[feature, threshold, left, right, missingGoesLeft]`.
  fileprivate init?(numbers: [Double]) {
    guard numbers.count == 5, let feature = Int32(exactly: numbers[0]), let left = Int32(exactly: numbers[2]),
      let right = Int32(exactly: numbers[3])
    else { return nil }
    self.init(
      feature: feature, threshold: Float(numbers[1]), left: left, right: right, missingGoesLeft: numbers[4] != 0)
  }
}

extension TextValue {
  /// `[tanh]`, `[leakyRelu, 0.01]`.
  fileprivate var asActivation: UnaryOp? {
    guard case .list(let items) = self, let name = items.first?.asWord else { return nil }
    return Recurrence.activation(name, items.dropFirst().compactMap(\.asFloat))
  }

  fileprivate var asInt: Int? { if case .int(let value) = self { value } else { nil } }
  fileprivate var asWord: String? { if case .word(let value) = self { value } else { nil } }

  fileprivate var asFloat: Double? {
    switch self {
    case .float(let value): value
    case .int(let value): Double(value)
    case .word, .dim, .list: nil
    }
  }

  fileprivate var asDim: Dim? {
    switch self {
    case .dim(let value): value
    case .int(let value): Dim(value)
    case .float, .word, .list: nil
    }
  }

  fileprivate func list<T>(_ convert: (TextValue) -> T?) -> [T]? {
    guard case .list(let values) = self else { return nil }
    let converted = values.compactMap(convert)
    return converted.count == values.count ? converted : nil
  }
}
