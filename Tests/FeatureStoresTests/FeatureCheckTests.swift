import FeatureStores
import Foundation
import PlanFormat
import TensorTypes
import Testing

@Suite struct FeatureCheckTests {
  private func problem(_ store: TestStore, _ plan: Plan, everything: Bool = false) -> String {
    do throws(FeatureStoreError) {
      if everything {
        try FeatureStores.validate(plan, paths: ["shop": store.path])
      } else {
        _ = try FeatureStores(plan: plan, paths: ["shop": store.path])
      }
    } catch {
      return error.description
    }
    return "none"
  }

  @Test func `a file that is missing or no database is named with the option that sets it`() throws {
    let store = try TestStore()
    #expect(problem(store, TestStore.plan()).contains("cannot open \(store.path): unable to open database file"))
    #expect(problem(store, TestStore.plan()).contains("--store shop=PATH"))
    #expect(throws: FeatureStoreError.self) { try FeatureStores(plan: TestStore.plan()) }
  }

  @Test func `a missing table or column is named, with what there is`() throws {
    let store = try TestStore(TestStore.schema)
    #expect(problem(store, TestStore.plan(table: "goods")) == "features Product: the database has no table goods")
    #expect(problem(store, TestStore.plan(keyColumn: "sku")).contains("no column sku; it has product_id, dense"))
  }

  @Test func `a key without an index is refused`() throws {
    let store = try TestStore(TestStore.schema)
    #expect(problem(store, TestStore.plan(keyColumn: "stock")).contains("stock is not indexed"))
  }

  @Test func `a BLOB of another length is found in the first rows, and in any row at build`() throws {
    let store = try TestStore(TestStore.schema, TestStore.product(1))
    #expect(
      problem(store, TestStore.plan(denseLength: 3))
        == "features Product: dense of key 1 is a BLOB of 8 bytes, where a BLOB of 12 bytes belongs")
    let rows = (1...100).map { TestStore.product(Int64($0)) }.joined()
    let late = try TestStore(TestStore.schema, rows, "UPDATE products SET dense = x'00' WHERE product_id = 90;")
    #expect(problem(late, TestStore.plan()) == "none")
    #expect(problem(late, TestStore.plan(), everything: true).contains("dense of key 90 is a BLOB of 1 bytes"))
    let reader = try FeatureReader(FeatureStores(plan: TestStore.plan(), paths: ["shop": late.path]))
    #expect { try reader.read([UInt64(90)], into: TestArena()) } throws: { "\($0)".contains("dense of key 90") }
    #expect(try reader.read([UInt64(89)], into: TestArena()) == 0)
  }

  @Test(arguments: [
    ("dense = 'text'", "is TEXT, where a BLOB of 8 bytes belongs"),
    ("dense = 5", "is the integer 5, where a BLOB"),
    ("category = 'tea'", "is TEXT, where an integer that fits i64 belongs"),
    ("category = 1.5", "is the number 1.5, where an integer"),
    ("price = 'cheap'", "is TEXT, where a number belongs"),
    ("stock = 256", "is the integer 256, where an integer that fits u8 belongs"),
    ("stock = -1", "is the integer -1, where an integer that fits u8 belongs"),
    ("sold = 2", "is the integer 2, where an integer that fits bool belongs"),
    ("title = x'00'", "is a BLOB of 1 bytes, where TEXT belongs"),
  ])
  func `a value of another kind is refused`(change: String, words: String) throws {
    let store = try TestStore(TestStore.schema, TestStore.product(1), "UPDATE products SET \(change);")
    #expect(problem(store, TestStore.plan()).contains(words))
  }

  @Test func `a key that stands twice is found at build`() throws {
    let store = try TestStore(
      "CREATE TABLE items (sku INTEGER, price REAL); CREATE INDEX i ON items (sku);",
      "INSERT INTO items VALUES (1, 1), (2, 2), (2, 3);")
    let plan = TestStore.plan(
      table: "items", keyColumn: "sku",
      columns: [.init(name: "price", element: .f32, shape: [], defaultValue: TestStore.bytes(Float(0)))])
    #expect(problem(store, plan, everything: true) == "features Product: more than one row has the key 2")
  }

  @Test func `text where the key is an integer is found`() throws {
    let store = try TestStore(
      "CREATE TABLE items (sku TEXT PRIMARY KEY, price REAL);", "INSERT INTO items VALUES ('a', 1);")
    let plan = TestStore.plan(
      table: "items", keyColumn: "sku",
      columns: [.init(name: "price", element: .f32, shape: [], defaultValue: TestStore.bytes(Float(0)))])
    #expect(problem(store, plan).contains("sku of key a is something else, where an integer belongs"))
  }

  @Test func `changes that are still in a write-ahead log are not passed over`() throws {
    let store = try TestStore(TestStore.schema, "PRAGMA journal_mode = WAL;")
    try Data([1]).write(to: URL(fileURLWithPath: store.path + "-wal"))
    defer { try? FileManager.default.removeItem(atPath: store.path + "-wal") }
    #expect(problem(store, TestStore.plan()).contains("-wal has changes that are not in the file yet"))
  }

  @Test func `the database file is not written`() throws {
    let store = try TestStore(TestStore.schema, TestStore.product(1))
    let before = try Snapshot(store.path)
    let reader = try FeatureReader(FeatureStores(plan: TestStore.plan(), paths: ["shop": store.path]))
    _ = try reader.read([UInt64(1)], into: TestArena())
    #expect(try Snapshot(store.path) == before)
  }
}
