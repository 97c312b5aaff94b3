package import PlanFormat
import TensorTypes

/// The stores of a plan: where their files are, and the rows that have been read. All executors share it.
package final class FeatureStores: Sendable {
  /// The most that the row caches may take when nothing else is said.
  package static let defaultCacheBytes = 64 << 20

  let plan: Plan
  let paths: [String]
  let layouts: [RowLayout]
  let defaults: [DefaultRow]
  let caches: [RowCache?]

  /// Opens every store once and checks each group's table, key and first rows.
  ///
  /// `paths` gives the file of a store by its name; the plan's own path stands in for those it leaves out. Groups
  /// with integer keys share `cacheBytes` for decoded rows; 0 reads every row from the database.
  package init(
    plan: Plan, paths: [String: String] = [:], cacheBytes: Int = FeatureStores.defaultCacheBytes,
  ) throws(FeatureStoreError) {
    self.plan = plan
    self.paths = plan.stores.map { paths[$0.name] ?? $0.path }
    layouts = plan.features.map { RowLayout($0) }
    defaults = zip(plan.features, layouts).map { DefaultRow($0, $1) }
    let tables = try Self.tables(plan, paths: self.paths, layouts)
    let cached = tables.count { $0.keyElement.isInteger }
    var caches: [RowCache?] = []
    for table in tables {
      try table.check(.samples)
      let budget = table.keyElement.isInteger ? cacheBytes / cached : 0
      let capacity = RowCache.capacity(of: table.layout, byteBudget: budget)
      caches.append(RowCache(table.layout, rows: try table.rowCount(upTo: capacity), byteBudget: budget))
    }
    self.caches = caches
  }

  /// Checks every row of every group, for the compiler: types, BLOB lengths, unique keys.
  package static func validate(_ plan: Plan, paths: [String: String] = [:]) throws(FeatureStoreError) {
    let files = plan.stores.map { paths[$0.name] ?? $0.path }
    for table in try tables(plan, paths: files, plan.features.map { RowLayout($0) }) { try table.check(.everything) }
  }

  /// Bytes that the row caches take at most; a pod's memory has to hold them.
  package var memoryBytes: Int { caches.reduce(0) { $0 + ($1?.byteBudget ?? 0) } }

  /// The groups' tables over connections of their own: one per store that a group reads.
  func openTables() throws(FeatureStoreError) -> [FeatureTable] { try Self.tables(plan, paths: paths, layouts) }

  private static func tables(
    _ plan: Plan, paths: [String], _ layouts: [RowLayout],
  ) throws(FeatureStoreError) -> [FeatureTable] {
    var connections: [Int: SQLiteConnection] = [:]
    var tables: [FeatureTable] = []
    for (group, layout) in zip(plan.features, layouts) {
      let connection: SQLiteConnection
      if let open = connections[group.store] {
        connection = open
      } else {
        connection = try open(paths[group.store], of: plan.stores[group.store])
        connections[group.store] = connection
      }
      tables.append(
        FeatureTable(
          group: group, keyElement: plan.request[group.keyField].element, layout: layout, connection: connection))
    }
    return tables
  }

  private static func open(_ path: String, of store: Store) throws(FeatureStoreError) -> SQLiteConnection {
    do throws(SQLiteConnection.Failure) {
      return try SQLiteConnection(path: path)
    } catch {
      throw .cannotOpen(store: store.name, path: path, reason: error.reason)
    }
  }
}
