import Foundation

/// The C compiler that kernels are built with.
struct Clang: Sendable {
  /// What generated kernels need (`__builtin_elementwise_fma` and others came with 17).
  static let oldestVersion = 17

  var path: String
  /// First line of `clang --version`; part of every cache key.
  var version: String

  /// Looks at `SERVEC_CLANG`, then beside the `swiftc` that PATH gives, then on PATH.
  ///
  /// - Throws: `DriverError` with status `environment` when there is none or it is too old.
  static func find(environment: [String: String] = ProcessInfo.processInfo.environment) throws -> Clang {
    let path = environment["PATH"] ?? ""
    var candidates: [String] = []
    if let chosen = environment["SERVEC_CLANG"], !chosen.isEmpty {
      candidates = [chosen]
    } else {
      if let swiftc = locate("swiftc", in: path) {
        let real = URL(fileURLWithPath: swiftc).resolvingSymlinksInPath()
        candidates.append(real.deletingLastPathComponent().appendingPathComponent("clang").path)
      }
      if let clang = locate("clang", in: path) { candidates.append(clang) }
    }
    var seen: [String] = []
    for candidate in candidates where FileManager.default.isExecutableFile(atPath: candidate) {
      let outcome = try? Subprocess.run(candidate, ["--version"], collectingIn: FileManager.default.temporaryDirectory)
      guard let line = outcome?.output.split(separator: "\n").first.map(String.init), let major = major(of: line) else {
        seen.append("\(candidate) did not tell its version")
        continue
      }
      if major >= oldestVersion { return Clang(path: candidate, version: line) }
      seen.append("\(candidate) is version \(major)")
    }
    let found = seen.isEmpty ? "none was found" : seen.joined(separator: "; ")
    throw DriverError(
      .environment, "kernels are compiled by clang \(oldestVersion) or newer: \(found)",
      help: "install the Swift toolchain, which brings one, or set SERVEC_CLANG to its path")
  }

  /// `clang version 21.0.0 (…)` is 21.
  private static func major(of line: String) -> Int? {
    guard let at = line.range(of: "version ") else { return nil }
    return Int(line[at.upperBound...].prefix { $0.isNumber })
  }

  private static func locate(_ name: String, in path: String) -> String? {
    path.split(separator: ":").map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }
}
