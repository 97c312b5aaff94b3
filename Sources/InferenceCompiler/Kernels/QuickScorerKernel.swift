import InferenceIR
import TensorTypes

extension Emitter {
  /// Rows that are scored together.
  static let scoredRows = 16
  /// Fewer rows than this walk the trees one by one.
  static let fewestScoredRows = 3

  /// Scores up to 16 rows from `row` on, reading the last row again where there are fewer.
  mutating func scoreRows(
    _ kernel: TreeKernel, _ scorer: QuickScorerTables, _ x: TreeKernel.Matrix, _ y: TreeKernel.Matrix,
    rows: CExpression,
  ) -> [CStatement] {
    let lanes = Self.scoredRows
    let trees = kernel.tables.treeCount
    let columns = scratch(1, bytes: kernel.tables.columns * lanes * 4, type: "f32")
    let alive = scratch(2, bytes: trees * lanes * 4, type: "i32")
    let splits = table(kernel, .splits, "tree_split")
    let starts = table(kernel, .columnStarts, "u32")
    let word: CExpression = .load("i32x16", alive + "tree" * .integer(lanes))
    let shared = sharedColumns(kernel)
    let filled: CStatement = .loop(
      variable: "tree", from: 0, below: .integer(trees), step: 1,
      [.assign(word, .cast("i32x16", shared.words["tree"]))])
    let ruled: CStatement = .loop(
      variable: "column", from: 0, below: .integer(scorer.columns), step: 1,
      [
        .branch(
          shared.changes["column" % .integer(kernel.tables.ensemble.featureCount)],
          then: [
            .declare(type: "const f32x16", name: "value", .load("const f32x16", columns + "column" * .integer(lanes))),
            .declare(type: "const tree_split *", name: "split", splits + starts["column"]),
            .declare(type: "const tree_split *", name: "last", splits + starts["column" + 1]),
            .whileLoop(
              .binary("split" < "last", "&&", .call("rule_out", ["split", "value", alive])),
              [.assign("split", "split" + 1)]),
          ], else: [])
      ])
    return columnCopies(kernel, x, to: columns, rows: rows) + [filled, ruled]
      + leafSums(kernel, alive, y, rows: rows)
  }

  /// Columns in which all rows are equal (a customer's features beside each candidate's) rule out the same leaves for
  /// every row: that is done once, before the rows.
  mutating func sharedSplits(
    _ kernel: TreeKernel, _ scorer: QuickScorerTables, _ x: TreeKernel.Matrix, rows: CExpression,
  ) -> [CStatement] {
    let features = kernel.tables.ensemble.featureCount
    let shared = sharedColumns(kernel)
    let columns = scratch(1, bytes: kernel.tables.columns * Self.scoredRows * 4, type: "f32")
    let splits = table(kernel, .splits, "tree_split")
    let starts = table(kernel, .columnStarts, "u32")
    func bits(_ row: CExpression) -> CExpression {
      .call("to_bits", [x.pointer[row * x.row + "f" * x.column]])
    }
    let change = shared.changes["f"]
    func perFeature(_ body: [CStatement]) -> CStatement {
      .loop(variable: "f", from: 0, below: .integer(features), step: 1, body)
    }
    return [
      // One block of rows is not worth the search.
      perFeature([.assign(change, rows <= .integer(Self.scoredRows))]),
      .loop(
        variable: "r", from: 1, below: rows, step: 1,
        [perFeature([.assign(change, .binary(change, "|", .binary(bits("r"), "^", bits(0))))])]),
      .loop(
        variable: "tree", from: 0, below: .integer(kernel.tables.treeCount), step: 1,
        [.assign(shared.words["tree"], -1)]),
      .branch(
        .binary(rows, ">", .integer(Self.scoredRows)),
        then: columnCopies(kernel, x, to: columns, rows: rows) + [
          .loop(
            variable: "column", from: 0, below: .integer(scorer.columns), step: 1,
            [
              .declare(type: "const tree_split *", name: "split", splits + starts["column"]),
              .declare(type: "const tree_split *", name: "last", splits + starts["column" + 1]),
              .branch(
                shared.changes["column" % .integer(features)], then: [.assign("split", "last")], else: []),
              .whileLoop(
                .binary(
                  "split" < "last", "&&",
                  .call("rule_out_all", ["split", columns["column" * .integer(Self.scoredRows)], shared.words])),
                [.assign("split", "split" + 1)]),
            ])
        ], else: []),
    ]
  }

