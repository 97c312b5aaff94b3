import InferenceIR
import TensorTypes

/// Scores rows by their ranks: single rows walk 8 trees at a time, blocks of 32 rows decide all nodes of a tree and
/// choose among the decisions level by level. Both add leaves in tree order.
struct RankedTreeKernel {
  let trees: TreeKernel
  let ranked: RankedTrees

  /// Rows of a block, one byte each.
  static let lanes = 32
  /// Fewer rows than this are cheaper one by one (measured with 500 trees of depth 6: 2.3 us a row, against 37 us a
  /// block).
  static let fewestLanes = 17
  /// Deeper trees have more nodes to decide than a walk has steps.
  static let deepestBlock = 6
  /// Trees that one row walks together: independent chains of loads.
  static let group = 8

  var depth: Int { ranked.depth }
  var nodeType: String { ranked.hasNarrowNodes ? "i16" : "i32" }
}

extension Emitter {
  mutating func rankedTrees(
    _ kernel: RankedTreeKernel, _ x: TreeKernel.Matrix, _ y: TreeKernel.Matrix, rows: CExpression,
  ) {
    let (lanes, enough) = (
      CExpression.integer(RankedTreeKernel.lanes), CExpression.integer(RankedTreeKernel.fewestLanes)
    )
    let single: CStatement = .loop(variable: "row", from: "first", below: "last", step: 1, rankedRow(kernel, x, y))
    var body: [CStatement] = [
      .declare(type: "const i64", name: "last", .conditional("first" + "block" < rows, "first" + "block", rows))
    ]
    if kernel.depth <= RankedTreeKernel.deepestBlock {
      body.append(.branch("last" - "first" >= enough, then: rankedBlock(kernel, x, y), else: [single]))
    } else {
      body.append(single)
    }
    body.append(.loop(variable: "row", from: "first", below: "last", step: 1, finishedScores(kernel.trees, y)))
    levels[0] += [
      // Rows too few for a block are shared one by one.
      .declare(type: "const i64", name: "block", .conditional(rows < enough, 1, lanes)),
      .loop(variable: "first", from: 0, below: rows, step: "block", kind: .independent, body),
    ]
  }

  // MARK: One row

  private mutating func rankedRow(
    _ kernel: RankedTreeKernel, _ x: TreeKernel.Matrix, _ y: TreeKernel.Matrix,
  ) -> [CStatement] {
    let ranks = scratch(0, bytes: kernel.ranked.columns.count, type: "i8")
    let count = kernel.trees.tables.treeCount
    let grouped = count / RankedTreeKernel.group * RankedTreeKernel.group
    let targets = kernel.trees.tables.ensemble.targetCount
    var statements = [
      ranking(kernel, x.pointer + "row" * x.row, x.column, to: ranks, stride: 1),
      .declare(type: "f32 *", name: "line", y.pointer + "row" * y.row),
    ]
    statements +=
      kernel.trees.staysInRegisters
      ? [.declare(type: "f32", name: "sum", .float(kernel.trees.identity))]
      : [
        .loop(
          variable: "target", from: 0, below: .integer(targets), step: 1,
          [.assign(.name("line")["target" * y.column], .float(kernel.trees.identity))])
      ]
    func walk(from start: Int, below end: Int, together: Int) -> [CStatement] {
      if start == end { return [] }
      let body = walks(kernel, ranks, y, together: together)
      return [.loop(variable: "tree", from: .integer(start), below: .integer(end), step: .integer(together), body)]
    }
    statements += walk(from: 0, below: grouped, together: RankedTreeKernel.group)
    statements += walk(from: grouped, below: count, together: 1)
    if kernel.trees.staysInRegisters { statements.append(.assign(.name("line")[0], "sum")) }
    return statements
  }

  /// A row down some trees from `tree` on, level by level, and the leaves' values added.
  private mutating func walks(
    _ kernel: RankedTreeKernel, _ ranks: CExpression, _ y: TreeKernel.Matrix, together: Int,
  ) -> [CStatement] {
    let size = 1 << kernel.depth
    let nodes = table(kernel, .nodes, kernel.nodeType)
    let leaves = table(kernel, .leaves, "f32")
    var body: [CStatement] = (0..<together).map { .declare(type: "u64", name: "p\($0)", 1) }
    for _ in 0..<kernel.depth {
      for at in 0..<together {
        let tree = nodes + ("tree" + .integer(at)) * .integer(size)
        body.append(.assign(.name("p\(at)"), .call("tree_descend", [tree, .name("p\(at)"), ranks])))
      }
    }
    for at in 0..<together {
      let value = leaves[("tree" + .integer(at)) * .integer(size) + .name("p\(at)") - .integer(size)]
      let slot =
        kernel.trees.staysInRegisters
        ? CExpression.name("sum") : .name("line")[target(of: "tree" + .integer(at), kernel) * y.column]
      body.append(.assign(slot, kernel.trees.combined(slot, value)))
    }
    return body
  }

