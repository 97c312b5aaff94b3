package import ServeDiagnostics
package import ServeSyntax

/// A parsed file under the path that relative paths in it start from.
package struct SourceUnit: Sendable {
  /// As it was opened; of a standard package its name, `std/platform.serve`.
  package let path: String
  package let file: AST.File

  package init(path: String, file: AST.File) {
    self.path = RelativePath.resolve(path, from: "")
    self.file = file
  }

  /// Where a path written in this file leads.
  package func resolve(_ path: String) -> String {
    RelativePath.resolve(path, from: self.path)
  }
}

/// What an `import` line asks for.
package struct ImportReference: Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    /// A file beside the importing one.
    case file
    /// A package that comes with the compiler: `std/…`.
    case standard
    /// A package from elsewhere, `pkg:acme/slo@2.1`: not supported yet.
    case package
  }

  package let kind: Kind
  /// The key of the file among the units: a resolved path, or the name of a standard package.
  package let path: String
  package let range: SourceRange
}

/// Paths as text: nothing here looks at a file system.
package enum RelativePath {
  /// `path` as seen from the folder of `file`, with `.` and `..` taken out where that is possible.
  package static func resolve(_ path: String, from file: String) -> String {
    if path.hasPrefix("/") { return path }
    var parts = file.split(separator: "/", omittingEmptySubsequences: true).dropLast().map(String.init)
    for part in path.split(separator: "/", omittingEmptySubsequences: true) {
      switch part {
      case ".": continue
      case ".." where !parts.isEmpty && parts.last != "..": parts.removeLast()
      default: parts.append(String(part))
      }
    }
    return (file.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
  }
}
