import InferenceCompiler
import InferenceIR
import TensorTypes

/// Grows a graph from a seed, by operations on values picked at random; the shape rules decide what fits.
///
/// A value is *exact* when the interpreter and any right kernel agree on every bit: inputs, what is moved, and what
/// IEEE rounds once. Only such values meet operations that jump: rounding, comparing, sorting, conversion to integers.
struct GraphGenerator {
  static let symbols = [SymbolRange("batch", 1, 6), SymbolRange("rows", 1, 9)]

  var graph: Graph
  var random: Seeded
  private(set) var exact: Set<ValueID> = []
  /// Requests do not meet: no operation touches the leading axis.
  let keepsBatch: Bool
  let numerics: Numerics

  /// - Parameter nodes: at most; most graphs are smaller.
  init(seed: Int, nodes: Int) {
    random = Seeded(UInt64(bitPattern: Int64(seed)))
    graph = Graph(name: "seed\(seed)", symbols: Self.symbols)
    keepsBatch = random.oneIn(2)
    let (batch, rows) = (Dim(symbol: "batch"), Dim(symbol: "rows"))
    for (name, shape) in [("a", [batch, 8]), ("b", [batch, rows, 4]), ("c", [batch, 1, 4])]
      as [(String, [Dim])]
    {
      exact.insert(graph.addInput(name, TensorType(.f32, Shape(shape))))
    }
    exact.insert(graph.addInput("ids", TensorType(.i64, [batch, rows])))
    exact.insert(graph.addInput("image", TensorType(.f32, [batch, 8, 6, 5])))
    numerics = random.oneIn(4) ? .fast : .precise
    let most = random.oneIn(4) ? nodes : min(nodes, 8)
    for _ in 0..<Int.random(in: 1...most, using: &random) { grow() }
    let read = Set(graph.nodes.flatMap(\.inputs))
    graph.outputs = graph.nodes.flatMap(\.outputs).filter { !read.contains($0) }
    if graph.outputs.isEmpty { graph.outputs = [graph.inputs[0]] }
    if random.oneIn(3), let inner = graph.nodes.randomElement(using: &random)?.outputs.first {
      if !graph.outputs.contains(inner), !keepsBatch || type(inner).shape.dims.first == batch {
        graph.outputs.append(inner)
      }
    }
  }

  var values: [ValueID] { graph.inputs + graph.nodes.flatMap(\.outputs) }
  func type(_ id: ValueID) -> TensorType { graph.type(of: id) }

  mutating func value(where suits: (TensorType) -> Bool = { $0.element.isFloat }) -> ValueID? {
    values.filter { suits(type($0)) && type($0).shape.rank <= 4 }.randomElement(using: &random)
  }

  mutating func constant(_ element: ElementType, _ shape: [Int]) -> ValueID {
    var numbers = random.floats(shape.reduce(1, *))
    // Weights that narrow types hold are packed as such.
    if random.oneIn(4) { numbers = numbers.map { Float(Float16($0)) } }
    let tensor: HostTensor =
      switch element {
      case .f64: HostTensor(.f64, shape, numbers.map { Double($0) })
      case .f16: HostTensor(.f16, shape, numbers.map { Float16($0) })
      case .bf16: HostTensor(.bf16, shape, numbers.map { UInt16($0.bitPattern >> 16) })
      default: HostTensor(.f32, shape, numbers)
      }
    return graph.addConstant("k\(graph.values.count)", Constant(tensor))
  }

  mutating func add(_ op: Op, _ operands: [ValueID], isExact: Bool) {
    guard
      let made = try? graph.add(op, operands, name: "v\(graph.values.count)", origin: "\(graph.name) \(op.mnemonic)")
    else { return }
    // Nothing that grows without end, and no batch that was lost.
    let batch = Dim(symbol: "batch")
    for id in made {
      let dims = type(id).shape.dims
      let leads = dims.first == batch && !dims.dropFirst().contains { $0.symbols.contains("batch") }
      if dims.count > 5 || (keepsBatch && !leads) {
        graph.nodes.removeLast()
        return
      }
    }
    if isExact { exact.formUnion(made) }
  }

  /// An operation inside of a layer, which may put the batch elsewhere.
  mutating func step(_ op: Op, _ operands: [ValueID]) -> ValueID? {
    let made = try? graph.add(
      op, operands, name: "v\(graph.values.count)", origin: "\(graph.name) \(op.mnemonic)")
    return made?.first
  }

  private mutating func axis(_ x: ValueID) -> Int? {
    let least = keepsBatch ? 1 : 0
    let rank = type(x).shape.rank
    return rank > least ? Int.random(in: least..<rank, using: &random) : nil
  }

