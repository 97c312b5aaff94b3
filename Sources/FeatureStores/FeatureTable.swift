import PlanFormat
import TensorTypes

/// A feature group and the connection that reads it, for use by one thread.
struct FeatureTable {
  let group: FeatureGroup
  let keyElement: ElementType
  let layout: RowLayout
  let connection: SQLiteConnection

  /// The columns in the layout's order.
  private var columnList: String {
    group.columns.map { SQLiteConnection.quoted($0.name) }.joined(separator: ", ")
  }

  private var table: String { SQLiteConnection.quoted(group.table) }
  private var key: String { SQLiteConnection.quoted(group.keyColumn) }

  var decoder: RowDecoder { RowDecoder(group: group.name, layout: layout) }

  /// The query for one row; parameter 1 is the key.
  var lookUpQuery: String { "SELECT \(columnList) FROM \(table) WHERE \(key) = ?1" }

  /// Columns, then the key.
  var scanQuery: String { "SELECT \(columnList), \(key) FROM \(table)" }

  func prepare(_ sql: String) throws(FeatureStoreError) -> SQLiteStatement {
    do throws(SQLiteConnection.Failure) {
      return try connection.prepare(sql)
    } catch {
      throw .query(group: group.name, reason: error.reason)
    }
  }

  func step(_ statement: SQLiteStatement) throws(FeatureStoreError) -> Bool {
    do throws(SQLiteConnection.Failure) {
      return try statement.step()
    } catch {
      throw .query(group: group.name, reason: error.reason)
    }
  }

  /// The number of rows, counted only up to `limit`.
  func rowCount(upTo limit: Int) throws(FeatureStoreError) -> Int {
    let statement = try prepare("SELECT count(*) FROM (SELECT 1 FROM \(table) LIMIT \(limit))")
    return try step(statement) ? Int(statement.integer(0)) : 0
  }
}
