import CPlanABI
import CSQLite
import FeatureStores
import Foundation
import PlanFormat
import TensorTypes

/// A database file made of SQL statements, and the plan that reads it.
final class TestStore {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString) 50%?#.sqlite").path

  static let schema = """
    CREATE TABLE products (
      product_id INTEGER PRIMARY KEY, dense BLOB, category INTEGER, price REAL, half REAL, stock INTEGER,
      sold INTEGER, title TEXT);
    """

  init(_ statements: String...) throws {
    var database: OpaquePointer?
    defer { sqlite3_close(database) }
    for statement in statements {
      guard sqlite3_open(path, &database) == SQLITE_OK, sqlite3_exec(database, statement, nil, nil, nil) == SQLITE_OK
      else { throw SQLFailure(words: String(cString: sqlite3_errmsg(database)), statement: statement) }
    }
  }

  struct SQLFailure: Error {
    let words: String
    let statement: String
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// A row of `products`, its tensor filled with the product's number.
  static func product(_ id: Int64, _ title: String = "tea") -> String {
    let dense = [Float(truncating: id as NSNumber), 0.5].withUnsafeBytes {
      $0.map { String(format: "%02x", $0) }.joined()
    }
    return "INSERT INTO products VALUES (\(id), x'\(dense)', \(id % 7), \(id).25, 1.5, 3, 1, '\(title)');"
  }

  static let candidates = 8
  static let cand = Shape([Dim(symbol: "cand")])

  /// Offsets of the columns' bindings in the arena, in the columns' order.
  static let offsets = [0, 512, 1024, 1536, 2048, 2560, 3072]
  static let arenaBytes = 4096

  static func plan(
    key: ElementType = .u64, onMiss: FeatureGroup.OnMiss = .useDefault, table: String = "products",
    keyColumn: String = "product_id", denseLength: Int = 2, columns: [FeatureGroup.Column]? = nil, batch: Bool = false,
  ) -> Plan {
    let columns =
      columns ?? [
        .init(
          name: "dense", element: .f32, shape: [denseLength],
          defaultValue: Array(repeating: Float(9), count: denseLength).withUnsafeBytes { Array($0) }),
        .init(name: "category", element: .i64, shape: [], defaultValue: bytes(Int64(-1))),
        .init(name: "price", element: .f32, shape: [], defaultValue: bytes(Float(0))),
        .init(name: "half", element: .bf16, shape: [], defaultValue: [0, 0]),
        .init(name: "stock", element: .u8, shape: [], defaultValue: [0]),
        .init(name: "sold", element: .bool, shape: [], defaultValue: [0]),
        .init(name: "title", element: .string, shape: [], defaultValue: Array("unknown".utf8)),
      ]
    let cand = Dim(symbol: "cand")
    let inputs = columns.indices.map { index in
      Program.Binding(
        port: .feature(group: 0, column: index), element: columns[index].element,
        shape: Shape([cand] + columns[index].shape.map { Dim($0) }), offset: UInt64(offsets[index]))
    }
    return Plan(
      service: "shop", producer: "test",
      symbols: [Symbol(name: "cand", minimum: 1, maximum: candidates), Symbol(name: "batch", minimum: 1, maximum: 2)],
      request: [Field(name: "products", kind: .tensor(key), shape: Self.cand)],
      stores: [Store(name: "shop", kind: .sqlite, path: "nowhere.sqlite")],
      features: [
        FeatureGroup(
          name: "Product", store: 0, table: table, keyColumn: keyColumn, keyField: 0, onMiss: onMiss, columns: columns)
      ],
      programs: [
        Program(
          name: "shop", version: "1", batch: batch ? 1 : nil, inputs: inputs, outputs: [], literals: [], steps: [],
          arenaBytes: UInt64(arenaBytes))
      ])
  }

  static func bytes<T: BitwiseCopyable>(_ value: T) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }
}

/// Memory as an executor has it.
final class TestArena {
  let memory = UnsafeMutableRawPointer.allocate(byteCount: TestStore.arenaBytes, alignment: 64)

  init() { memory.initializeMemory(as: UInt8.self, repeating: 0xee, count: TestStore.arenaBytes) }

  deinit { memory.deallocate() }

  func values<T: BitwiseCopyable>(_ column: Int, _ count: Int, as type: T.Type = T.self) -> [T] {
    let start = memory + TestStore.offsets[column]
    return (0..<count).map { start.loadUnaligned(fromByteOffset: $0 * MemoryLayout<T>.size, as: T.self) }
  }

  func texts(_ column: Int, _ count: Int) -> [String] {
    values(column, count, as: serve_string.self).map {
      String(decoding: UnsafeBufferPointer(start: $0.bytes, count: Int($0.length)), as: UTF8.self)
    }
  }
}

extension FeatureReader {
  /// Reads rows of the only group for the only program.
  func read(_ keys: [some BitwiseCopyable], into arena: TestArena, request: Int = 0) throws -> Int {
    try keys.withUnsafeBytes {
      try read(group: 0, program: 0, keys: $0.baseAddress, count: keys.count, arena: arena.memory, request: request)
    }
  }
}

/// A file's bytes and the names beside it: a database that is written to leaves a journal.
struct Snapshot: Equatable {
  let bytes: Data
  let neighbours: [String]

  init(_ path: String) throws {
    let url = URL(fileURLWithPath: path)
    bytes = try Data(contentsOf: url)
    neighbours = try FileManager.default.contentsOfDirectory(atPath: url.deletingLastPathComponent().path)
      .filter { $0.hasPrefix(url.lastPathComponent) }
  }
}
