import Foundation
import ModelImport
package import ServeDiagnostics
package import ServeSema
import ServeSyntax

/// A program as far as it could be understood.
package struct CheckedProgram: Sendable {
  package var files: SourceFiles
  package var root: SourceUnit
  /// Nil when there are errors.
  package var module: TypedModule?
  package var diagnostics: [Diagnostic]
  /// SHA-256 of the files that decide what is computed, beside the text: models with their weights, statistics.
  package var artifactDigests: [String]

  package var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }
}

/// The first half of every command: read, parse, resolve imports, look at model files, check.
package struct Frontend {
  package init() {}

  /// Checks a file on disk.
  /// - Throws: `DriverError` when the file cannot be read; everything else is a diagnostic.
  package func check(path: String) throws -> CheckedProgram {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw DriverError(.inputErrors, "cannot read \(path)", help: "give the path of a .serve file")
    }
    return check(path: path, bytes: Array(data))
  }

  /// Checks a text that need not be on disk; `path` says where relative paths in it start.
  package func check(path: String, bytes: [UInt8]) -> CheckedProgram {
    var files = SourceFiles()
    var diagnostics: [Diagnostic] = []
    let root = parse(path, bytes, &files, &diagnostics)
    let imports = loadImports(of: root, &files, &diagnostics)
    let references = Checker.artifactReferences([root] + imports)
    let artifacts = ArtifactLoader().load(references)
    let checked = Checker.check(root: root, imports: imports, artifacts: artifacts)
    diagnostics += checked.diagnostics
    let module = diagnostics.contains { $0.severity == .error } ? nil : checked.module
    return CheckedProgram(
      files: files, root: root, module: module, diagnostics: diagnostics,
      artifactDigests: module == nil ? [] : ArtifactLoader.digests(references, artifacts))
  }

  private func parse(
    _ path: String, _ bytes: [UInt8], _ files: inout SourceFiles, _ diagnostics: inout [Diagnostic],
  ) -> SourceUnit {
    let parsed = ParsedFile(files.add(path: path, bytes: bytes))
    diagnostics += parsed.diagnostics
    return SourceUnit(path: path, file: parsed.ast)
  }

  /// Every file that the root reaches, each once; one that cannot be read is left out, which the checker reports.
  private func loadImports(
    of root: SourceUnit, _ files: inout SourceFiles, _ diagnostics: inout [Diagnostic],
  ) -> [SourceUnit] {
    var loaded: [SourceUnit] = []
    var seen: Set<String> = [root.path]
    var queue = root.importReferences
    while !queue.isEmpty {
      let reference = queue.removeFirst()
      guard seen.insert(reference.path).inserted else { continue }
      let bytes: [UInt8]?
      switch reference.kind {
      case .file: bytes = FileManager.default.contents(atPath: reference.path).map { Array($0) }
      case .standard: bytes = StandardPackages.text(reference.path).map { Array($0.utf8) }
      case .package: bytes = nil
      }
      guard let bytes else { continue }
      let unit = parse(reference.path, bytes, &files, &diagnostics)
      loaded.append(unit)
      queue += unit.importReferences
    }
    return loaded
  }
}
