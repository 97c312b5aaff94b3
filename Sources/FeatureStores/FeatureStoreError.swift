/// Why features cannot be read.
package enum FeatureStoreError: Error, Hashable, Sendable {
  /// The store's file cannot be opened as a database.
  case cannotOpen(store: String, path: String, reason: String)
  case noTable(group: String, table: String)
  case noColumn(group: String, table: String, column: String, available: [String])
  /// Each look-up would read the whole table.
  case noIndex(group: String, table: String, key: String)
  case duplicateKey(group: String, key: String)
  /// A value is of another kind than the field: what it is, and for which key.
  case wrongType(group: String, column: String, key: String, expected: String, found: String)
  /// The database refused: its words.
  case query(group: String, reason: String)
  /// `on_miss = reject`, and there is no such row.
  case missing(group: String, key: String)
}

extension FeatureStoreError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .cannotOpen(let store, let path, let reason):
      "store \(store): cannot open \(path): \(reason); `--store \(store)=PATH` says where the file is"
    case .noTable(let group, let table):
      "features \(group): the database has no table \(table)"
    case .noColumn(let group, let table, let column, let available):
      "features \(group): table \(table) has no column \(column); it has \(available.joined(separator: ", "))"
    case .noIndex(let group, let table, let key):
      "features \(group): \(key) is not indexed, so each look-up would read all of \(table); "
        + "make it the primary key or add a unique index"
    case .duplicateKey(let group, let key):
      "features \(group): more than one row has the key \(key)"
    case .wrongType(let group, let column, let key, let expected, let found):
      "features \(group): \(column) of key \(key) is \(found), where \(expected) belongs"
    case .query(let group, let reason):
      "features \(group): \(reason)"
    case .missing(let group, let key):
      "features \(group): there is no row with the key \(key)"
    }
  }
}
