internal import Glibc

/// The signals that end the program, taken by the main thread alone.
enum Signals {
  /// Blocks them before any thread starts, so that every thread inherits that; a closed pipe is an error of a write.
  static func prepare() {
    signal(SIGPIPE, SIG_IGN)
    var set = ending
    pthread_sigmask(SIG_BLOCK, &set, nil)
  }

  /// Waits for SIGTERM or SIGINT and says which.
  static func wait() -> Int32 {
    var set = ending
    var number: Int32 = 0
    while sigwait(&set, &number) != 0 {}
    return number
  }

  private static var ending: sigset_t {
    var set = sigset_t()
    sigemptyset(&set)
    sigaddset(&set, SIGTERM)
    sigaddset(&set, SIGINT)
    return set
  }
}
