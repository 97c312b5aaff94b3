import CPlanABI
import FeatureStores
import PlanFormat
import TensorTypes
import Testing

/// Every test runs with rows from the cache and with rows from the database.
@Suite struct FeatureReaderTests {
  static let cacheSizes = [0, 1 << 20]

  private func reader(_ store: TestStore, _ plan: Plan, cacheBytes: Int) throws -> FeatureReader {
    try FeatureReader(FeatureStores(plan: plan, paths: ["shop": store.path], cacheBytes: cacheBytes))
  }

  @Test(arguments: cacheSizes) func `rows arrive in the order of the keys, each time`(cacheBytes: Int) throws {
    let store = try TestStore(
      TestStore.schema, TestStore.product(1), TestStore.product(2, "grüner tee"), TestStore.product(3))
    let reader = try reader(store, TestStore.plan(), cacheBytes: cacheBytes)
    for _ in 0..<3 {
      let arena = TestArena()
      reader.beginCall()
      #expect(try reader.read([UInt64(3), 1, 2, 3], into: arena) == 0)
      #expect(arena.values(0, 8, as: Float.self) == [3, 0.5, 1, 0.5, 2, 0.5, 3, 0.5])
      #expect(arena.values(1, 4, as: Int64.self) == [3, 1, 2, 3])
      #expect(arena.values(2, 4, as: Float.self) == [3.25, 1.25, 2.25, 3.25])
      #expect(arena.values(3, 4, as: UInt16.self) == [0x3fc0, 0x3fc0, 0x3fc0, 0x3fc0])
      #expect(arena.values(4, 4, as: UInt8.self) == [3, 3, 3, 3])
      #expect(arena.values(5, 4, as: UInt8.self) == [1, 1, 1, 1])
      #expect(arena.texts(6, 4) == ["tea", "tea", "grüner tee", "tea"])
      #expect(arena.values(1, 5, as: UInt64.self)[4] == 0xeeee_eeee_eeee_eeee)
    }
  }

  @Test(arguments: cacheSizes) func `missing rows and NULL take the default, and are told apart`(cacheBytes: Int) throws
  {
    let store = try TestStore(
      TestStore.schema, "INSERT INTO products (product_id, price) VALUES (5, 2.5);", TestStore.product(6))
    let reader = try reader(store, TestStore.plan(), cacheBytes: cacheBytes)
    for _ in 0..<2 {
      let arena = TestArena()
      #expect(try reader.read([UInt64(5), 99, 6], into: arena) == 1)
      #expect(arena.values(0, 6, as: Float.self) == [9, 9, 9, 9, 6, 0.5])
      #expect(arena.values(1, 3, as: Int64.self) == [-1, -1, 6])
      #expect(arena.values(2, 3, as: Float.self) == [2.5, 0, 6.25])
      #expect(arena.texts(6, 3) == ["unknown", "unknown", "tea"])
    }
  }

  @Test(arguments: cacheSizes) func `a key that was not given takes the default`(cacheBytes: Int) throws {
    let store = try TestStore(TestStore.schema, TestStore.product(0))
    let reader = try reader(store, TestStore.plan(), cacheBytes: cacheBytes)
    let arena = TestArena()
    let missing = try reader.read(group: 0, program: 0, keys: nil, count: 2, arena: arena.memory)
    #expect(missing == 2)
    #expect(arena.values(1, 2, as: Int64.self) == [-1, -1])
  }

