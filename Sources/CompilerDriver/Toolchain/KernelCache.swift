import Foundation
import InferenceCompiler
import PlanFormat

/// Shared objects by the content that they are made from: C text, flags and compiler version.
///
/// Lies in `SERVEC_CACHE`, else `$XDG_CACHE_HOME/servec`, else `~/.cache/servec`. An entry is written beside and
/// renamed, so that builds may run at the same time; its first 32 bytes are the digest of the rest, so that a damaged
/// one is built again.
struct KernelCache: Sendable {
  var folder: URL
  var clang: Clang

  init(clang: Clang, environment: [String: String] = ProcessInfo.processInfo.environment) {
    self.clang = clang
    if let chosen = environment["SERVEC_CACHE"], !chosen.isEmpty {
      folder = URL(fileURLWithPath: chosen)
    } else if let caches = environment["XDG_CACHE_HOME"], !caches.isEmpty {
      folder = URL(fileURLWithPath: caches).appendingPathComponent("servec")
    } else {
      let home = environment["HOME"] ?? FileManager.default.temporaryDirectory.path
      folder = URL(fileURLWithPath: home).appendingPathComponent(".cache/servec")
    }
  }

  /// The shared object of one translation unit for a CPU family.
  func object(_ source: String, _ family: CPUFamily) throws -> [UInt8] {
    let flags = CompilerFlags.arguments(for: family)
    let key = Digest.hex(Digest.sha256(Array((([clang.version] + flags).joined(separator: "\0") + "\0" + source).utf8)))
    let entry = folder.appendingPathComponent("\(key).so")
    if let known = read(entry) { return known }
    let object = try compile(source, flags, key: key)
    store(object, entry)
    return object
  }

  private func compile(_ source: String, _ flags: [String], key: String) throws -> [UInt8] {
    let work = FileManager.default.temporaryDirectory.appendingPathComponent("servec-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: work, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: work) }
    let input = work.appendingPathComponent("kernels.c")
    let output = work.appendingPathComponent("kernels.so")
    try Data(source.utf8).write(to: input)
    let outcome = try Subprocess.run(clang.path, flags + [input.path, "-o", output.path], collectingIn: work)
    guard outcome.status == 0, let object = try? Data(contentsOf: output) else {
      let firstLines = outcome.errors.split(separator: "\n").prefix(12).joined(separator: "\n")
      throw DriverError(
        .environment, "\(clang.path) could not compile the kernels (exit \(outcome.status)):\n\(firstLines)",
        help: "this is a fault of servec or of that clang; `servec dump --stage c` prints the source")
    }
    return Array(object)
  }

  private func read(_ entry: URL) -> [UInt8]? {
    guard let data = try? Data(contentsOf: entry), data.count > 32 else { return nil }
    let object = Array(data.dropFirst(32))
    return Digest.sha256(object) == Array(data.prefix(32)) ? object : nil
  }

  /// A cache that cannot be written only costs time, so failures are not errors.
  private func store(_ object: [UInt8], _ entry: URL) {
    try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let beside = folder.appendingPathComponent("\(UUID().uuidString).tmp")
    guard (try? Data(Digest.sha256(object) + object).write(to: beside)) != nil else { return }
    if rename(beside.path, entry.path) != 0 { try? FileManager.default.removeItem(at: beside) }
  }
}
