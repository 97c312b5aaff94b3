/// What a diagnostic is known by, for ever: `SV0201` for an error, `W0906` for a lint.
///
/// The first two digits are the family: 01 lexer and parser, 02 names, 03 types and units, 04 tensors and artifacts,
/// 05 hardware and memory, 06 scaling, rollout and health, 07 experiments, 08 data, secrets and network, 09 overlays
/// and lock, 10 objectives, alerts and cost.
package struct DiagnosticCode: Hashable, Comparable, Sendable, CustomStringConvertible {
  package enum Kind: Hashable, Sendable {
    case error
    case lint
  }

  package let kind: Kind
  package let number: Int

  /// An error's code: `.sv(0201)` is SV0201.
  package static func sv(_ number: Int) -> DiagnosticCode {
    DiagnosticCode(kind: .error, number: number)
  }

  /// A lint's code: `.w(0906)` is W0906.
  package static func w(_ number: Int) -> DiagnosticCode {
    DiagnosticCode(kind: .lint, number: number)
  }

  /// Declared in the language, and not supported yet.
  package static let notSupported = sv(0001)

  /// The code that a text such as `SV0201` names.
  package init?(_ text: String) {
    let kind: Kind
    let digits: Substring
    if text.hasPrefix("SV") {
      (kind, digits) = (.error, text.dropFirst(2))
    } else if text.hasPrefix("W") {
      (kind, digits) = (.lint, text.dropFirst(1))
    } else {
      return nil
    }
    guard digits.utf8.count == 4, digits.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(digits)
    else { return nil }
    self.init(kind: kind, number: number)
  }

  private init(kind: Kind, number: Int) {
    self.kind = kind
    self.number = number
  }

  package var description: String {
    let digits = String(number)
    let zeros = String(repeating: "0", count: max(0, 4 - digits.utf8.count))
    switch kind {
    case .error: return "SV\(zeros)\(digits)"
    case .lint: return "W\(zeros)\(digits)"
    }
  }

  package static func < (a: DiagnosticCode, b: DiagnosticCode) -> Bool {
    a.description < b.description
  }
}
