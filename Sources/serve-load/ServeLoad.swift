internal import ArgumentParser
internal import Glibc

/// Loads an HTTP server on this machine and measures it: every connection sends its next request when it has the
/// answer to the last.
struct ServeLoad: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve-load", abstract: "Measures an HTTP server on this machine in a closed loop.")

  enum Format: String, ExpressibleByArgument, CaseIterable { case text, json }

  @Option(help: "Where to send requests; a loopback address.") var url: String
  @Option(help: "Connections, each with one request at a time.") var connections = 16
  @Option(help: "How long to measure.") var seconds = 3.0
  @Option(
    name: [.long, .customLong("bodies")],
    help: "What to post: a .jsonl file's lines in turn, or another file's content; without it, GET.")
  var bodyFile: String?
  @Option(help: "text, or json: one object with times in microseconds.") var format = Format.text

  mutating func validate() throws {
    guard (1...10_000).contains(connections) else { throw ValidationError("--connections is from 1 to 10000") }
    guard seconds > 0, seconds <= 600 else { throw ValidationError("--seconds is more than 0 and at most 600") }
  }

  func run() throws {
    let target = try Target(url)
    var bodies: [[UInt8]] = []
    if let bodyFile {
      let content = try readFile(bodyFile)
      bodies = bodyFile.hasSuffix(".jsonl") ? content.split(separator: UInt8(ascii: "\n")).map { Array($0) } : [content]
      guard !bodies.isEmpty else { throw ValidationError("\(bodyFile) has no request") }
    }
    let loop = try LoadLoop(target, requests: target.requests(bodies), connections: connections)
    let result = loop.run(seconds: seconds)
    let report = Report(result)
    switch format {
    case .text: Terminal.write(report.text)
    case .json: Terminal.write(report.json)
    }
    if result.good == 0 { throw ExitCode(1) }
  }

  private func readFile(_ path: String) throws -> [UInt8] {
    guard let file = fopen(path, "r") else {
      throw ValidationError("cannot read \(path): \(String(cString: strerror(errno)))")
    }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&piece, 1, piece.count, file), count > 0 { bytes += piece[..<count] }
    return bytes
  }
}

/// Where results go.
enum Terminal {
  static func write(_ text: String) {
    let line = Array((text + "\n").utf8)
    _ = Glibc.write(STDOUT_FILENO, line, line.count)
  }
}
