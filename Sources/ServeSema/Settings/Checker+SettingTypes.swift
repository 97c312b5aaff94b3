import ServeDiagnostics
import ServeSyntax

/// Holding a setting's value against its type.
extension Checker {
  /// The value in the form that the type is read in; nil where it is of another type, which is reported by then.
  mutating func accept(
    _ value: Constant, _ type: SettingType, name: AST.Name, at range: SourceRange,
  ) -> Constant? {
    if case .unset = value {
      diagnostics.add(
        typeMismatch("`\(name)` cannot be left to each env", "only services and experiments have overlays", range))
      return nil
    }
    switch (type, value) {
    case (.integer(let allowed), .number(let number)):
      guard let whole = number.integer else { break }
      return inRange(whole, allowed, value, name, range) { "\($0)" }
    case (.number(let allowed), .number(let number)):
      if allowed.contains(number.double) { return value }
      diagnostics.add(
        Diagnostic(
          .outOfRange, "`\(name)` is out of range",
          at: Label(range, "\(allowed.lowerBound) to \(allowed.upperBound) is possible")))
      return nil
    case (.integerRange(let allowed), .number(let number)):
      guard let whole = number.integer, inRange(whole, allowed, value, name, range, { String($0) }) != nil else {
        break
      }
      return .range(lower: value, upper: value)
    case (.integerRange(let allowed), .range(.number(let low), .number(let high))):
      guard let low = low.integer, let high = high.integer else { break }
      guard inRange(low, allowed, value, name, range, { "\($0)" }) != nil else { return nil }
      return inRange(high, allowed, value, name, range) { "\($0)" }
    case (.duration(let allowed), .quantity(let amount, .duration)):
      return whole(amount, allowed, value, name, range, Amounts.duration)
    case (.bytes(let allowed), .quantity(let amount, .bytes)):
      return whole(amount, allowed, value, name, range, Amounts.bytes)
    case (.cpu(let allowed), .quantity(let amount, .cpu)):
      return whole(amount, Int64(allowed.lowerBound)...Int64(allowed.upperBound), value, name, range) {
        Amounts.cpu(Int($0))
      }
    case (.cpu, .number(let cores)):
      guard let milli = cores.multiplied(by: Rational(1000)) else { break }
      return accept(.quantity(milli, .cpu), type, name: name, at: range)
    case (.bool, .bool), (.string, .string), (.expression, _): return value
    case (.strings, .list(let elements)):
      for element in elements {
        guard accept(element.value, .string, name: name, at: element.range) != nil else { return nil }
      }
      return value
    case (.word(let words, let planned), .path(let path)):
      return word(path, words, planned, name: name, at: range) ? value : nil
    case (.reference, .path): return value
    default: break
    }
    diagnostics.add(mismatch(value, type, name: name, at: range))
    return nil
  }

  private mutating func inRange(
    _ whole: Int, _ allowed: ClosedRange<Int>, _ value: Constant, _ name: AST.Name, _ range: SourceRange,
    _ spell: (Int) -> String,
  ) -> Constant? {
    if allowed.contains(whole) { return value }
    diagnostics.add(
      Diagnostic(
        .outOfRange, "`\(name)` cannot be \(spell(whole))",
        at: Label(range, "allowed: \(spell(allowed.lowerBound))...\(spell(allowed.upperBound))")))
    return nil
  }

  private mutating func whole(
    _ amount: Rational, _ allowed: ClosedRange<Int64>, _ value: Constant, _ name: AST.Name, _ range: SourceRange,
    _ spell: (Int64) -> String,
  ) -> Constant? {
    if let exact = amount.integer.map(Int64.init), allowed.contains(exact) { return value }
    let bounds = "allowed: \(spell(allowed.lowerBound))...\(spell(allowed.upperBound))"
    let what = amount.integer == nil ? "a fraction of the smallest unit" : "out of range"
    diagnostics.add(Diagnostic(.outOfRange, "`\(name)` is \(what)", at: Label(range, bounds)))
    return nil
  }

  private mutating func word(
    _ path: AST.Path, _ words: [String], _ planned: [String], name: AST.Name, at range: SourceRange,
  ) -> Bool {
    let text = path.description
    if words.contains(text) { return true }
    if planned.contains(text) {
      diagnostics.add(.notSupported("`\(name) = \(text)`", at: range))
      return false
    }
    let near = Suggestion(for: text, at: range, among: words)
    diagnostics.add(
      Diagnostic(
        .unknownName, "`\(name)` cannot be `\(text)`",
        at: near.label("not one of its values"),
        values: ["values of `\(name)`: \(words.joined(separator: ", "))"],
        help: near.help,
      ))
    return false
  }

  /// A quantity of another family, or a number that lacks its unit, is a matter of units; all else of types.
  private func mismatch(_ value: Constant, _ type: SettingType, name: AST.Name, at range: SourceRange) -> Diagnostic {
    guard let wanted = type.dimension, value.isAmount else {
      return Diagnostic(
        value.isAmount && !value.isNumber ? .unitMismatch : .typeMismatch,
        "`\(name)` takes \(type.article), this is \(value.kind)",
        at: Label(range, "expected \(type.name)"))
    }
    var help: [Help] = []
    if case .number(let number) = value, number.denominator == 1, let unit = wanted.usualUnit {
      help = [Help("write `\(number)\(unit)`", replacing: range, with: "\(number)\(unit)")]
    }
    return Diagnostic(
      .unitMismatch, "`\(name)` is \(type.article), this is \(value.isNumber ? "a number without a unit" : value.kind)",
      at: Label(range, "expected \(type.article), such as `\(wanted.example)`"), help: help)
  }
}

extension SettingType {
  fileprivate var dimension: UnitDimension? {
    switch self {
    case .duration: .duration
    case .bytes: .bytes
    case .cpu: .cpu
    case .integer, .number, .integerRange, .bool, .string, .strings, .word, .reference, .expression: nil
    }
  }
}

extension UnitDimension {
  fileprivate var usualUnit: String? {
    switch self {
    case .duration: "ms"
    case .bytes: "MiB"
    case .cpu: "mcores"
    case .money, .rate: nil
    }
  }
}

extension Constant {
  /// A number, with or without a unit.
  fileprivate var isAmount: Bool {
    switch self {
    case .number, .quantity, .percent: true
    case .bool, .string, .date, .grid, .path, .range, .list, .unset, .other: false
    }
  }

  fileprivate var isNumber: Bool {
    if case .number = self { true } else { false }
  }
}
