/// Decides when waiting requests run together. It owns no thread, clock or timer: the caller asks `next` with the
/// current time, does what it says, and asks again.
///
/// Requests leave in the order in which they came. Those of one run share a `group` (their dimensions), so a run is
/// the longest prefix of the queue of one group, up to the largest size. Times are monotonic nanoseconds.
package struct Batcher<Request> {
  package struct Limits: Hashable, Sendable {
    /// Most requests in one run, at least 1.
    package var size: Int
    /// How long the oldest request may wait for company; 0 never waits.
    package var wait: UInt64
    /// Most requests that may wait, at least 1.
    package var queue: Int

    package init(size: Int, wait: UInt64, queue: Int) {
      self.size = max(1, size)
      self.wait = wait
      self.queue = max(1, queue)
    }
  }

  package enum Admission: Hashable, Sendable {
    case queued
    /// The queue is full: answer 429.
    case shed
  }

  package enum Action: Hashable, Sendable {
    /// Nothing waits.
    case idle
    /// Ask again at this time, or when a request came.
    case wait(until: UInt64)
    /// Take this many and answer each 504: their time is over.
    case expire(count: Int)
    /// Take this many and run them as one call.
    case run(count: Int)
  }

  private struct Entry {
    let request: Request
    let group: UInt64
    let arrival: UInt64
    let deadline: UInt64
  }

  package let limits: Limits
  private var entries: [Entry?]
  private var head = 0
  /// Requests that wait.
  package private(set) var count = 0

  /// Reserves the whole queue now, so that admitting never allocates.
  package init(limits: Limits) {
    self.limits = limits
    entries = Array(repeating: nil, count: limits.queue)
  }

  /// Puts a request at the end of the queue. `deadline` is the time after which nobody waits for the answer;
  /// deadlines do not decrease from one request to the next. `UInt64.max` means none.
  package mutating func admit(_ request: Request, group: UInt64 = 0, now: UInt64, deadline: UInt64 = .max) -> Admission {
    if count == limits.queue { return .shed }
    let entry = Entry(request: request, group: group, arrival: now, deadline: deadline)
    entries[slot(count)] = entry
    count += 1
    return .queued
  }

  /// What to do at time `now`. Between calls, take as many requests as the action said.
  package func next(now: UInt64) -> Action {
    guard let oldest = entry(0) else { return .idle }
    var late = 0
    while let candidate = entry(late), candidate.deadline <= now { late += 1 }
    if late > 0 { return .expire(count: late) }
    var together = 1
    while together < limits.size, let candidate = entry(together), candidate.group == oldest.group { together += 1 }
    // Another group behind the prefix means that no more company can come.
    if together == limits.size || together < count { return .run(count: together) }
    let (patience, overflow) = oldest.arrival.addingReportingOverflow(limits.wait)
    if overflow || now < patience { return .wait(until: min(overflow ? .max : patience, oldest.deadline)) }
    return .run(count: together)
  }

  /// Removes the oldest request and says when it came; nil when nothing waits.
  package mutating func take() -> (request: Request, arrival: UInt64)? {
    guard let entry = entry(0) else { return nil }
    entries[head] = nil
    head = slot(1)
    count -= 1
    return (entry.request, entry.arrival)
  }

  private func slot(_ position: Int) -> Int { (head + position) % limits.queue }

  private func entry(_ position: Int) -> Entry? { position < count ? entries[slot(position)] : nil }
}
