import InferenceIR
import TensorTypes

extension Emitter {
  /// Scores all rows: over ranks where trees are shallow, else by what walks deep trees. A row's sum is made in tree
  /// order in every form.
  mutating func trees(_ node: Node, at index: Int, _ tables: TreeTables) throws(EmitFailure) {
    guard let x = schedule.views[node.inputs[0]], let y = schedule.views[node.outputs[0]], x.strides.count == 2 else {
      throw unsupported(node, "trees need a matrix of features in memory")
    }
    let kernel = TreeKernel(tables: tables, index: index, rowBlock: TreeTables.group)
    let rows = c(schedule.shape(of: node.inputs[0])[0])
    let (features, start) = base(of: x, element: .f32)
    let (scores, scoreStart) = base(of: y, element: .f32, written: true)
    let source = (pointer: features + c(start), row: c(x.strides[0]), column: c(x.strides[1]))
    let target = (pointer: scores + c(scoreStart), row: c(y.strides[0]), column: c(y.strides[1]))
    if let ranked = tables.ranked {
      rankedTrees(RankedTreeKernel(trees: kernel, ranked: ranked), source, target, rows: rows)
    } else {
      walkedTrees(kernel, source, target, rows: rows)
    }
  }

  /// Many rows go through the trees feature by feature where trees have few leaves, else 8 at a time down one tree; the
  /// rest walk one by one down 8 trees at a time, so that 8 independent chains of loads are in flight.
  private mutating func walkedTrees(
    _ kernel: TreeKernel, _ source: TreeKernel.Matrix, _ target: TreeKernel.Matrix, rows: CExpression,
  ) {
    let tables = kernel.tables
    let copy = pointer(
      .scratch(index: 0, byteCount: Dim(kernel.rowBlock * tables.columns * 4)), type: "f32", written: true)
    let many: [CStatement]
    let isEnough: CExpression
    let step: Int
    levels[0].append(.declare(type: "i64", name: "row", 0))
    if let scorer = tables.scorer {
      levels[0] += sharedSplits(kernel, scorer, source, rows: rows)
      many = scoreRows(kernel, scorer, source, target, rows: rows)
      isEnough = "row" + .integer(Self.fewestScoredRows) <= rows
      step = Self.scoredRows
    } else {
      many = copies(kernel, source, to: copy, rows: kernel.rowBlock) + walkRows(kernel, copy, target)
      isEnough = "row" + .integer(kernel.rowBlock) <= rows
      step = kernel.rowBlock
    }
    let one = copies(kernel, source, to: copy, rows: 1) + walkTrees(kernel, copy, target)
    levels[0] += [
      .whileLoop(isEnough, many + [.assign("row", "row" + .integer(step))]),
      .whileLoop("row" < rows, one + [.assign("row", "row" + 1)]),
      .loop(variable: "row", from: 0, below: rows, step: 1, finishedScores(kernel, target)),
    ]
  }

  /// Copies rows with NaN replaced by what sends a missing value the right way.
  private mutating func copies(
    _ kernel: TreeKernel, _ x: TreeKernel.Matrix, to copy: CExpression, rows: Int,
  ) -> [CStatement] {
    let tables = kernel.tables
    let features = tables.ensemble.featureCount
    let element: CExpression = .name("x")["f" * x.column]
    let line = copy + "r" * .integer(tables.columns)
    func cleaned(_ start: Int, _ infinity: CExpression) -> CStatement {
      .loop(
        variable: "f", from: 0, below: .integer(features), step: 1,
        [
          .assign(
            .name("line")["f" + .integer(start)], .conditional(.binary(element, "==", element), element, infinity))
        ])
    }
    var body: [CStatement] = [
      .declare(type: "const f32 *", name: "x", x.pointer + ("row" + "r") * x.row),
      .declare(type: "f32 *", name: "line", line),
    ]
    if let start = tables.missingRight { body.append(cleaned(start, .float(.infinity))) }
    if let start = tables.missingLeft { body.append(cleaned(start, .float(-.infinity))) }
    body.append(.assign(.name("line")[.integer(tables.columns - 1)], .float(-.infinity)))
    return [.loop(variable: "r", from: 0, below: .integer(rows), step: 1, body)]
  }

