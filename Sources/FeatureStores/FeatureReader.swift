import CPlanABI
import CSQLite
import PlanFormat
import TensorTypes

/// Reads rows into the arena of one executor: one connection per store and one prepared statement per group, used by
/// one thread.
package final class FeatureReader {
  /// A column's way from a row to the arena.
  private struct Route {
    let from: Int
    let byteCount: Int
    let to: Int
  }

  private let stores: FeatureStores
  private let tables: [FeatureTable]
  private let statements: [SQLiteStatement]
  /// By program, then by group; empty where the program reads nothing of the group.
  private let routes: [[[Route]]]
  private let scratch: [UnsafeMutableRawPointer]
  private var texts: [UnsafeMutableRawPointer] = []
  /// Cached rows of the read in progress.
  private var found: UnsafeMutableBufferPointer<UnsafeRawPointer?> = .allocate(capacity: 128)

  /// Opens connections of its own.
  package init(_ stores: FeatureStores) throws(FeatureStoreError) {
    self.stores = stores
    tables = try stores.openTables()
    var statements: [SQLiteStatement] = []
    for table in tables { statements.append(try table.prepare(table.lookUpQuery)) }
    self.statements = statements
    let plan = stores.plan
    let layouts = stores.layouts
    routes = plan.programs.map { program in
      plan.features.indices.map { group in Self.routes(program, group, layouts[group]) }
    }
    scratch = layouts.map { .allocate(byteCount: max(8, $0.byteCount), alignment: 8) }
  }

  deinit {
    beginCall()
    for row in scratch { row.deallocate() }
    found.deallocate()
  }

  /// The groups that a program reads, by index in `Plan.features`.
  package func groups(of program: Int) -> [Int] {
    routes[program].indices.filter { !routes[program][$0].isEmpty }
  }

  /// Ends the life of the string features that were read since the last call of this.
  package func beginCall() {
    for text in texts { text.deallocate() }
    texts.removeAll(keepingCapacity: true)
  }

  /// Reads `count` rows of `group` and writes their columns to the program's bindings, for request `request` of the
  /// call. Returns how many of them were missing and took the default.
  ///
  /// `keys` are elements of the key field's type, a string being a `serve_string`; nil, for an optional key that was
  /// not given, takes the default for every row. `count` is 1 for a scalar key, else the key's length: the arena must
  /// be planned for it. A row that is missing under `on_miss = reject` is `.missing`.
  package func read(
    group: Int, program: Int, keys: UnsafeRawPointer?, count: Int, arena: UnsafeMutableRawPointer, request: Int = 0,
  ) throws(FeatureStoreError) -> Int {
    let routes = routes[program][group]
    let fallback = stores.defaults[group].bytes
    guard let keys else {
      for row in 0..<count { Self.copy(fallback, routes, arena, row: request * count + row) }
      return count
    }
    let element = tables[group].keyElement
    // All look-ups, then all copies: their cache misses overlap instead of following each other.
    lookUp(stores.caches[group], keys, count, element)
    var missing = 0
    for row in 0..<count {
      var source = found[row]
      if source == nil {
        source =
          element == .string
          ? try textRow(group, keys.loadUnaligned(fromByteOffset: row * 16, as: serve_string.self))
          : try integerRow(group, Self.integerKey(keys, row, element))
        if source == nil { missing += 1 }
      }
      Self.copy(source ?? fallback, routes, arena, row: request * count + row)
    }
    return missing
  }

  /// Notes the cached row of every key, nil where it is not cached.
  private func lookUp(_ cache: RowCache?, _ keys: UnsafeRawPointer, _ count: Int, _ element: ElementType) {
    if found.count < count {
      found.deallocate()
      found = .allocate(capacity: count)
    }
    guard let cache else { return found.initialize(repeating: nil) }
    for row in 0..<count { found.initializeElement(at: row, to: cache.row(Self.integerKey(keys, row, element))) }
  }

  private static func copy(
    _ row: UnsafeRawPointer, _ routes: [Route], _ arena: UnsafeMutableRawPointer, row index: Int,
  ) {
    for route in routes {
      let (source, target) = (row + route.from, arena + route.to + index * route.byteCount)
      // Scalars without a call: they are most of the columns.
      switch route.byteCount {
      case 4: target.storeBytes(of: source.load(as: UInt32.self), as: UInt32.self)
      case 8: target.storeBytes(of: source.load(as: UInt64.self), as: UInt64.self)
      default: target.copyMemory(from: source, byteCount: route.byteCount)
      }
    }
  }

  /// The row of an integer key from the database; nil when it is missing and has a default.
  private func integerRow(_ group: Int, _ key: Int64) throws(FeatureStoreError) -> UnsafeRawPointer? {
    let statement = statements[group]
    sqlite3_bind_int64(statement.handle, 1, key)
    defer { statement.reset() }
    guard try tables[group].step(statement) else { return try missing(group) { "\(key)" } }
    let row = try decode(group, statement) { "\(key)" }
    stores.caches[group]?.insert(key, row)
    // Texts in the scratch row belong to the statement, which is about to move on.
    if stores.layouts[group].hasText { keepTexts(group) }
    return row
  }

  private func textRow(_ group: Int, _ key: serve_string) throws(FeatureStoreError) -> UnsafeRawPointer? {
    let statement = statements[group]
    let name = { String(decoding: UnsafeBufferPointer(start: key.bytes, count: Int(key.length)), as: UTF8.self) }
    // Without a destructor SQLite reads the key in place; it stays until the statement is reset.
    let bytes = UnsafeRawPointer(key.bytes) ?? stores.defaults[group].bytes
    sqlite3_bind_text64(
      statement.handle, 1, bytes.assumingMemoryBound(to: CChar.self), key.length, nil, UInt8(SQLITE_UTF8))
    defer { statement.reset() }
    guard try tables[group].step(statement) else { return try missing(group, name) }
    let row = try decode(group, statement, name)
    if stores.layouts[group].hasText { keepTexts(group) }
    return row
  }

  private func missing(_ group: Int, _ key: () -> String) throws(FeatureStoreError) -> UnsafeRawPointer? {
    switch tables[group].group.onMiss {
    case .useDefault: return nil
    case .reject: throw .missing(group: tables[group].group.name, key: key())
    }
  }

  /// Decodes the current row over the defaults, which stay where a column is NULL.
  private func decode(
    _ group: Int, _ statement: SQLiteStatement, _ key: () -> String,
  ) throws(FeatureStoreError) -> UnsafeRawPointer {
    let row = scratch[group]
    row.copyMemory(from: stores.defaults[group].bytes, byteCount: stores.layouts[group].byteCount)
    try tables[group].decoder.decode(statement, key: key, to: row)
    return UnsafeRawPointer(row)
  }

  /// Copies the scratch row's texts to memory that lives until the next `beginCall`.
  private func keepTexts(_ group: Int) {
    for column in stores.layouts[group].columns where column.element == .string {
      let place = scratch[group] + column.offset
      let text = place.load(as: serve_string.self)
      let copy = UnsafeMutableRawPointer.allocate(byteCount: max(1, Int(text.length)), alignment: 1)
      if let bytes = text.bytes { copy.copyMemory(from: bytes, byteCount: Int(text.length)) }
      texts.append(copy)
      place.storeBytes(
        of: serve_string(bytes: copy.assumingMemoryBound(to: UInt8.self), length: text.length), as: serve_string.self)
    }
  }

  /// Element `row` of the keys as SQLite's integer. A `u64` from 2^63 on is the negative number with the same bits.
  private static func integerKey(_ keys: UnsafeRawPointer, _ row: Int, _ element: ElementType) -> Int64 {
    func load<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type) -> Int64 {
      Int64(truncatingIfNeeded: keys.loadUnaligned(fromByteOffset: row * MemoryLayout<T>.size, as: T.self))
    }
    switch element {
    case .u8: return load(UInt8.self)
    case .u16: return load(UInt16.self)
    case .u32: return load(UInt32.self)
    case .i8: return load(Int8.self)
    case .i16: return load(Int16.self)
    case .i32: return load(Int32.self)
    case .u64, .i64, .bool, .f16, .bf16, .f32, .f64, .string, .small: return load(Int64.self)
    }
  }

  private static func routes(_ program: Program, _ group: Int, _ layout: RowLayout) -> [Route] {
    program.inputs.compactMap { binding in
      guard case .feature(group, let column) = binding.port else { return nil }
      let place = layout.columns[column]
      return Route(from: place.offset, byteCount: place.byteCount, to: Int(binding.offset))
    }
  }
}
