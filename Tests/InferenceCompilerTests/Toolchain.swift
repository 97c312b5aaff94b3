import Foundation
import InferenceCompiler
import PlanFormat

/// The clang that the compiler's users have, called as they call it.
enum Toolchain {
  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  static let clang: String? = {
    let environment = ProcessInfo.processInfo.environment
    if let given = environment["SERVEC_CLANG"] { return given }
    for folder in (environment["PATH"] ?? "").split(separator: ":") {
      let swiftc = URL(fileURLWithPath: String(folder)).appendingPathComponent("swiftc").resolvingSymlinksInPath()
      let clang = swiftc.deletingLastPathComponent().appendingPathComponent("clang").path
      if FileManager.default.isExecutableFile(atPath: swiftc.path), FileManager.default.isExecutableFile(atPath: clang) {
        return clang
      }
    }
    return nil
  }()

  static func compile(_ source: String, _ family: CPUFamily, extra: [String] = []) throws -> [UInt8] {
    guard let clang else { throw Failure(description: "no clang beside swiftc") }
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (input, output) = (folder.appendingPathComponent("k.c"), folder.appendingPathComponent("k.so"))
    try source.write(to: input, atomically: true, encoding: .utf8)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: clang)
    process.arguments = CompilerFlags.arguments(for: family) + extra + [input.path, "-o", output.path]
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    let text = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure(description: String(decoding: text.prefix(4000), as: UTF8.self))
    }
    return [UInt8](try Data(contentsOf: output))
  }
}