  mutating func table(_ kernel: TreeKernel, _ part: TreeTables.Part, _ type: String) -> CExpression {
    pointer(.weights(.trees(node: kernel.index, part: part)), type: type, written: false)
  }

  /// 8 rows down each tree.
  private mutating func walkRows(_ kernel: TreeKernel, _ copy: CExpression, _ y: TreeKernel.Matrix) -> [CStatement] {
    let columns = kernel.tables.columns
    let lines = (0..<kernel.rowBlock).map { copy + .integer($0 * columns) }
    var body = start(kernel, count: kernel.rowBlock) { _ in "tree" }
    body.append(steps(kernel, lines, depth: table(kernel, .depths, "u32")["tree"]))
    let rows = (0..<kernel.rowBlock).map { "row" + .integer($0) }
    var statements = clearing(kernel, rows, y)
    for (at, row) in rows.enumerated() { body += adding(kernel, node: at, sum: at, tree: "tree", row: row, y) }
    statements.append(.loop(variable: "tree", from: 0, below: .integer(kernel.tables.treeCount), step: 1, body))
    return statements + storing(kernel, rows, y)
  }

  /// One row down 8 trees, then down each that is left.
  private mutating func walkTrees(_ kernel: TreeKernel, _ copy: CExpression, _ y: TreeKernel.Matrix) -> [CStatement] {
    let group = TreeTables.group
    let grouped = kernel.tables.treeCount / group * group
    var statements = clearing(kernel, ["row"], y)
    if grouped > 0 {
      var body = start(kernel, count: group) { "tree" + .integer($0) }
      let depth = table(kernel, .groupDepths, "u32")["tree" / .integer(group)]
      body.append(steps(kernel, Array(repeating: copy, count: group), depth: depth))
      for at in 0..<group { body += adding(kernel, node: at, sum: 0, tree: "tree" + .integer(at), row: "row", y) }
      statements.append(.loop(variable: "tree", from: 0, below: .integer(grouped), step: .integer(group), body))
    }
    if grouped < kernel.tables.treeCount {
      var body = start(kernel, count: 1) { _ in "tree" }
      body.append(steps(kernel, [copy], depth: table(kernel, .depths, "u32")["tree"]))
      body += adding(kernel, node: 0, sum: 0, tree: "tree", row: "row", y)
      statements.append(
        .loop(variable: "tree", from: .integer(grouped), below: .integer(kernel.tables.treeCount), step: 1, body))
    }
    return statements + storing(kernel, ["row"], y)
  }

  private mutating func start(
    _ kernel: TreeKernel, count: Int, _ tree: (Int) -> CExpression,
  ) -> [CStatement] {
    let (nodes, roots) = (table(kernel, .nodes, "tree_node"), table(kernel, .roots, "u32"))
    return (0..<count).map { at in
      .declare(type: "const tree_node *", name: "p\(at)", nodes + roots[tree(at)])
    }
  }

  private func steps(_ kernel: TreeKernel, _ lines: [CExpression], depth: CExpression) -> CStatement {
    let bits = CExpression.integer(kernel.tables.deltaBits)
    let body = lines.enumerated().map { at, line -> CStatement in
      .assign(.name("p\(at)"), .call("tree_step", [.name("p\(at)"), line, bits]))
    }
    return .loop(variable: "step", from: 0, below: depth, step: 1, body)
  }

  // MARK: Scores

  /// Sums of one target stay in variables `s0`, `s1`, …; more are kept where the result goes.
  private func clearing(_ kernel: TreeKernel, _ rows: [CExpression], _ y: TreeKernel.Matrix) -> [CStatement] {
    rows.enumerated().flatMap { at, row -> [CStatement] in
      kernel.staysInRegisters
        ? [.declare(type: "f32", name: "s\(at)", .float(kernel.identity))]
        : [
          .loop(
            variable: "target", from: 0, below: .integer(kernel.tables.ensemble.targetCount), step: 1,
            [.assign(y.pointer[row * y.row + "target" * y.column], .float(kernel.identity))])
        ]
    }
  }

