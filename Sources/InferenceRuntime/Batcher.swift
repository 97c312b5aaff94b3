/// Decides when waiting requests run together. It owns no thread, clock or timer: the caller asks `next` with the
/// current time, does what it says, and asks again.
///
/// Requests leave in the order in which they came. Those of one run share a `group` (their dimensions), so a run is
/// the longest prefix of the queue of one group, up to the largest size. Times are monotonic nanoseconds.
package struct Batcher<Request> {
  package typealias Limits = BatchLimits
  package typealias Action = BatchAction

  package enum Admission: Hashable, Sendable {
    case queued
    /// The queue is full: answer 429.
    case shed
  }

  package var limits: Limits { schedule.limits }
  /// Requests that wait.
  package var count: Int { schedule.count }
  private var schedule: BatchSchedule
  private var requests: [Request?]

  /// Reserves the whole queue now, so that admitting never allocates.
  package init(limits: Limits) {
    schedule = BatchSchedule(limits)
    requests = Array(repeating: nil, count: limits.queue)
  }

  /// Puts a request at the end of the queue. `deadline` is the time after which nobody waits for the answer;
  /// deadlines do not decrease from one request to the next. `UInt64.max` means none.
  package mutating func admit(
    _ request: Request, group: UInt64 = 0, now: UInt64, deadline: UInt64 = .max,
  ) -> Admission {
    guard let slot = schedule.admit(group: group, now: now, deadline: deadline) else { return .shed }
    requests[slot] = request
    return .queued
  }

  /// What to do at time `now`. Between calls, take as many requests as the action said.
  package func next(now: UInt64) -> Action { schedule.next(now: now) }

  /// Removes the oldest request and says when it came; nil when nothing waits.
  package mutating func take() -> (request: Request, arrival: UInt64)? {
    guard let (slot, arrival) = schedule.take(), let request = requests[slot] else { return nil }
    requests[slot] = nil
    return (request, arrival)
  }
}

/// How far a batcher goes.
package struct BatchLimits: Hashable, Sendable {
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

/// What a batcher wants done.
package enum BatchAction: Hashable, Sendable {
  /// Nothing waits.
  case idle
  /// Ask again at this time, or when a request came.
  case wait(until: UInt64)
  /// Take this many and answer each 504: their time is over.
  case expire(count: Int)
  /// Take this many and run them as one call.
  case run(count: Int)
}

/// The times and groups of waiting requests in a ring, without the requests: decisions need no more, and code that
/// is not generic is compiled once and fast.
private struct BatchSchedule {
  struct Entry {
    var group: UInt64 = 0
    var arrival: UInt64 = 0
    var deadline: UInt64 = 0
  }

  let limits: BatchLimits
  private var entries: [Entry]
  private var head = 0
  private(set) var count = 0

  init(_ limits: BatchLimits) {
    self.limits = limits
    entries = Array(repeating: Entry(), count: limits.queue)
  }

  /// The slot of the new last request; nil when the queue is full.
  mutating func admit(group: UInt64, now: UInt64, deadline: UInt64) -> Int? {
    if count == limits.queue { return nil }
    let slot = slot(count)
    entries[slot] = Entry(group: group, arrival: now, deadline: deadline)
    count += 1
    return slot
  }

  func next(now: UInt64) -> BatchAction {
    if count == 0 { return .idle }
    var late = 0
    while late < count, entries[slot(late)].deadline <= now { late += 1 }
    if late > 0 { return .expire(count: late) }
    let oldest = entries[head]
    var together = 1
    while together < min(limits.size, count), entries[slot(together)].group == oldest.group { together += 1 }
    // Another group behind the prefix means that no more company can come.
    if together == limits.size || together < count { return .run(count: together) }
    let (patience, overflow) = oldest.arrival.addingReportingOverflow(limits.wait)
    if overflow || now < patience { return .wait(until: min(overflow ? .max : patience, oldest.deadline)) }
    return .run(count: together)
  }

  /// Removes the oldest; its slot is free for the next admission.
  mutating func take() -> (slot: Int, arrival: UInt64)? {
    if count == 0 { return nil }
    let slot = head
    head = self.slot(1)
    count -= 1
    return (slot, entries[slot].arrival)
  }

  private func slot(_ position: Int) -> Int {
    let place = head + position
    return place < limits.queue ? place : place - limits.queue
  }
}