  @Test(arguments: cacheSizes) func `a missing row is an error where the spec rejects it`(cacheBytes: Int) throws {
    let store = try TestStore(TestStore.schema, TestStore.product(1))
    let reader = try reader(store, TestStore.plan(onMiss: .reject), cacheBytes: cacheBytes)
    #expect(try reader.read([UInt64(1)], into: TestArena()) == 0)
    #expect(throws: FeatureStoreError.missing(group: "Product", key: "7")) {
      try reader.read([UInt64(1), 7], into: TestArena())
    }
    #expect(try reader.read([UInt64(1)], into: TestArena()) == 0)
  }

  @Test(arguments: cacheSizes) func `each request of a batch has its place`(cacheBytes: Int) throws {
    let store = try TestStore(TestStore.schema, TestStore.product(1), TestStore.product(2))
    let reader = try reader(store, TestStore.plan(batch: true), cacheBytes: cacheBytes)
    let arena = TestArena()
    _ = try reader.read([UInt64(1), 1], into: arena, request: 0)
    _ = try reader.read([UInt64(2), 2], into: arena, request: 1)
    #expect(arena.values(1, 4, as: Int64.self) == [1, 1, 2, 2])
    #expect(arena.values(0, 8, as: Float.self) == [1, 0.5, 1, 0.5, 2, 0.5, 2, 0.5])
  }

  @Test(arguments: cacheSizes) func `keys of every width find their rows, unsigned ones by their bits`(
    cacheBytes: Int
  ) throws {
    let store = try TestStore(TestStore.schema, TestStore.product(-1), TestStore.product(200))
    func price<T: BitwiseCopyable>(_ key: T, _ element: ElementType) throws -> Float {
      let reader = try reader(store, TestStore.plan(key: element), cacheBytes: cacheBytes)
      let arena = TestArena()
      _ = try reader.read([key], into: arena)
      return arena.values(2, 1, as: Float.self)[0]
    }
    #expect(try price(UInt64.max, .u64) == -1.25)
    #expect(try price(Int64(-1), .i64) == -1.25)
    #expect(try price(UInt32.max, .u32) == 0, "4294967295 has no row")
    #expect(try price(UInt8(200), .u8) == 200.25)
    #expect(try price(Int16(200), .i16) == 200.25)
  }

  @Test func `text keys are looked up as they are`() throws {
    let store = try TestStore(
      "CREATE TABLE items (sku TEXT PRIMARY KEY, price REAL);", "INSERT INTO items VALUES ('ä-1', 2.5), ('', 7);")
    let plan = TestStore.plan(
      key: .string, table: "items", keyColumn: "sku",
      columns: [.init(name: "price", element: .f32, shape: [], defaultValue: TestStore.bytes(Float(-1)))])
    let reader = try reader(store, plan, cacheBytes: 1 << 20)
    let arena = TestArena()
    let texts = ["ä-1", "ä-2", ""].map { Array($0.utf8) }
    let missing = try texts[0].withUnsafeBufferPointer { first in
      try texts[1].withUnsafeBufferPointer { second in
        try reader.read(
          [
            serve_string(bytes: first.baseAddress, length: UInt64(first.count)),
            serve_string(bytes: second.baseAddress, length: UInt64(second.count)), serve_string(bytes: nil, length: 0),
          ], into: arena)
      }
    }
    #expect(missing == 1)
    #expect(arena.values(0, 3, as: Float.self) == [2.5, -1, 7])
  }

  @Test func `rows that do not fit the cache are still right`() throws {
    let rows = (1...200).map { TestStore.product(Int64($0), "title \($0)") }.joined()
    let store = try TestStore(TestStore.schema, rows)
    let stores = try FeatureStores(plan: TestStore.plan(), paths: ["shop": store.path], cacheBytes: 4096)
    let reader = try FeatureReader(stores)
    #expect(stores.memoryBytes <= 8192)
    for _ in 0..<2 {
      for start in stride(from: 1, to: 200, by: 4) {
        let arena = TestArena()
        reader.beginCall()
        let keys = (start..<start + 4).map { UInt64($0) }
        #expect(try reader.read(keys, into: arena) == 0)
        #expect(arena.texts(6, 4) == keys.map { "title \($0)" })
        #expect(arena.values(2, 4, as: Float.self) == keys.map { Float($0) + 0.25 })
      }
    }
  }

  @Test func `many threads share one cache`() async throws {
    let rows = (1...500).map { TestStore.product(Int64($0)) }.joined()
    let store = try TestStore(TestStore.schema, rows)
    let stores = try FeatureStores(plan: TestStore.plan(), paths: ["shop": store.path])
    try await withThrowingTaskGroup(of: Void.self) { group in
      for seed in 0..<4 {
        group.addTask {
          let reader = try FeatureReader(stores)
          let arena = TestArena()
          for round in 0..<500 {
            let key = UInt64((round * (2 * seed + 1)) % 500 + 1)
            reader.beginCall()
            _ = try reader.read([key], into: arena)
            #expect(arena.values(2, 1, as: Float.self) == [Float(key) + 0.25])
          }
        }
      }
      try await group.waitForAll()
    }
  }

  @Test func `a program reads only the groups that it binds`() throws {
    let store = try TestStore(TestStore.schema)
    var plan = TestStore.plan()
    plan.programs.append(plan.programs[0])
    plan.programs[1].inputs = []
    let reader = try reader(store, plan, cacheBytes: 0)
    #expect(reader.groups(of: 0) == [0])
    #expect(reader.groups(of: 1) == [])
  }
}
