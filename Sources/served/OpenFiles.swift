internal import Glibc

/// How many sockets the process may have open.
enum OpenFiles {
  /// Takes all that the system grants: the usual soft limit of 1024 is for programs that call `select`, and a server
  /// that reaches it can accept nobody.
  static func raiseLimit() {
    let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    var limit = rlimit()
    guard getrlimit(files, &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    setrlimit(files, &limit)
  }
}
