import Foundation
import Testing

@testable import CompilerDriver

@Suite struct CacheTests {
  private let cache = Cache(
    environment: ["SERVEC_CACHE": FileManager.default.temporaryDirectory.path + "/cache-\(UUID().uuidString)"])

  private func remove() { try? FileManager.default.removeItem(at: cache.folder) }

  @Test func `the folder is the one that is asked for, then the user's`() {
    #expect(Cache(environment: ["SERVEC_CACHE": "/a", "XDG_CACHE_HOME": "/b", "HOME": "/c"]).folder.path == "/a")
    #expect(Cache(environment: ["XDG_CACHE_HOME": "/b", "HOME": "/c"]).folder.path == "/b/servec")
    #expect(Cache(environment: ["HOME": "/c"]).folder.path == "/c/.cache/servec")
  }

  @Test func `entries are read again, and replaced whole`() {
    defer { remove() }
    #expect(cache.read("a") == nil)
    cache.store(Data("one".utf8), as: "a")
    cache.store(Data("two".utf8), as: "a")
    #expect(cache.read("a") == Data("two".utf8))
    #expect((try? FileManager.default.contentsOfDirectory(atPath: cache.folder.path)) == ["a"])
  }

  @Test func `a file is fetched in place of another`() throws {
    defer { remove() }
    cache.store(Data("new".utf8), as: "a")
    let target = cache.folder.appendingPathComponent("target")
    try Data("old".utf8).write(to: target)
    #expect(cache.fetch("a", to: target))
    #expect(cache.fetch("a", to: target), "both are names of one file already")
    #expect(!cache.fetch("b", to: target))
    #expect(try Data(contentsOf: target) == Data("new".utf8))
    #expect(try FileManager.default.contentsOfDirectory(atPath: cache.folder.path).sorted() == ["a", "target"])
  }

  @Test func `what was not used for longest goes first`() throws {
    defer { remove() }
    for (age, name) in ["c", "b", "a"].enumerated() {
      cache.store(Data(repeating: 0, count: 100), as: name)
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSinceNow: -1000 * Double(age + 1))],
        ofItemAtPath: cache.folder.appendingPathComponent(name).path)
    }
    _ = cache.read("a")
    cache.trim(to: 250)
    #expect(cache.read("b") == nil)
    #expect(cache.read("a") != nil && cache.read("c") != nil)
  }
}
