import Foundation

/// Runs a program to its end.
enum Subprocess {
  struct Outcome {
    var status: Int32
    var output: String
    var errors: String
  }

  /// - Parameter directory: where both streams are collected, so that no pipe can fill up and block.
  /// - Throws: when the program cannot be started.
  static func run(_ program: String, _ arguments: [String], collectingIn directory: URL) throws -> Outcome {
    let id = UUID().uuidString
    let output = directory.appendingPathComponent("\(id).out")
    let errors = directory.appendingPathComponent("\(id).err")
    defer {
      try? FileManager.default.removeItem(at: output)
      try? FileManager.default.removeItem(at: errors)
    }
    for file in [output, errors] { try Data().write(to: file) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    process.waitUntilExit()
    return Outcome(
      status: process.terminationStatus,
      output: String(decoding: (try? Data(contentsOf: output)) ?? Data(), as: UTF8.self),
      errors: String(decoding: (try? Data(contentsOf: errors)) ?? Data(), as: UTF8.self))
  }
}
