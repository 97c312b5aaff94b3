/// What an environment decides about serving, apart from the plan: the content of the ConfigMap (`served.json`).
///
/// Times are in milliseconds. Absent keys take the defaults here; an unknown key is an error.
package struct ServedSettings: Hashable, Sendable, Codable {
  package struct Batching: Hashable, Sendable, Codable {
    /// Most requests in one call of a program that batches.
    package var maxSize = 1
    /// How long the oldest request may wait for others; 0 never waits.
    package var maxWaitMicroseconds = 0
    /// Most requests waiting, over which the next is answered 429.
    package var queue = 512

    package init() {}
  }

  package struct Logging: Hashable, Sendable, Codable {
    /// One in so many successful requests is logged; 0 logs none. Failures are always due.
    package var successEvery = 0
    /// Most request lines a second and event loop.
    package var perSecond = 100

    package init() {}
  }

  package var httpPort = 8080
  package var batching = Batching()
  package var logging = Logging()
  /// Time from the arrival of a request after which it is answered 504; nil for none.
  package var deadlineMilliseconds: Double?
  /// Time that in-flight requests get at SIGTERM.
  package var drainMilliseconds: Double = 10_000
  /// Largest request body; nil takes `Plan.largestRequestBody`.
  package var maxRequestBytes: Int?
  /// Event loops; nil takes the cgroup's CPU quota.
  package var threads: Int?
  /// Path of each store's file, by store name.
  package var stores: [String: String] = [:]

  package init() {}
}