  private mutating func grow() {
    switch Int.random(in: 0..<24, using: &random) {
    case 0, 1, 2: unary()
    case 3, 4, 5: binary()
    case 6: comparison()
    case 7: conversion()
    case 8: integers()
    case 9, 10, 11, 12: movement()
    case 13, 14: reduction()
    case 15, 16: product()
    case 17: normalisation()
    case 18: selection()
    case 19, 20, 21: layer()
    case 22: indexing()
    default: attention()
    }
  }

  private mutating func unary() {
    guard let x = value() else { return }
    let rounded: [UnaryOp] = [
      .tanh, .sigmoid, .erf, .softplus, .softsign, .gelu, .geluTanh, .silu, .hardSwish, .mish, .sin, .cos, .elu(0.7),
      .selu(alpha: 1.6, gamma: 1.05), .hardSigmoid(alpha: 0.2, beta: 0.5), .leakyRelu(0.25),
    ]
    let kept: [UnaryOp] = [.negate, .absolute, .relu]
    let jumping: [UnaryOp] = [.sign, .floor, .ceil, .round]
    if exact.contains(x), random.oneIn(4) {
      add(.unary(random.pick(jumping)), [x], isExact: true)
    } else if random.oneIn(3) {
      add(.unary(random.pick(kept)), [x], isExact: exact.contains(x))
    } else {
      add(.unary(random.pick(rounded)), [x], isExact: false)
    }
  }

  private mutating func binary() {
    guard let x = value() else { return }
    let element = type(x).element
    guard
      let y = random.oneIn(3)
        ? constant(element, [type(x).shape.dims.last?.constant ?? 1]) : value(where: { $0.element == element })
    else { return }
    let function = random.pick([BinaryOp.add, .add, .multiply, .multiply, .subtract, .minimum, .maximum, .prelu])
    let both = exact.contains(x) && (exact.contains(y) || graph[y].constant != nil)
    add(.binary(function), [x, y], isExact: both && element == .f32 && function != .prelu)
  }

  private mutating func comparison() {
    guard let x = exactFloat(), let y = exactFloat(), type(x).element == type(y).element else { return }
    let before = graph.values.count
    add(.compare(random.pick(CompareOp.allCases)), [x, y], isExact: true)
    guard graph.values.count > before, let condition = graph.nodes.last?.outputs.first else { return }
    guard let a = value(), let b = value(where: { $0.element == .f32 }) else { return }
    add(.select, [condition, a, b], isExact: exact.contains(a) && exact.contains(b))
  }

  private mutating func exactFloat() -> ValueID? {
    values.filter { exact.contains($0) && type($0).element == .f32 }.randomElement(using: &random)
  }

  private mutating func conversion() {
    if random.oneIn(2), let x = exactFloat() {
      add(.cast(random.pick([.i64, .i32, .i8, .u8, .bool])), [x], isExact: true)
    } else if let x = value() {
      add(.cast(random.pick([.f32, .f32, .f64, .f16, .bf16])), [x], isExact: false)
    }
  }

  private mutating func integers() {
    guard let x = value(where: { $0.element == .i64 || $0.element == .i32 }) else { return }
    let element = type(x).element
    if random.oneIn(4) {
      add(.cast(.f32), [x], isExact: true)
    } else if let y = value(where: { $0.element == element }) {
      let functions: [BinaryOp] = [
        .add, .multiply, .subtract, .minimum, .maximum, .and, .or, .xor, .divide, .modulo(truncated: false),
      ]
      add(.binary(random.pick(functions)), [x, y], isExact: true)
    }
  }

  private mutating func movement() {
    guard let x = value(where: { _ in true }) else { return }
    let (shape, same) = (type(x).shape, exact.contains(x))
    guard let axis = axis(x) else { return }
    switch Int.random(in: 0..<8, using: &random) {
    case 0:
      let free = Array((keepsBatch ? 1 : 0)..<shape.rank).shuffled(using: &random)
      add(.transpose((keepsBatch ? [0] : []) + free), [x], isExact: same)
    case 1:
      if shape.rank == 3, !keepsBatch {
        add(.reshape(Shape([shape[0] * shape[1], shape[2]])), [x], isExact: same)
      } else if let last = shape.dims.last?.constant, last % 2 == 0 {
        add(.reshape(Shape(Array(shape.dims.dropLast()) + [2, Dim(last / 2)])), [x], isExact: same)
      }
    case 2:
      let element = type(x).element
      guard let y = value(where: { $0.element == element }) else { return }
      add(.concat(axis: axis), random.oneIn(3) ? [x, y, x] : [x, y], isExact: same && exact.contains(y))
    case 3:
      guard let extent = shape[axis].constant, extent > 1 else { return }
      let start = Int.random(in: 0..<extent - 1, using: &random)
      add(.slice(axis: axis, start: Dim(start), length: Dim(extent - start), step: 1), [x], isExact: same)
    case 4:
      guard let extent = shape[axis].constant, extent > 1 else { return }
      add(.slice(axis: axis, start: Dim(extent - 1), length: Dim(extent), step: -1), [x], isExact: same)
    case 5:
      let table = constant(.f32, [4, random.pick([1, 3, 16])])
      add(.gather(axis: 0, negative: .fromEnd), [table, graph.inputs[3]], isExact: true)
    case 6:
      guard type(x).element == .f32 else { return }
      var (before, after) = ([Int](repeating: 0, count: shape.rank), [Int](repeating: 0, count: shape.rank))
      (before[axis], after[axis]) = (random.pick([0, 1, 2]), random.pick([0, 1]))
      add(.pad(before: before, after: after), [x, constant(.f32, [])], isExact: same)
    default:
      add(.reshape(Shape(shape.dims + [1])), [x], isExact: same)
    }
  }

