import CHost
import Glibc
import Synchronization

/// Runs pieces of work on a few threads that live only as long as the call; there is no pool to size or to drain.
enum Parallel {
  /// Calls `body` once for each index in `0..<count`, on at most `threads` threads at a time, and waits for all.
  static func forEach(_ count: Int, threads: Int, _ body: @escaping @Sendable (Int) -> Void) {
    let workers = max(1, min(count, threads))
    let job = Job(count: count, body: body)
    var started: [pthread_t] = []
    for _ in 1..<workers {
      var thread = pthread_t()
      let argument = Unmanaged.passRetained(job)
      let code = pthread_create(
        &thread, nil,
        { raw in
          guard let raw else { return nil }
          Unmanaged<Job>.fromOpaque(raw).takeRetainedValue().run()
          return nil
        }, argument.toOpaque())
      if code == 0 {
        serve_move_elsewhere(thread)
        started.append(thread)
      } else {
        argument.release()
      }
    }
    job.run()
    for thread in started { pthread_join(thread, nil) }
  }

  /// The pieces that are left. A thread that starts late, or shares its core, takes fewer of them.
  private final class Job: Sendable {
    private let count: Int
    private let next = Atomic(0)
    private let body: @Sendable (Int) -> Void

    init(count: Int, body: @escaping @Sendable (Int) -> Void) {
      self.count = count
      self.body = body
    }

    func run() {
      while case let piece = next.add(1, ordering: .relaxed).oldValue, piece < count { body(piece) }
    }
  }

  /// CPUs that this process may run on.
  static var availableCPUs: Int { Int(serve_cpu_count()) }
}
