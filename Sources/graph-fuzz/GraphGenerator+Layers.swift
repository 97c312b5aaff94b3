import InferenceIR
import TensorTypes

/// Layers of networks, with seeded weights.
extension GraphGenerator {
  mutating func layer() {
    switch Int.random(in: 0..<7, using: &random) {
    case 0, 1, 2: convolution()
    case 3: pool()
    case 4: recurrent()
    case 5: trees()
    default: integerProduct()
    }
  }

  private mutating func image() -> (id: ValueID, channels: Int, extents: [Int])? {
    guard let x = value(where: { $0.element == .f32 && $0.shape.rank == 4 }) else { return nil }
    let dims = type(x).shape.dims.dropFirst().map(\.constant)
    guard let channels = dims[0], let height = dims[1], let width = dims[2], min(height, width) > 1 else { return nil }
    return (x, channels, [height, width])
  }

  private mutating func window(_ extents: [Int], sizes: [Int]) -> Window {
    let size = extents.map { min(random.pick(sizes), $0) }
    let (before, after) = (size.map { Int.random(in: 0..<$0, using: &random) }, size.map { _ in random.pick([0, 1]) })
    return Window(
      size: size, strides: extents.map { _ in random.pick([1, 1, 2]) }, dilations: extents.map { _ in 1 },
      before: before, after: zip(after, size).map { min($0, $1 - 1) })
  }

  private mutating func convolution() {
    guard let (x, channels, extents) = image() else { return }
    var window = window(extents, sizes: [1, 2, 3, 3])
    if random.oneIn(3) { window = Window(size: extents.map { min(3, $0) }) }
    let groups = random.oneIn(3) ? channels : channels % 2 == 0 && random.oneIn(4) ? 2 : 1
    let maps = groups * random.pick(groups == 1 ? [1, 7, 16, 24] : [1, 1, 2])
    let weights = constant(.f32, [maps, channels / groups] + window.size)
    let bias = random.oneIn(2) ? [constant(.f32, [maps])] : []
    add(.convolution(Convolution(window: window, groups: groups)), [x, weights] + bias, isExact: false)
    guard let y = graph.nodes.last?.outputs.first, random.oneIn(2) else { return }
    add(.unary(random.pick([.relu, .hardSwish, .sigmoid])), [y], isExact: false)
  }

  private mutating func pool() {
    guard let (x, _, extents) = image() else { return }
    let isLargest = random.oneIn(2)
    let function: Pool.Function = isLargest ? .maximum : .average(countsPadding: random.oneIn(2))
    add(.pool(Pool(function, window: window(extents, sizes: [2, 3]))), [x], isExact: isLargest && exact.contains(x))
  }

  /// A layer over `[batch, rows, features]`, whose cells want the sequence in front.
  private mutating func recurrent() {
    let rows = Dim(symbol: "rows")
    guard
      let x = value(where: {
        $0.element == .f32 && $0.shape.rank == 3 && $0.shape[1] == rows && $0.shape[2].constant != nil
      }), let features = type(x).shape[2].constant
    else { return }
    let (cell, hidden) = (random.pick(Recurrence.Cell.allCases), random.pick([1, 3, 16, 20]))
    var layer = Recurrence(
      cell: cell, hidden: hidden,
      activations: cell == .simple ? [.tanh] : cell == .gru ? [.sigmoid, .tanh] : [.sigmoid, .tanh, .tanh],
      clip: random.oneIn(5) ? 0.5 : nil, reverse: random.oneIn(3), resetsAfter: cell == .gru && random.oneIn(2),
      couplesGates: cell == .lstm && random.oneIn(5), hasPeepholes: cell == .lstm && random.oneIn(5))
    let gates = layer.gateCount * hidden
    let weights = constant(.f32, [features, gates])
    guard let sequence = step(.transpose([1, 0, 2]), [x]),
      let product = step(.matmul(transposeA: false, transposeB: false), [sequence, weights]),
      let narrow = step(.slice(axis: 1, start: 0, length: 1, step: 1), [graph.inputs[0]]),
      let state = step(.expand(Shape([Dim(symbol: "batch"), Dim(hidden)])), [narrow])
    else { return }
    layer.hasLengths = random.oneIn(3)
    var lengths: ValueID?
    if layer.hasLengths {
      guard let first = step(.slice(axis: 1, start: 0, length: 1, step: 1), [graph.inputs[3]]),
        let column = step(.reshape([Dim(symbol: "batch")]), [first]), let most = step(.dimensions([rows]), [])
      else { return }
      lengths = step(.binary(.minimum), [column, most])
    }
    let operands = layer.operands.compactMap { operand -> ValueID? in
      switch operand {
      case .inputs: product
      case .weights: constant(.f32, [gates, hidden])
      case .state, .cell: state
      case .resetBias: constant(.f32, [hidden])
      case .peepholes: constant(.f32, [3 * hidden])
      case .lengths: lengths
      }
    }
    guard let states = step(.recurrent(layer), operands) else { return }
    add(.transpose([1, 0, 2]), [states], isExact: false)
  }

