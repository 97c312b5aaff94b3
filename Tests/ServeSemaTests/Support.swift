import Foundation
import ServeDiagnostics
import ServeSema
import ServeSyntax
import TensorTypes

/// A check of texts, with made-up model files.
struct Checked {
  var module: TypedModule?
  var diagnostics: [Diagnostic]
  var sources: SourceFiles

  /// The codes, in the order of the diagnostics.
  var codes: [String] { diagnostics.map { $0.code.description } }
  var errors: [Diagnostic] { diagnostics.filter { $0.severity == .error } }

  /// The text that a label points at.
  func text(_ range: SourceRange?) -> String? {
    range.flatMap { range in sources[range.file].map { $0.text(in: range.bytes) } }
  }

  /// The one diagnostic of a code.
  func only(_ code: DiagnosticCode) -> Diagnostic? {
    let found = diagnostics.filter { $0.code == code }
    return found.count == 1 ? found[0] : nil
  }
}

/// Checks a text; `imports` are other files by path, `artifacts` is as ``FakeArtifacts`` reads it.
func check(_ text: String, imports: [String: String] = [:], artifacts: String = "") -> Checked {
  check(text, imports: imports, FakeArtifacts.parse(artifacts))
}

func check(_ text: String, imports: [String: String] = [:], _ artifacts: Artifacts) -> Checked {
  var sources = SourceFiles()
  var diagnostics: [Diagnostic] = []
  func unit(_ path: String, _ text: String) -> SourceUnit {
    let parsed = ParsedFile(sources.add(path: path, bytes: Array(text.utf8)))
    diagnostics += parsed.diagnostics
    return SourceUnit(path: path, file: parsed.ast)
  }
  let root = unit("main.serve", text)
  let others = imports.sorted { $0.key < $1.key }.map { unit($0.key, $0.value) }
  let result = Checker.check(root: root, imports: others, artifacts: artifacts)
  diagnostics += result.diagnostics
  let module = diagnostics.contains { $0.severity == .error } ? nil : result.module
  return Checked(module: module, diagnostics: Diagnostics(diagnostics).sorted, sources: sources)
}

/// What model and statistics files would say, in the language's own words: a `model` with a `source`, a `signature` and
/// perhaps `digest` and `unsupported`, a `stats` with `source`, `mean` and `std`.
enum FakeArtifacts {
  static func parse(_ text: String) -> Artifacts {
    let parsed = ParsedFile(SourceFile(path: "artifacts", text: "serve 1\n" + text))
    var result = Artifacts()
    for declaration in parsed.ast.declarations {
      let items = declaration.block?.items ?? []
      guard let source = items.value("source")?.string else { continue }
      switch declaration.kind {
      case .model: result.models[source] = model(items, source)
      case .stats:
        result.stats[source] = .success(
          Artifacts.Stats(mean: items.value("mean")?.numbers ?? [], std: items.value("std")?.numbers ?? []))
      default: continue
      }
    }
    return result
  }

  private static func model(_ items: [AST.Item], _ source: String) -> Result<Artifacts.Model, Artifacts.Failure> {
    if let failure = items.value("failure")?.string { return .failure(Artifacts.Failure(message: failure)) }
    var signature = ModelSignature(inputs: [], outputs: [])
    for case .clause(let clause) in items where clause.keyword.text == "signature" {
      for case .clause(let port) in clause.block?.items ?? [] {
        guard let name = port.name?.text, let type = port.type?.tensor else { continue }
        if port.keyword.text == "in" {
          signature.inputs.append(ModelSignature.Port(name, type))
        } else {
          signature.outputs.append(ModelSignature.Port(name, type))
        }
      }
    }
    return .success(
      Artifacts.Model(
        signature: signature, format: "onnx opset 17", digest: items.value("digest")?.string ?? digest(of: source),
        unsupported: items.value("unsupported")?.strings ?? [], rows: rows(items)))
  }