  private mutating func target(of tree: CExpression, _ kernel: RankedTreeKernel) -> CExpression {
    .cast("i64", table(kernel.trees, TreeTables.Part.targets, "u32")[tree])
  }

  // MARK: 32 rows

  /// Scores the rows `first ..< last`, reading the last one again where there are fewer than lanes.
  private mutating func rankedBlock(
    _ kernel: RankedTreeKernel, _ x: TreeKernel.Matrix, _ y: TreeKernel.Matrix,
  ) -> [CStatement] {
    let lanes = RankedTreeKernel.lanes
    let ensemble = kernel.trees.tables.ensemble
    let ranks = scratch(1, bytes: kernel.ranked.columns.count * lanes, type: "i8")
    let sums = scratch(2, bytes: ensemble.targetCount * lanes * 4, type: "f32")
    let places = scratch(3, bytes: lanes, type: "u8")
    let size = CExpression.integer(1 << kernel.depth)
    func perLane(_ body: [CStatement]) -> CStatement {
      .loop(variable: "lane", from: 0, below: .integer(lanes), step: 1, body)
    }
    func perTarget(_ body: [CStatement]) -> CStatement {
      .loop(variable: "target", from: 0, below: .integer(ensemble.targetCount), step: 1, body)
    }
    let row: CExpression = .conditional("first" + "lane" < "last", "first" + "lane", "last" - 1)
    let ranked = perLane([
      ranking(kernel, x.pointer + row * x.row, x.column, to: ranks + "lane", stride: lanes)
    ])
    let cleared: CStatement = .loop(
      variable: "at", from: 0, below: .integer(ensemble.targetCount * lanes), step: 1,
      [.assign(sums["at"], .float(kernel.trees.identity))])

    let own = ensemble.targetCount == 1 ? sums : sums + target(of: "tree", kernel) * .integer(lanes)
    let slot = CExpression.name("sum")["lane"]
    let value = (table(kernel, .leaves, "f32") + "tree" * size)[.cast("i64", places["lane"])]
    let scored: CStatement = .loop(
      variable: "tree", from: 0, below: .integer(kernel.trees.tables.treeCount), step: 1,
      [
        .declare(
          type: "const \(kernel.nodeType) *", name: "nodes", table(kernel, .nodes, kernel.nodeType) + "tree" * size)
      ]
        + decisions(depth: kernel.depth, ranks, places) + [
          .declare(type: "f32 *", name: "sum", own),
          perLane([.assign(slot, kernel.trees.combined(slot, value))]),
        ])
    let stored = perLane([
      .branch(
        "first" + "lane" < "last",
        then: [
          perTarget([
            .assign(
              y.pointer[("first" + "lane") * y.row + "target" * y.column], sums["target" * .integer(lanes) + "lane"])
          ])
        ], else: [])
    ])
    return [ranked, cleared, scored, stored]
  }

  /// Leaves the leaf of every lane in `places`: `right1`, `right2`, … hold for every level whether a lane goes right, all ones
  /// or zeros; each is chosen from the decisions of its level's nodes by those of the levels above.
  private func decisions(depth: Int, _ ranks: CExpression, _ places: CExpression) -> [CStatement] {
    func decision(_ level: Int, node: Int, from: Int) -> CExpression {
      if from == level { return .call("tree_decide", [.name("nodes")[.integer(node)], ranks]) }
      let (right, left) = (
        decision(level, node: 2 * node + 1, from: from + 1), decision(level, node: 2 * node, from: from + 1)
      )
      return .call("tree_choose", [.name("right\(from)"), right, left])
    }
    var statements: [CStatement] = []
    var leaf: CExpression?
    for level in 1...depth {
      statements.append(.declare(type: "const i8x32", name: "right\(level)", decision(level, node: 1, from: 1)))
      let bit: CExpression = .binary(.name("right\(level)"), "&", .integer(1 << (depth - level)))
      leaf = leaf.map { .binary($0, "|", bit) } ?? bit
    }
    if let leaf { statements.append(.assign(.load("i8x32", places), leaf)) }
    return statements
  }

  // MARK: Tables

  /// The ranks of one row, `stride` bytes apart.
  private mutating func ranking(
    _ kernel: RankedTreeKernel, _ x: CExpression, _ step: CExpression, to ranks: CExpression, stride: Int,
  ) -> CStatement {
    let column = table(kernel, .columns, "tree_column") + "column"
    let line = table(kernel, .thresholds, "f32") + "column" * .integer(RankedTrees.lineLength)
    return .loop(
      variable: "column", from: 0, below: .integer(kernel.ranked.columns.count), step: 1,
      [
        .assign(
          ranks["column" * .integer(stride)], .call("tree_rank", [x, step, column, line]))
      ])
  }

  private mutating func table(_ kernel: RankedTreeKernel, _ part: RankedTrees.Part, _ type: String) -> CExpression {
    pointer(.weights(.ranked(node: kernel.trees.index, part: part)), type: type, written: false)
  }
}
