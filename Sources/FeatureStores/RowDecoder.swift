import CPlanABI
import CSQLite
import TensorTypes

/// Writes the current row of a statement in a group's memory form. Column c of the query is column c of the layout.
struct RowDecoder {
  let group: String
  let layout: RowLayout

  /// Decodes to `row`, whose bytes hold the defaults for columns that are NULL. Texts point into SQLite's memory:
  /// they are valid until the statement moves.
  func decode(
    _ statement: SQLiteStatement, key: () -> String, to row: UnsafeMutableRawPointer,
  ) throws(FeatureStoreError) {
    for (index, column) in layout.columns.enumerated() {
      let at = Int32(index)
      let kind = sqlite3_column_type(statement.handle, at)
      if kind == SQLITE_NULL { continue }
      let target = row + column.offset
      if !column.isScalar {
        let count = Int(sqlite3_column_bytes(statement.handle, at))
        guard kind == SQLITE_BLOB, count == column.byteCount else {
          throw wrong(column, key(), "a BLOB of \(column.byteCount) bytes", statement, at)
        }
        if let blob = sqlite3_column_blob(statement.handle, at) { target.copyMemory(from: blob, byteCount: count) }
      } else if column.element == .string {
        guard kind == SQLITE_TEXT, let text = sqlite3_column_text(statement.handle, at) else {
          throw wrong(column, key(), "TEXT", statement, at)
        }
        let count = sqlite3_column_bytes(statement.handle, at)
        target.storeBytes(of: serve_string(bytes: text, length: UInt64(count)), as: serve_string.self)
      } else if column.element.isFloat {
        guard kind == SQLITE_FLOAT || kind == SQLITE_INTEGER else {
          throw wrong(column, key(), "a number", statement, at)
        }
        store(sqlite3_column_double(statement.handle, at), column.element, target)
      } else {
        guard kind == SQLITE_INTEGER, store(sqlite3_column_int64(statement.handle, at), column.element, target) else {
          throw wrong(column, key(), "an integer that fits \(column.element)", statement, at)
        }
      }
    }
  }

  private func store(_ value: Double, _ element: ElementType, _ target: UnsafeMutableRawPointer) {
    switch element {
    case .f64: target.storeBytes(of: value, as: Double.self)
    case .f16: target.storeBytes(of: Float16(value), as: Float16.self)
    case .bf16: target.storeBytes(of: Self.bfloat(Float(value)), as: UInt16.self)
    case .f32, .bool, .u8, .u16, .u32, .u64, .i8, .i16, .i32, .i64, .string, .small:
      target.storeBytes(of: Float(value), as: Float.self)
    }
  }

  /// False when the value does not fit. A `u64` is the column's 64 bits: SQLite's integers are signed, so values from
  /// 2^63 stand there as negative numbers.
  private func store(_ value: Int64, _ element: ElementType, _ target: UnsafeMutableRawPointer) -> Bool {
    func fit<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type) -> Bool {
      guard let small = T(exactly: value) else { return false }
      target.storeBytes(of: small, as: T.self)
      return true
    }
    switch element {
    case .bool: return (value == 0 || value == 1) && fit(UInt8.self)
    case .u8: return fit(UInt8.self)
    case .u16: return fit(UInt16.self)
    case .u32: return fit(UInt32.self)
    case .i8: return fit(Int8.self)
    case .i16: return fit(Int16.self)
    case .i32: return fit(Int32.self)
    case .small(let small):
      guard let range = small.integers, let number = Int(exactly: value), range.contains(number) else { return false }
      return fit(Int8.self) || fit(UInt8.self)
    case .i64, .u64, .f16, .bf16, .f32, .f64, .string: return fit(Int64.self)
    }
  }

  /// Rounds to the nearest bfloat16, ties to even.
  private static func bfloat(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    if value.isNaN { return UInt16(bits >> 16) | 0x40 }
    return UInt16(truncatingIfNeeded: (bits &+ 0x7fff &+ (bits >> 16 & 1)) >> 16)
  }

  private func wrong(
    _ column: RowLayout.Column, _ key: String, _ expected: String, _ statement: SQLiteStatement, _ at: Int32,
  ) -> FeatureStoreError {
    let found =
      switch sqlite3_column_type(statement.handle, at) {
      case SQLITE_INTEGER: "the integer \(statement.text(Int(at)))"
      case SQLITE_FLOAT: "the number \(statement.text(Int(at)))"
      case SQLITE_TEXT: "TEXT"
      default: "a BLOB of \(sqlite3_column_bytes(statement.handle, at)) bytes"
      }
    return .wrongType(group: group, column: column.name, key: key, expected: expected, found: found)
  }
}