  /// A forest of complete trees over exact features.
  private mutating func trees() {
    guard
      let x = values.filter({
        exact.contains($0) && type($0).element == .f32 && type($0).shape.rank == 2 && type($0).shape[1].constant != nil
      }).randomElement(using: &random), let features = type(x).shape[1].constant
    else { return }
    let (depth, count, targets) = (random.pick([1, 3, 5]), random.pick([1, 4, 17]), random.pick([1, 1, 3]))
    var (nodes, roots, leafTargets): ([TreeEnsemble.Node], [Int32], [Int32]) = ([], [], [])
    let splits = (1 << depth) - 1
    for _ in 0..<count {
      let root = nodes.count
      roots.append(Int32(root))
      for node in 0..<2 * splits + 1 {
        let isLeaf = node >= splits
        nodes.append(
          TreeEnsemble.Node(
            feature: isLeaf ? -1 : Int32.random(in: 0..<Int32(features), using: &random),
            threshold: isLeaf ? 0 : random.floats(1)[0], left: Int32(isLeaf ? leafTargets.count : root + 2 * node + 1),
            right: Int32(isLeaf ? 1 : root + 2 * node + 2), missingGoesLeft: random.oneIn(2)))
        if isLeaf { leafTargets.append(Int32.random(in: 0..<Int32(targets), using: &random)) }
      }
    }
    let forest = TreeEnsemble(
      nodes: nodes, roots: roots, leafTargets: leafTargets, leafWeights: random.floats(leafTargets.count),
      targetCount: targets, featureCount: features, base: random.floats(targets), aggregate: .sum, postTransform: .none)
    add(.treeEnsemble(forest), [x], isExact: false)
  }

  /// A product as quantised models have it: small integers, summed exactly.
  private mutating func integerProduct() {
    guard
      let x = values.filter({
        exact.contains($0) && type($0).element == .f32 && type($0).shape.dims.last?.constant != nil
          && type($0).shape.rank >= 2
      }).randomElement(using: &random), let depth = type(x).shape.dims.last?.constant
    else { return }
    let columns = random.pick([3, 16, 21])
    let numbers = (0..<depth * columns).map { _ in Int16.random(in: -255...255, using: &random) }
    let weights = graph.addConstant("k\(graph.values.count)", Constant(HostTensor(.i16, [depth, columns], numbers)))
    guard let scaled = step(.binary(.multiply), [x, constant(.f32, [])]), let rounded = step(.unary(.round), [scaled]),
      let narrow = step(.cast(.i8), [rounded]), let wide = step(.cast(.i16), [narrow])
    else { return }
    add(.matmul(transposeA: false, transposeB: false), [wide, weights], isExact: true)
  }
}

/// Reading and writing at indices.
extension GraphGenerator {
  mutating func indexing() {
    let (a, ids) = (graph.inputs[0], graph.inputs[3])
    switch Int.random(in: 0..<4, using: &random) {
    case 0: add(.gatherElements(axis: 1), [a, ids], isExact: true)
    case 1:
      guard let tuples = step(.reshape(Shape(type(ids).shape.dims + [1])), [ids]) else { return }
      add(.gatherND(batchDims: 1), [a, tuples], isExact: true)
    case 2:
      guard let updates = step(.cast(.f32), [ids]) else { return }
      let reduction = random.pick(ScatterReduction.allCases)
      add(.scatterElements(axis: 1, reduction), [a, ids, updates], isExact: reduction != .multiply)
    default: add(.oneHot(depth: 4, axis: 2), [ids, constant(.f32, []), constant(.f32, [])], isExact: true)
    }
  }
}
