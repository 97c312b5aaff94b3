import CHost
import Glibc

/// Runs pieces of work on a few threads that live only as long as the call; there is no pool to size or to drain.
enum Parallel {
  /// Calls `body` once for each index in `0..<count`, on at most `threads` threads at a time, and waits for all.
  static func forEach(_ count: Int, threads: Int, _ body: @escaping @Sendable (Int) -> Void) {
    let workers = max(1, min(count, threads))
    let job = Job(count: count, workers: workers, body: body)
    var started: [pthread_t] = []
    for worker in 1..<workers {
      var thread = pthread_t()
      let argument = Unmanaged.passRetained(Worker(job: job, index: worker))
      let code = pthread_create(
        &thread, nil,
        { raw in
          guard let raw else { return nil }
          Unmanaged<Worker>.fromOpaque(raw).takeRetainedValue().run()
          return nil
        }, argument.toOpaque())
      if code == 0 { started.append(thread) } else { argument.takeRetainedValue().run() }
    }
    Worker(job: job, index: 0).run()
    for thread in started { pthread_join(thread, nil) }
  }

  private struct Job: Sendable {
    let count: Int
    let workers: Int
    let body: @Sendable (Int) -> Void
  }

  private final class Worker: Sendable {
    let job: Job
    let index: Int

    init(job: Job, index: Int) {
      self.job = job
      self.index = index
    }

    /// Every `workers`-th piece: neighbours go to different threads and finish at about the same time.
    func run() { for piece in stride(from: index, to: job.count, by: job.workers) { job.body(piece) } }
  }

  /// CPUs that this process may run on.
  static var availableCPUs: Int { Int(serve_cpu_count()) }
}
