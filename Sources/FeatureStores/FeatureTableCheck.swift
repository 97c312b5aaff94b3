import CSQLite
import PlanFormat
import TensorTypes

extension FeatureTable {
  /// How much of the table a check reads.
  enum Depth {
    /// The first rows: what a start can afford.
    case samples
    /// Every row: what a build must know.
    case everything
  }

  /// Checks that the table is what the plan says: columns, an indexed key, and values of the right kind.
  func check(_ depth: Depth) throws(FeatureStoreError) {
    try checkColumns()
    try checkIndex()
    try checkRows(depth)
    if depth == .everything { try checkUniqueness() }
  }

  private func checkColumns() throws(FeatureStoreError) {
    let statement = try prepare("SELECT name FROM pragma_table_info(?1)")
    sqlite3_bind_text(statement.handle, 1, group.table, -1, Self.copied)
    var available: [String] = []
    while try step(statement) { available.append(statement.text(0)) }
    if available.isEmpty { throw .noTable(group: group.name, table: group.table) }
    for name in [group.keyColumn] + group.columns.map(\.name) {
      if available.contains(where: { Self.same($0, name) }) { continue }
      throw .noColumn(group: group.name, table: group.table, column: name, available: available)
    }
  }

  private func checkIndex() throws(FeatureStoreError) {
    let statement = try prepare("EXPLAIN QUERY PLAN \(lookUpQuery)")
    while try step(statement) {
      if statement.text(3).hasPrefix("SCAN") {
        throw .noIndex(group: group.name, table: group.table, key: group.keyColumn)
      }
    }
  }

  private func checkRows(_ depth: Depth) throws(FeatureStoreError) {
    let statement = try prepare(depth == .samples ? scanQuery + " LIMIT 16" : scanQuery)
    let row = UnsafeMutableRawPointer.allocate(byteCount: max(8, layout.byteCount), alignment: 8)
    defer { row.deallocate() }
    row.initializeMemory(as: UInt8.self, repeating: 0, count: max(8, layout.byteCount))
    let keyAt = layout.columns.count
    let wanted = keyElement == .string ? SQLITE_TEXT : SQLITE_INTEGER
    while try step(statement) {
      guard sqlite3_column_type(statement.handle, Int32(keyAt)) == wanted else {
        throw .wrongType(
          group: group.name, column: group.keyColumn, key: statement.text(keyAt),
          expected: keyElement == .string ? "TEXT" : "an integer", found: "something else")
      }
      try decoder.decode(statement, key: { statement.text(keyAt) }, to: row)
    }
  }

  private func checkUniqueness() throws(FeatureStoreError) {
    let key = SQLiteConnection.quoted(group.keyColumn)
    let table = SQLiteConnection.quoted(group.table)
    let statement = try prepare("SELECT \(key) FROM \(table) GROUP BY \(key) HAVING count(*) > 1 LIMIT 1")
    if try step(statement) { throw .duplicateKey(group: group.name, key: statement.text(0)) }
  }

  /// SQLite compares names without regard to ASCII case.
  private static func same(_ a: String, _ b: String) -> Bool { a.lowercased() == b.lowercased() }

  /// Tells SQLite to copy a bound text (SQLITE_TRANSIENT, a macro that Swift cannot import).
  private static var copied: sqlite3_destructor_type {
    unsafeBitCast(-1, to: sqlite3_destructor_type.self)
  }
}
