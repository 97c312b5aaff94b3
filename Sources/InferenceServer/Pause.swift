internal import Glibc

/// Waiting on the main thread, which has nothing else to do.
enum Pause {
  static func milliseconds(_ count: UInt32) { usleep(count * 1000) }
}
