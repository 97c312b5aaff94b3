import CSQLite
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

  /// A bound on the number of rows without counting them: the largest rowid, where the table has one.
  func rowBound() -> Int? {
    guard let statement = try? connection.prepare("SELECT max(rowid) FROM \(table)"), (try? statement.step()) == true,
      sqlite3_column_type(statement.handle, 0) == SQLITE_INTEGER
    else { return nil }
    let largest = statement.integer(0)
    return largest > 0 ? Int(largest) : nil
  }
}
