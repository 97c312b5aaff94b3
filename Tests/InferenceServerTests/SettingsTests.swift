import Foundation
import InferenceServer
import PlanFormat
import Testing

@Suite struct SettingsTests {
  private func read(_ text: String) throws -> ServedSettings { try ServedSettings(json: Array(text.utf8)) }

  @Test func `an empty document is the defaults`() throws {
    #expect(try read("{}") == ServedSettings())
  }

  @Test func `what the compiler writes is read`() throws {
    var settings = ServedSettings()
    settings.deadlineMilliseconds = 50
    settings.drainMilliseconds = 15_000.5
    settings.stores = ["shop": "/var/lib/served/shop.sqlite"]
    #expect(try ServedSettings(json: Array(try JSONEncoder().encode(settings))) == settings)
  }

  @Test func `every key has an effect`() throws {
    let settings = try read(
      #"""
      {"httpPort":9000,"batching":{"maxSize":8,"maxWaitMicroseconds":2000,"queue":64},"deadlineMilliseconds":50.5,
       "drainMilliseconds":2500,"maxRequestBytes":1024,"threads":3,"stores":{"shop":"/data/shop.sqlite"},
       "logging":{"successEvery":10,"perSecond":5}}
      """#)
    var expected = ServedSettings()
    expected.httpPort = 9000
    expected.batching.maxSize = 8
    expected.batching.maxWaitMicroseconds = 2000
    expected.batching.queue = 64
    expected.deadlineMilliseconds = 50.5
    expected.drainMilliseconds = 2500
    expected.maxRequestBytes = 1024
    expected.threads = 3
    expected.stores = ["shop": "/data/shop.sqlite"]
    expected.logging.successEvery = 10
    expected.logging.perSecond = 5
    #expect(settings == expected)
  }

  @Test(arguments: [
    (#"{"port":1}"#, "there is no key 'port'"), (#"{"batching":{"size":1}}"#, "there is no key 'batching.size'"),
    (#"{"httpPort":70000}"#, "'httpPort' is 70000, outside 0 to 65535"),
    (#"{"threads":1,"threads":2}"#, "'threads' is given twice"),
    (#"{"httpPort":"80x"}"#, "'httpPort': expected i64, got a string"), ("[]", "expected an object, got an array"),
    (#"{"stores":{"a":1}}"#, "'stores.a': expected a string, got a number"),
  ])
  func `a wrong key or value is named`(text: String, problem: String) {
    #expect(throws: ServerError.settings(problem)) { try read(text) }
  }
}