  /// For every feature whether rows differ in it, and for every tree the leaves that the equal columns leave.
  private mutating func sharedColumns(_ kernel: TreeKernel) -> (changes: CExpression, words: CExpression) {
    (
      scratch(4, bytes: kernel.tables.ensemble.featureCount * 4, type: "i32"),
      scratch(5, bytes: kernel.tables.treeCount * 4, type: "i32")
    )
  }

  /// Rows turned into columns, with NaN replaced by what sends a missing value the right way.
  private mutating func columnCopies(
    _ kernel: TreeKernel, _ x: TreeKernel.Matrix, to columns: CExpression, rows: CExpression,
  ) -> [CStatement] {
    let element: CExpression = .name("x")["f" * x.column]
    let features = kernel.tables.ensemble.featureCount
    var body: [CStatement] = []
    for (start, infinity) in [(kernel.tables.missingRight, Float.infinity), (kernel.tables.missingLeft, -.infinity)] {
      guard let start else { continue }
      let place = columns[("f" + .integer(start)) * .integer(Self.scoredRows) + "r"]
      body.append(.assign(place, .conditional(.binary(element, "==", element), element, .float(infinity))))
    }
    let last = rows - 1
    let row: CExpression = .conditional("row" + "r" < last, "row" + "r", last)
    return [
      .loop(
        variable: "r", from: 0, below: .integer(Self.scoredRows), step: 1,
        [
          .declare(type: "const f32 *", name: "x", x.pointer + row * x.row),
          .loop(variable: "f", from: 0, below: .integer(features), step: 1, body),
        ])
    ]
  }

  /// Adds the leaves' values in tree order and stores the rows that exist.
  private mutating func leafSums(
    _ kernel: TreeKernel, _ alive: CExpression, _ y: TreeKernel.Matrix, rows: CExpression,
  ) -> [CStatement] {
    let half = Self.scoredRows / 2
    let leaves = table(kernel, QuickScorerTables.Part.leaves, "f32")
    let targets = kernel.tables.ensemble.targetCount
    let sums = scratch(3, bytes: targets * half * 4, type: "f32")
    func sum(_ row: Int) -> CExpression {
      if kernel.staysInRegisters { return .name("s\(row)") }
      let target: CExpression = .cast("i64", self.table(kernel, .targets, "u32")["tree"])
      return sums[target * .integer(half) + .integer(row)]
    }
    var body: [CStatement] = []
    for row in 0..<half {
      let word = alive["tree" * .integer(Self.scoredRows) + "from" + .integer(row)]
      let value = leaves["tree" * .integer(QuickScorerTables.maximumLeaves) + .call("__builtin_ctz", [word])]
      let target = sum(row)
      body.append(.assign(target, kernel.combined(target, value)))
    }
    var statements: [CStatement] = []
    if kernel.staysInRegisters {
      statements += (0..<half).map { .declare(type: "f32", name: "s\($0)", .float(kernel.identity)) }
    } else {
      statements.append(
        .loop(
          variable: "at", from: 0, below: .integer(targets * half), step: 1,
          [.assign(sums["at"], .float(kernel.identity))]))
    }
    statements.append(.loop(variable: "tree", from: 0, below: .integer(kernel.tables.treeCount), step: 1, body))
    for row in 0..<half {
      let place: CExpression = "row" + "from" + .integer(row)
      let stored: [CStatement] =
        kernel.staysInRegisters
        ? [.assign(y.pointer[place * y.row], sum(row))]
        : [
          .loop(
            variable: "target", from: 0, below: .integer(targets), step: 1,
            [.assign(y.pointer[place * y.row + "target" * y.column], sums["target" * .integer(half) + .integer(row)])])
        ]
      statements.append(.branch(place < rows, then: stored, else: []))
    }
    return [.loop(variable: "from", from: 0, below: .integer(Self.scoredRows), step: .integer(half), statements)]
  }

  mutating func scratch(_ index: Int, bytes: Int, type: String) -> CExpression {
    pointer(.scratch(index: index, byteCount: Dim(bytes)), type: type, written: true)
  }

  private mutating func table(_ kernel: TreeKernel, _ part: QuickScorerTables.Part, _ type: String) -> CExpression {
    pointer(.weights(.scorer(node: kernel.index, part: part)), type: type, written: false)
  }
}
