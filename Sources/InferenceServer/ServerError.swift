/// Why the server cannot start.
package enum ServerError: Error, Hashable, Sendable {
  /// The plan's fields cannot be served: what is wrong with them.
  case schema(String)
  /// The address cannot be listened on: the system's words.
  case bind(host: String, port: Int, reason: String)
  /// `served.json` is malformed: where and why.
  case settings(String)
}

extension ServerError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .schema(let problem): "the plan cannot be served: \(problem)"
    case .bind(let host, let port, let reason): "cannot listen on \(host):\(port): \(reason)"
    case .settings(let problem): "settings: \(problem)"
    }
  }
}