  private mutating func adding(
    _ kernel: TreeKernel, node: Int, sum: Int, tree: CExpression, row: CExpression, _ y: TreeKernel.Matrix,
  ) -> [CStatement] {
    let value: CExpression = .call("tree_value", [.name("p\(node)")])
    func slot(_ target: CExpression) -> CExpression { y.pointer[row * y.row + target * y.column] }
    switch kernel.tables.leafForm {
    case .weight:
      let target = kernel.staysInRegisters ? CExpression.name("s\(sum)") : slot(0)
      return [.assign(target, kernel.combined(target, value))]
    case .weightOfTreeTarget:
      let target = slot(.cast("i64", table(kernel, .targets, "u32")[tree]))
      return [.assign(target, kernel.combined(target, value))]
    case .entries:
      let leaf: CExpression = .cast("i64", .call("to_bits", [value])) * 2
      let leaves = table(kernel, .leaves, "u32")
      let entries = table(kernel, .entries, "tree_entry")
      let target = slot(.cast("i64", .call("entry_target", [entries + "entry"])))
      return [
        .block([
          .declare(type: "const i64", name: "from", leaves[leaf]),
          .loop(
            variable: "entry", from: "from", below: "from" + leaves[leaf + 1], step: 1,
            [.assign(target, kernel.combined(target, .call("entry_weight", [entries + "entry"])))]),
        ])
      ]
    }
  }

  private func storing(_ kernel: TreeKernel, _ rows: [CExpression], _ y: TreeKernel.Matrix) -> [CStatement] {
    if !kernel.staysInRegisters { return [] }
    return rows.enumerated().map { at, row in .assign(y.pointer[row * y.row], .name("s\(at)")) }
  }

  /// Average, base and post-transform of one row's scores.
  func finishedScores(_ kernel: TreeKernel, _ y: TreeKernel.Matrix) -> [CStatement] {
    let ensemble = kernel.tables.ensemble
    let slot = y.pointer["row" * y.row + "target" * y.column]
    var body: [CStatement] = []
    func perTarget(_ value: CExpression) -> CStatement {
      .loop(variable: "target", from: 0, below: .integer(ensemble.targetCount), step: 1, [.assign(slot, value)])
    }
    if kernel.identity.isInfinite {
      // A target that no leaf names scores 0.
      body.append(perTarget(.conditional(.binary(slot, "==", .float(kernel.identity)), .float(0), slot)))
    }
    if ensemble.aggregate == .average { body.append(perTarget(slot / .float(Float(kernel.tables.treeCount)))) }
    if !ensemble.base.isEmpty {
      body.append(.table(type: "f32", name: "start", ensemble.base.map { .float($0) }))
      let within = CExpression.binary("target", "<", .integer(ensemble.base.count))
      body.append(perTarget(.conditional(within, slot + .name("start")["target"], slot)))
    }
    switch ensemble.postTransform {
    case .none: break
    case .logistic: body.append(perTarget(.call("m_sigmoid", [slot])))
    case .probit: body.append(perTarget(.call("m_probit", [slot])))
    case .softmax, .softmaxZero:
      let name = ensemble.postTransform == .softmax ? "scores_softmax" : "scores_softmax_zero"
      body.append(
        .expression(.call(name, [y.pointer + "row" * y.row, y.column, .integer(ensemble.targetCount)])))
    }
    return body
  }
}

/// What the pieces of a tree kernel share.
struct TreeKernel {
  /// A pointer with its strides in elements, as C expressions.
  typealias Matrix = (pointer: CExpression, row: CExpression, column: CExpression)

  let tables: TreeTables
  /// The node's index, which names the tables.
  let index: Int
  let rowBlock: Int

  var staysInRegisters: Bool { tables.leafForm == .weight }

  /// What combining starts from.
  var identity: Float {
    switch tables.ensemble.aggregate {
    case .sum, .average: 0
    case .minimum: .infinity
    case .maximum: -.infinity
    }
  }

  func combined(_ score: CExpression, _ value: CExpression) -> CExpression {
    switch tables.ensemble.aggregate {
    case .sum, .average: score + value
    case .minimum: .call("m_minimum", [score, value])
    case .maximum: .call("m_maximum", [score, value])
    }
  }
}
