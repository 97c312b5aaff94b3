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
      if FileManager.default.isExecutableFile(atPath: swiftc.path), FileManager.default.isExecutableFile(atPath: clang)
      {
        return clang
      }
    }
    return nil
  }()

  static func compile(_ source: String, _ family: CPUFamily, extra: [String] = []) throws -> [UInt8] {
    try compile(source, arguments: CompilerFlags.arguments(for: family) + extra)
  }

  /// The linked output of clang on one source file.
  static func compile(_ source: String, arguments: [String]) throws -> [UInt8] {
    guard let clang else { throw Failure(description: "no clang beside swiftc") }
    return try withFolder { folder in
      let (input, output) = (folder.appendingPathComponent("k.c"), folder.appendingPathComponent("k.out"))
      try source.write(to: input, atomically: true, encoding: .utf8)
      let process = Process()
      process.executableURL = URL(fileURLWithPath: clang)
      process.arguments = arguments + [input.path, "-o", output.path]
      process.environment = ProcessInfo.processInfo.environment.filter { $0.key != "LD_PRELOAD" }
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

  /// Runs an executable to its end; what it prints is collected.
  static func run(_ program: [UInt8], _ arguments: [String]) throws -> (status: Int32, text: String) {
    try withFolder { folder in
      let file = folder.appendingPathComponent("program")
      try Data(program).write(to: file)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
      let process = Process()
      process.executableURL = file
      process.arguments = arguments
      let output = Pipe()
      (process.standardOutput, process.standardError) = (output, output)
      try process.run()
      let text = output.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      return (process.terminationStatus, String(decoding: text, as: UTF8.self))
    }
  }

  /// A temporary folder for the time of `body`.
  static func withFolder<R>(_ body: (URL) throws -> R) throws -> R {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
  }
}