  /// `rows { id = 1000 }`
  private static func rows(_ items: [AST.Item]) -> [String: Int] {
    var result: [String: Int] = [:]
    for case .clause(let clause) in items where clause.keyword.text == "rows" {
      for case .field(let field) in clause.block?.items ?? [] {
        result[field.path.description] = field.value.map { Int($0.number) }
      }
    }
    return result
  }

  /// 64 hex digits that differ from path to path.
  static func digest(of path: String) -> String {
    let hash = path.utf8.reduce(into: UInt64(14_695_981_039_346_656_037)) {
      $0 = ($0 ^ UInt64($1)) &* 1_099_511_628_211
    }
    let hex = String(hash, radix: 16)
    return String(repeating: String(repeating: "0", count: 16 - hex.count) + hex, count: 4)
  }
}

extension [AST.Item] {
  fileprivate func value(_ name: String) -> AST.Expr? {
    for case .field(let field) in self where field.path.single?.text == name { return field.value }
    return nil
  }
}

extension AST.Expr {
  fileprivate var string: String? {
    if case .string(let value) = kind { value } else { nil }
  }

  fileprivate var strings: [String] {
    if case .list(let elements) = kind { elements.compactMap(\.string) } else { [] }
  }

  fileprivate var number: Double {
    switch kind {
    case .integer(let value): Double(value)
    case .float(let value): value.double
    case .unary(.negate, let operand): -operand.number
    default: .nan
    }
  }

  fileprivate var numbers: [Double] {
    if case .list(let elements) = kind { elements.map(\.number) } else { [] }
  }

  fileprivate var dim: Dim {
    switch kind {
    case .integer(let value): Dim(Int(value))
    case .path(let path): Dim(symbol: path.description)
    case .binary(let a, .multiply, let b, _): a.dim * b.dim
    case .binary(let a, .add, let b, _): a.dim + b.dim
    default: Dim(0)
    }
  }
}

extension AST.TypeExpr {
  fileprivate var tensor: TensorType? {
    guard let element = ElementType(name: name.description) else { return nil }
    let dims = (dims ?? []).compactMap { dim in
      if case .exact(let expr) = dim { expr.dim } else { nil }
    }
    return TensorType(element, Shape(dims))
  }
}

/// The repository's files.
enum Repository {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized

  static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appending(path: path), encoding: .utf8)
  }
}

/// A diagnostic in full, for goldens and failure messages: the renderers have goldens of their own.
func dump(_ diagnostic: Diagnostic, in sources: SourceFiles) -> String {
  func place(_ label: Label) -> String {
    guard let file = sources[label.range.file] else { return "?" }
    let position = file.position(at: label.range.start)
    return "\(file.path):\(position.line):\(position.column) `\(file.text(in: label.range.bytes))` \(label.text)"
  }
  var lines = ["\(diagnostic.severity.rawValue)[\(diagnostic.code)]: \(diagnostic.message)"]
  lines += diagnostic.primary.map { ["  at    \(place($0))"] } ?? []
  lines += diagnostic.secondary.map { "  also  \(place($0))" }
  lines += diagnostic.values.map { "  = \($0)" }
  lines += diagnostic.notes.map { "  note: \($0)" }
  for help in diagnostic.help {
    let edits = help.edits.map { "[\(place(Label($0.range))) -> \"\($0.replacement)\"]" }.joined(separator: " ")
    lines.append("  help: \(help.text) \(edits)")
  }
  return lines.map { $0.trimmingCharacters(in: .init(charactersIn: " ")).isEmpty ? $0 : $0.trimmingSuffix }.joined(
    separator: "\n")
}

extension String {
  fileprivate var trimmingSuffix: String {
    var copy = self
    while copy.hasSuffix(" ") { copy.removeLast() }
    return copy
  }
}

/// The typed view of a text.
func parsed(_ path: String, _ text: String) -> AST.File {
  ParsedFile(SourceFile(path: path, text: text)).ast
}
