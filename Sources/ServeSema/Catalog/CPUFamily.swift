/// The machine series that pools may name, and the code that their CPUs are sure to run.
///
/// A series can mix CPU generations, so each maps to what its oldest one has. Source: Compute Engine's
/// "CPU platforms" page.
package enum CPUFamily: String, CaseIterable, Hashable, Sendable {
  case e2, n1, n2, n2d, c3, c3d, c4, c4d, t2a, c4a

  /// The name of the code in a plan; nil for n1, whose oldest CPUs (Sandy Bridge) have no AVX2.
  package var code: String? {
    switch self {
    case .e2, .n2d: "x86-64-v3"
    case .n2, .c3, .c3d, .c4, .c4d: "x86-64-v4"
    case .t2a, .c4a: "arm64"
    case .n1: nil
    }
  }

  /// The code of a pool that names no machine: a local cluster, or any recent x86-64 node.
  package static let anyCode = "x86-64-v3"
}
