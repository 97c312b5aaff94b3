internal import OpenInferenceProtocol
package import PlanFormat

extension ServedSettings {
  /// Reads the content of `served.json`: absent keys keep their defaults, an unknown key is an error.
  package init(json bytes: [UInt8]) throws(ServerError) {
    self.init()
    var settings = self
    let result: Result<Void, ServerError> = bytes.withUnsafeBytes { bytes in
      var reader = SettingsReader(json: JSONReader(bytes))
      do throws(ServerError) {
        return .success(try reader.read(into: &settings))
      } catch {
        return .failure(error)
      }
    }
    try result.get()
    self = settings
  }
}

/// Walks a settings document, one function an object.
private struct SettingsReader {
  var json: JSONReader

  mutating func read(into settings: inout ServedSettings) throws(ServerError) {
    try object("") { reader, key throws(ServerError) in
      switch key {
      case "httpPort": settings.httpPort = try reader.integer(key, in: 0...65535)
      case "batching": try reader.batching(&settings.batching)
      case "logging": try reader.logging(&settings.logging)
      case "deadlineMilliseconds": settings.deadlineMilliseconds = try reader.optionalTime(key)
      case "drainMilliseconds": settings.drainMilliseconds = try reader.time(key)
      case "maxRequestBytes":
        settings.maxRequestBytes = try reader.takesNull() ? nil : try reader.integer(key, in: 1...Plan.largestBodyLimit)
      case "threads": settings.threads = try reader.takesNull() ? nil : try reader.integer(key, in: 1...1024)
      case "stores":
        try reader.object("stores.") { reader, name throws(ServerError) in
          settings.stores[name] = try reader.text(name)
        }
      default: throw .settings("there is no key '\(key)'")
      }
    }
    do { try json.end() } catch { throw .settings(error.description) }
  }

  private mutating func batching(_ batching: inout ServedSettings.Batching) throws(ServerError) {
    try object("batching.") { reader, key throws(ServerError) in
      switch key {
      case "maxSize": batching.maxSize = try reader.integer("batching.maxSize", in: 1...1 << 20)
      case "maxWaitMicroseconds":
        batching.maxWaitMicroseconds = try reader.integer("batching.maxWaitMicroseconds", in: 0...60_000_000)
      case "queue": batching.queue = try reader.integer("batching.queue", in: 1...1 << 20)
      default: throw .settings("there is no key 'batching.\(key)'")
      }
    }
  }

  private mutating func logging(_ logging: inout ServedSettings.Logging) throws(ServerError) {
    try object("logging.") { reader, key throws(ServerError) in
      switch key {
      case "successEvery": logging.successEvery = try reader.integer("logging.successEvery", in: 0...1 << 30)
      case "perSecond": logging.perSecond = try reader.integer("logging.perSecond", in: 0...1 << 20)
      default: throw .settings("there is no key 'logging.\(key)'")
      }
    }
  }

  private mutating func object(
    _ prefix: String, _ member: (inout SettingsReader, String) throws(ServerError) -> Void,
  ) throws(ServerError) {
    do { try json.beginObject() } catch { throw .settings(error.description) }
    var seen: Set<String> = []
    while let key = try nextKey(isFirst: seen.isEmpty) {
      guard seen.insert(key).inserted else { throw .settings("'\(prefix)\(key)' is given twice") }
      try member(&self, key)
    }
  }

  private mutating func nextKey(isFirst: Bool) throws(ServerError) -> String? {
    do { return try json.nextKey(isFirst: isFirst)?.string } catch { throw .settings(error.description) }
  }

  private mutating func takesNull() throws(ServerError) -> Bool {
    do { return try json.takeNull() } catch { throw .settings(error.description) }
  }

  private mutating func integer(_ key: String, in range: ClosedRange<Int>) throws(ServerError) -> Int {
    let value: Int
    do { value = try json.integer(Int.self, .i64) } catch { throw .settings("'\(key)': \(error)") }
    guard range.contains(value) else {
      throw .settings("'\(key)' is \(value), outside \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// Milliseconds; a day is more than any of them needs.
  private mutating func time(_ key: String) throws(ServerError) -> Double {
    let value: Double
    do { value = try json.double() } catch { throw .settings("'\(key)': \(error)") }
    guard (0...86_400_000).contains(value) else { throw .settings("'\(key)' is \(value), outside 0 to 86400000") }
    return value
  }

  private mutating func optionalTime(_ key: String) throws(ServerError) -> Double? {
    try takesNull() ? nil : try time(key)
  }

  private mutating func text(_ key: String) throws(ServerError) -> String {
    do { return try json.string().string } catch { throw .settings("'stores.\(key)': \(error)") }
  }
}
