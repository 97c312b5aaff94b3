import Glibc

/// Why a plan could not be written, opened or believed.
package enum PlanError: Error, Hashable, Sendable {
  /// A system call failed: what was being done, to which file, and `errno`.
  case system(doing: String, path: String, code: Int32)
  /// The file does not begin with the plan's magic number.
  case notAPlan
  /// The file has fewer or more bytes than its header says, or not even a header.
  case wrongSize(expected: UInt64, actual: UInt64)
  /// Written for another major version of the format.
  case otherVersion(major: Int, minor: Int)
  /// The bytes of a section do not have the digest that the header states.
  case damaged(section: String)
  /// A field holds what no compiler writes: where, and what is wrong.
  case invalid(at: String, problem: String)
}

extension PlanError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .system(let doing, let path, let code):
      "cannot \(doing) \(path): \(String(cString: strerror(code)))"
    case .notAPlan:
      "this is not a plan: the file does not begin with SRVPLAN; pass a .plan file that `servec build` wrote"
    case .wrongSize(let expected, let actual) where actual < expected:
      "the plan is truncated: \(actual) bytes of \(expected); copy it again"
    case .wrongSize(let expected, let actual):
      "the plan has \(actual) bytes where its header says \(expected); copy it again"
    case .otherVersion(let major, let minor):
      "the plan has format \(major).\(minor) and this program reads \(PlanLayout.major).x; "
        + "build it again with the `servec` of this release"
    case .damaged(let section):
      "the plan is damaged: the \(section) does not match its SHA-256; copy or build it again"
    case .invalid(let place, let problem):
      "the plan is not valid: \(place): \(problem); build it again"
    }
  }
}
