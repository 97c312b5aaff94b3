import Foundation
import InferenceCompiler
import PlanFormat

/// Shared objects by the content that they are made from: C text, flags and compiler version.
///
/// An entry's first 32 bytes are the digest of the rest, so that a damaged one is built again.
struct KernelCache: Sendable {
  let clang: Clang
  /// Nil to compile always.
  let cache: Cache?

  init(clang: Clang, cache: Cache? = Cache()) {
    self.clang = clang
    self.cache = cache
  }

  /// The shared object of one translation unit for a CPU family.
  func object(_ source: String, _ family: CPUFamily) throws -> [UInt8] {
    let flags = CompilerFlags.arguments(for: family)
    let key = Digest.hex(Digest.sha256(Array((([clang.version] + flags).joined(separator: "\0") + "\0" + source).utf8)))
    if let known = cache?.read("\(key).so").flatMap(Self.checked) { return known }
    let object = try compile(source, flags)
    cache?.store(Data(Digest.sha256(object) + object), as: "\(key).so")
    return object
  }

  private func compile(_ source: String, _ flags: [String]) throws -> [UInt8] {
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

  private static func checked(_ entry: Data) -> [UInt8]? {
    guard entry.count > 32 else { return nil }
    let object = Array(entry.dropFirst(32))
    return Digest.sha256(object) == Array(entry.prefix(32)) ? object : nil
  }
}
