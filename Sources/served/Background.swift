internal import Glibc
internal import Synchronization

/// A value that a thread of its own makes while this one does something else.
final class Background<Value: Sendable>: Sendable {
  private let work: @Sendable () throws -> Value
  private let result = Mutex<Result<Value, any Error>?>(nil)
  private let thread = Mutex<pthread_t?>(nil)

  /// Starts at once; where no thread can be had, the work is done here and now.
  init(_ work: @escaping @Sendable () throws -> Value) {
    self.work = work
    let job = Unmanaged.passRetained(Job { self.run() })
    var started = pthread_t()
    let code = pthread_create(
      &started, nil,
      { raw in
        guard let raw else { return nil }
        Unmanaged<Job>.fromOpaque(raw).takeRetainedValue().body()
        return nil
      }, job.toOpaque())
    if code == 0 {
      thread.withLock { $0 = started }
    } else {
      job.takeRetainedValue().body()
    }
  }

  /// Waits for the value, or for the error in its place; to be called once.
  func value() throws -> Value {
    if let started = thread.withLock({ $0 }) { pthread_join(started, nil) }
    guard let made = result.withLock({ $0 }) else { preconditionFailure("the work ended without a result") }
    return try made.get()
  }

  private func run() {
    let made = Result { try work() }
    result.withLock { $0 = made }
  }
}

/// A closure as an object, which the one pointer of a thread can carry.
private final class Job: Sendable {
  let body: @Sendable () -> Void

  init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}
