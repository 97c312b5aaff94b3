import CSQLite
import Glibc

/// A read-only connection to a database file that nobody changes, for use by one thread.
final class SQLiteConnection {
  fileprivate let handle: OpaquePointer

  /// What went wrong, in SQLite's words.
  struct Failure: Error {
    let reason: String
  }

  /// Opens the file immutable: no locks are taken and no change is looked for, so it must be replaced by rename.
  init(path: String) throws(Failure) {
    // An immutable database is its main file alone, so a write-ahead log's rows would be missing without a word.
    var status = stat()
    if stat(path + "-wal", &status) == 0, status.st_size > 0 {
      throw Failure(reason: "\(path)-wal has changes that are not in the file yet; run PRAGMA wal_checkpoint(TRUNCATE)")
    }
    var handle: OpaquePointer?
    let flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX
    let code = sqlite3_open_v2("file:\(Self.escaped(path))?immutable=1", &handle, flags, nil)
    guard code == SQLITE_OK, let handle else {
      let reason = handle.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
      sqlite3_close_v2(handle)
      throw Failure(reason: reason)
    }
    self.handle = handle
    // Pages are read from the mapping instead of being copied to SQLite's cache; 2 GiB is its largest mapping.
    guard sqlite3_exec(handle, "PRAGMA mmap_size = 2147418112", nil, nil, nil) == SQLITE_OK else { throw failure }
    // One read transaction for life: look-ups then skip its begin and end, a fifth of their time. The header is read
    // here, so a file that is no database is noticed now.
    guard sqlite3_exec(handle, "BEGIN; SELECT 1 FROM sqlite_master LIMIT 1", nil, nil, nil) == SQLITE_OK else {
      throw failure
    }
  }

  deinit { sqlite3_close_v2(handle) }

  func prepare(_ sql: String) throws(Failure) -> SQLiteStatement {
    var statement: OpaquePointer?
    let code = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
    guard code == SQLITE_OK, let statement else { throw failure }
    return SQLiteStatement(statement, of: self)
  }

  fileprivate var failure: Failure { Failure(reason: String(cString: sqlite3_errmsg(handle))) }

  /// A path as the path of a URI.
  private static func escaped(_ path: String) -> String {
    path.replacing("%", with: "%25").replacing("?", with: "%3f").replacing("#", with: "%23")
  }

  /// A name as SQL writes it.
  static func quoted(_ name: String) -> String { "\"" + name.replacing("\"", with: "\"\"") + "\"" }
}

/// A prepared query.
final class SQLiteStatement {
  let handle: OpaquePointer
  private let connection: SQLiteConnection

  fileprivate init(_ handle: OpaquePointer, of connection: SQLiteConnection) {
    self.handle = handle
    self.connection = connection
  }

  deinit { sqlite3_finalize(handle) }

  /// Goes to the next row; false after the last one.
  func step() throws(SQLiteConnection.Failure) -> Bool {
    switch sqlite3_step(handle) {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    default: throw connection.failure
    }
  }

  /// Ends the run, so that the next key can be bound.
  func reset() { sqlite3_reset(handle) }

  func text(_ column: Int) -> String {
    guard let text = sqlite3_column_text(handle, Int32(column)) else { return "NULL" }
    let count = Int(sqlite3_column_bytes(handle, Int32(column)))
    return String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self)
  }

  func integer(_ column: Int) -> Int64 { sqlite3_column_int64(handle, Int32(column)) }
}
