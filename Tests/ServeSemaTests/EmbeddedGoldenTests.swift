import Foundation
import Testing

@testable import ServeSema

/// The texts inside of the compiler are the files of `specs`; `RECORD_GOLDENS=1` writes them anew.
@Suite struct EmbeddedGoldenTests {
  struct Source {
    let folder: String
    let ending: String
    let type: String
    let comment: String

    var target: String { "Sources/ServeSema/Embedded/\(type).swift" }
  }

  static let sources = [
    Source(
      folder: "specs/diagnostics", ending: ".md", type: "EmbeddedDiagnostics",
      comment: "The pages of `specs/diagnostics`"),
    Source(folder: "specs/std", ending: ".serve", type: "EmbeddedPackages", comment: "The packages of `specs/std`"),
  ]

  @Test(arguments: sources.indices) func `what is embedded is what specs has`(index: Int) throws {
    let source = Self.sources[index]
    let wanted = try Self.swift(source)
    if ProcessInfo.processInfo.environment["RECORD_GOLDENS"] == "1" {
      try wanted.write(to: Repository.root.appending(path: source.target), atomically: true, encoding: .utf8)
      Issue.record("recorded \(source.target); run again without RECORD_GOLDENS")
    }
    #expect(try Repository.text(source.target) == wanted, "run `make record` after a change of \(source.folder)")
  }

  @Test func `the index of the pages lists every code`() throws {
    var lines = ["# Diagnostics", "", "`servec explain CODE` prints these pages.", "", "| code | |", "|---|---|"]
    lines += DiagnosticRegistry.all.map { "| [\($0.code)](\($0.code).md) | \($0.title) |" }
    let wanted = lines.joined(separator: "\n") + "\n"
    let path = "specs/diagnostics/README.md"
    if ProcessInfo.processInfo.environment["RECORD_GOLDENS"] == "1" {
      try wanted.write(to: Repository.root.appending(path: path), atomically: true, encoding: .utf8)
      Issue.record("recorded \(path); run again without RECORD_GOLDENS")
    }
    #expect(try Repository.text(path) == wanted, "run `make record`")
  }

  @Test func `packages are found by the name that imports them`() throws {
    #expect(StandardPackages.names.contains("std/gke.serve"))
    #expect(StandardPackages.text("std/gke.serve") == (try Repository.text("specs/std/gke.serve")))
    #expect(StandardPackages.text("std/nothing.serve") == nil)
  }

  /// The Swift file that holds a folder's files.
  static func swift(_ source: Source) throws -> String {
    let folder = Repository.root.appending(path: source.folder)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { $0.hasSuffix(source.ending) && $0 != "README.md" }.sorted()
    var lines = [
      "// Generated from \(source.folder) by `make record`; do not edit.", "// swift-format-ignore-file", "",
      "/// \(source.comment), by name without its ending.", "enum \(source.type) {",
      "  static let files: [(name: String, text: String)] = [",
    ]
    for name in names {
      let text = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
      lines += ["    (\"\(name.dropLast(source.ending.count))\", ##\"\"\"", text, "\"\"\"##),"]
    }
    return (lines + ["  ]", "}", ""]).joined(separator: "\n")
  }
}
