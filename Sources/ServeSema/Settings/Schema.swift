import ServeSyntax

/// What a body may hold: the one table from which come the checks of names and types, the lists of fields in messages,
/// what is not supported yet, and what an overlay may touch.
struct Schema: Sendable {
  /// As messages name it: `scale`.
  let name: String
  let entries: [Entry]

  struct Entry: Sendable {
    /// How it is written.
    indirect enum Form: Sendable {
      /// `deadline = 40ms`
      case setting(SettingType)
      /// `startup <= 3min`
      case bound(AST.Bound.Relation, SettingType)
      /// `scale { … }`
      case section(Schema)
      /// `version v1 { … }`, `try c3_cpu { … }`
      case entries(Schema)
      /// `arm control = 90% Ranker.v1`, `in dense : f32[batch, 77]`, `on cpu target 70%`: read by its own rule.
      case rule(String)
    }

    enum Status: Sendable {
      case supported
      /// Part of the language, not supported yet.
      case planned
    }

    let keyword: String
    let form: Form
    var status = Status.supported
    /// True where no overlay may change it.
    var isFinal = false
    var isRequired = false

    static func setting(_ keyword: String, _ type: SettingType) -> Entry {
      Entry(keyword: keyword, form: .setting(type))
    }

    static func bound(_ keyword: String, _ relation: AST.Bound.Relation, _ type: SettingType) -> Entry {
      Entry(keyword: keyword, form: .bound(relation, type))
    }

    static func section(_ keyword: String, _ entries: [Entry]) -> Entry {
      Entry(keyword: keyword, form: .section(Schema(name: keyword, entries: entries)))
    }

    static func entries(_ keyword: String, _ entries: [Entry]) -> Entry {
      Entry(keyword: keyword, form: .entries(Schema(name: keyword, entries: entries)))
    }

    static func rule(_ keyword: String, _ looks: String) -> Entry {
      Entry(keyword: keyword, form: .rule(looks))
    }

    static func planned(_ keyword: String) -> Entry {
      Entry(keyword: keyword, form: .rule("…"), status: .planned)
    }

    var required: Entry {
      var entry = self
      entry.isRequired = true
      return entry
    }

    var final: Entry {
      var entry = self
      entry.isFinal = true
      return entry
    }

    /// As the list of fields shows it: `deadline: Duration`, `down { }`.
    var summary: String {
      switch form {
      case .setting(let type): "\(keyword): \(type.name)"
      case .bound(let relation, let type): "\(keyword) \(relation.rawValue) \(type.name)"
      case .section: "\(keyword) { }"
      case .entries: "\(keyword) NAME { }"
      case .rule(let looks): "\(keyword) \(looks)"
      }
    }
  }

  func entry(_ keyword: String) -> Entry? {
    entries.first { $0.keyword == keyword }
  }

  /// How a setting of a block inside of this one is written here, or one that other tools call so.
  func meaning(of keyword: String) -> String? {
    if let path = pattern(of: keyword) { return path }
    return Self.otherNames[keyword].flatMap { pattern(of: $0) }
  }

  private func pattern(of keyword: String) -> String? {
    for entry in supported {
      if entry.keyword == keyword { return entry.pattern }
      guard case .section(let inner) = entry.form, let found = inner.pattern(of: keyword) else { continue }
      return "\(entry.keyword) { \(found) }"
    }
    return nil
  }

  /// What settings are called elsewhere.
  private static let otherNames = [
    "autoscaling": "scale", "batch_size": "max_size", "bucket": "artifacts", "container": "image", "cores": "cpu",
    "file": "source", "grace": "drain", "instances": "replicas", "machine_type": "machine", "max": "replicas",
    "max_batch": "max_size", "max_batch_size": "max_size", "max_latency": "max_wait", "max_replicas": "replicas",
    "min": "replicas", "min_replicas": "replicas", "path": "source", "port": "http", "preemptible": "spot",
    "probe": "startup", "ram": "memory", "sha256": "digest", "timeout": "deadline", "traffic": "arm", "uri": "source",
    "url": "source", "weight": "arm",
  ]

  /// The names that may be written, supported ones only.
  var supported: [Entry] {
    entries.filter { $0.status == .supported }
  }
}

/// What a setting takes.
enum SettingType: Sendable {
  case integer(ClosedRange<Int>)
  case number(ClosedRange<Double>)
  /// `3...24`, or one number for both ends.
  case integerRange(ClosedRange<Int>)
  /// In nanoseconds.
  case duration(ClosedRange<Int64>)
  /// In bytes.
  case bytes(ClosedRange<Int64>)
  /// In thousandths of a core; a bare number counts cores.
  case cpu(ClosedRange<Int>)
  case bool
  case string
  case strings
  /// One of the setting's own words; planned ones are part of the language and not supported yet.
  case word([String], planned: [String] = [])
  /// The name of a declaration: `Ranker`, `Ranker.v1`.
  case reference([AST.DeclarationKind])
  /// The setting's own rule reads it.
  case expression(String)

  /// As the list of fields shows it.
  var name: String {
    switch self {
    case .integer: "u32"
    case .number: "f64"
    case .integerRange: "Range<u32>"
    case .duration: "Duration"
    case .bytes: "Bytes"
    case .cpu: "Cpu"
    case .bool: "bool"
    case .string: "string"
    case .strings: "[string]"
    case .word(let words, _): words.joined(separator: " | ")
    case .reference(let kinds): kinds.map(\.rawValue).joined(separator: " | ")
    case .expression(let name): name
    }
  }

  /// What a value may look like.
  var example: String {
    switch self {
    case .integer(let allowed): allowed.upperBound == Int(UInt16.max) ? "8080" : "8"
    case .number: "0.002"
    case .integerRange: "2...10"
    case .duration: UnitDimension.duration.example
    case .bytes: UnitDimension.bytes.example
    case .cpu: "2"
    case .bool: "on"
    case .string: "\"…\""
    case .strings: "[\"…\"]"
    case .word(let words, _): words[0]
    case .reference: "NAME"
    case .expression: "…"
    }
  }

  /// With an article: `a Duration`.
  var article: String {
    switch self {
    case .integer: "a whole number"
    case .number: "a number"
    case .integerRange: "a range of whole numbers"
    case .duration: "a Duration"
    case .bytes: "Bytes"
    case .cpu: "a Cpu amount"
    case .bool: "a switch, `on` or `off`"
    case .string: "a string"
    case .strings: "a list of strings"
    case .word(let words, _):
      words.count == 1 ? "`\(words[0])`" : "one of \(words.map { "`\($0)`" }.joined(separator: ", "))"
    case .reference(let kinds): "the name of \(kinds.map(\.article).joined(separator: " or "))"
    case .expression(let name): name
    }
  }
}