  private mutating func reduction() {
    guard let x = value(), let axis = axis(x) else { return }
    let functions: [ReduceOp] = [.sum, .mean, .maximum, .minimum, .l1, .l2, .sumSquare, .logSumExp]
    let function = random.pick(functions)
    let kept = function == .maximum || function == .minimum
    add(.reduce(function, axes: [axis], keepDims: random.oneIn(2)), [x], isExact: kept && exact.contains(x))
  }

  private mutating func product() {
    guard let x = value(where: { $0.element == .f32 }) else { return }
    if random.oneIn(3), let y = value(where: { $0.element == .f32 }) {
      add(.matmul(transposeA: false, transposeB: random.oneIn(2)), [x, y], isExact: false)
      return
    }
    guard type(x).shape.rank >= 2, let depth = type(x).shape.dims.last?.constant else { return }
    let columns = random.pick([1, 3, 8, 16, 21, 40])
    let transposed = random.oneIn(3)
    let w = constant(.f32, transposed ? [columns, depth] : [depth, columns])
    add(.matmul(transposeA: false, transposeB: transposed), [x, w], isExact: false)
    guard let y = graph.nodes.last?.outputs.first, random.oneIn(2) else { return }
    add(.binary(.add), [y, constant(.f32, [columns])], isExact: false)
  }

  private mutating func normalisation() {
    guard let x = value(where: { $0.element == .f32 }), let axis = axis(x) else { return }
    switch Int.random(in: 0..<5, using: &random) {
    case 0, 1: add(.softmax(axis: axis), [x], isExact: false)
    case 2: add(.logSoftmax(axis: axis), [x], isExact: false)
    case 3: add(.cumulativeSum(axis: axis, exclusive: random.oneIn(2), reverse: random.oneIn(2)), [x], isExact: false)
    default:
      // A large epsilon: rows that hardly vary would make noise of the last bits.
      guard let last = type(x).shape.dims.last?.constant, axis == type(x).shape.rank - 1 else { return }
      let (scale, bias) = (constant(.f32, [last]), constant(.f32, [last]))
      if random.oneIn(2) {
        add(.layerNorm(axis: axis, epsilon: 0.5), random.oneIn(2) ? [x, scale, bias] : [x, scale], isExact: false)
      } else {
        add(.rmsNorm(axis: axis, epsilon: 0.5), [x, scale], isExact: false)
      }
    }
  }

  private mutating func selection() {
    guard let x = exactFloat(), let axis = axis(x) else { return }
    switch Int.random(in: 0..<4, using: &random) {
    case 0:
      add(
        .argReduce(largest: random.oneIn(2), axis: axis, keepDims: random.oneIn(2), selectLast: random.oneIn(2)), [x],
        isExact: true)
    case 1:
      guard let extent = type(x).shape[axis].constant else { return }
      add(.topK(k: min(extent, 3), axis: axis, largest: random.oneIn(2), pad: nil), [x], isExact: true)
    case 2: add(.bucketize([-0.5, 0, 0.25, 0.75]), [x], isExact: true)
    default: add(.hashBucket(buckets: 97), [graph.inputs[3]], isExact: true)
    }
  }

  private mutating func attention() {
    guard let x = value(where: { $0.element == .f32 && $0.shape.rank == 3 }) else { return }
    let shape = type(x).shape
    guard let k = value(where: { $0.element == .f32 && $0.shape.rank == 3 && $0.shape.dims.last == shape.dims.last })
    else { return }
    add(
      .attention(scale: 0.5, unattended: random.oneIn(2) ? .zero : random.oneIn(2) ? .zeroWhereMasked : .nan),
      [x, k, k], isExact: false)
  }
}
