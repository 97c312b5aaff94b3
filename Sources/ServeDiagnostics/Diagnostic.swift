/// How much a diagnostic weighs; only errors make a command fail.
package enum Severity: String, Hashable, Sendable {
  case error
  case warning
}

/// A range and what is said under it; the text may be empty.
package struct Label: Hashable, Sendable {
  package let range: SourceRange
  package let text: String

  package init(_ range: SourceRange, _ text: String = "") {
    self.range = range
    self.text = text
  }
}

/// A replacement of one range by other text.
package struct Edit: Hashable, Sendable {
  package let range: SourceRange
  package let replacement: String

  package init(_ range: SourceRange, replacement: String) {
    self.range = range
    self.replacement = replacement
  }
}

/// What to do about a diagnostic; with edits where a tool can do it.
package struct Help: Hashable, Sendable {
  package let text: String
  package let edits: [Edit]

  package init(_ text: String, edits: [Edit] = []) {
    self.text = text
    self.edits = edits
  }

  package init(_ text: String, replacing range: SourceRange, with replacement: String) {
    self.init(text, edits: [Edit(range, replacement: replacement)])
  }
}

/// One mistake or lint: what, where, with which values, why it matters and what to do.
///
///     error[SV0601]: `replicas` has its bounds the wrong way round
///       --> rec.serve:101:16
///     101 |     replicas = 24...3
///         |                ^^^^^^ the minimum comes first
///         = 24 > 3
///         = help: write `3...24`
package struct Diagnostic: Hashable, Sendable {
  package let code: DiagnosticCode
  package let severity: Severity
  /// One line, no full stop; the only thing shown where there is room for one thing.
  package let message: String
  /// The place to look at first; none where no source is at fault, such as a file that does not exist.
  package let primary: Label?
  /// Other places that explain it, in the order to read them; they may lie in other files.
  package let secondary: [Label]
  /// The values behind the judgement, one line each: `77 = 13 (User.stats) + 64 (User.emb)`.
  package let values: [String]
  /// Why it matters, one entry each.
  package let notes: [String]
  package let help: [Help]

  /// The severity is the code's kind's own unless given: an error for `SVnnnn`, a warning for `Wnnnn`.
  package init(
    _ code: DiagnosticCode,
    _ message: String,
    at primary: Label?,
    secondary: [Label] = [],
    values: [String] = [],
    notes: [String] = [],
    help: [Help] = [],
    severity: Severity? = nil,
  ) {
    self.code = code
    self.severity = severity ?? (code.kind == .error ? .error : .warning)
    self.message = message
    self.primary = primary
    self.secondary = secondary
    self.values = values
    self.notes = notes
    self.help = help
  }
}
