import ServeDiagnostics
import ServeSyntax
import TensorTypes

/// Types as they are written: elements, dimensions, refinements.
extension Checker {
  /// Which symbols the dimensions of a type may use.
  enum Symbols {
    /// Declared dims only.
    case declared
    /// Others too, which then stand for sizes of the model's own.
    case local
    /// None: every dimension is a number.
    case none
  }

  /// The type of a record's field.
  mutating func fieldType(_ type: AST.TypeExpr) -> FieldType? {
    guard let scalar = scalar(type) else { return nil }
    guard let shape = shape(type, .declared) else { return nil }
    guard let refinement = refinement(type, of: scalar) else { return nil }
    return FieldType(scalar, shape: shape, isOptional: type.isOptional, refinement: refinement)
  }

  /// A tensor's type: no enum, no refinement, not optional.
  mutating func tensorType(_ type: AST.TypeExpr, _ symbols: Symbols) -> TensorType? {
    guard let scalar = scalar(type) else { return nil }
    guard case .element(let element) = scalar else {
      diagnostics.add(
        typeMismatch("an enum cannot stand here", "expected an element type, such as f32", type.name.range))
      return nil
    }
    if type.isOptional || !type.refinements.isEmpty {
      let what = type.isOptional ? "an optional type" : "a refinement"
      diagnostics.add(typeMismatch("\(what) cannot stand here", "only records narrow their fields", type.range))
      return nil
    }
    return shape(type, symbols).map { TensorType(element, $0) }
  }

  /// The element type or enum that a type names.
  private mutating func scalar(_ type: AST.TypeExpr) -> FieldType.Scalar? {
    guard let name = type.name.single else {
      diagnostics.add(typeMismatch("a type is one name", "this is a path", type.name.range))
      return nil
    }
    if let element = ElementType(name: name.text), !element.isSmall { return .element(element) }
    if ["bytes", "date"].contains(name.text) {
      diagnostics.add(.notSupported("the type `\(name)`", at: name.range))
      return nil
    }
    guard let found = program.lookup(name) else {
      let known =
        ElementType.allCases.filter { !$0.isSmall }.map(\.name) + program.visibleNames(in: name.range.file, of: [.enum])
      let near = Suggestion(for: name, among: known)
      diagnostics.add(
        Diagnostic(
          .unknownName, "there is no type `\(name)`",
          at: near.label("not an element type or enum"),
          values: near.values("types: \(known.joined(separator: ", "))"),
          help: near.help))
      return nil
    }
    if found.kind == .record {
      used.insert(found.name.range)
      diagnostics.add(.notSupported("a record inside of a record", at: name.range))
      return nil
    }
    guard resolve(name, [.enum]) != nil else { return nil }
    return enums[name.text] == nil ? nil : .enumeration(name.text)
  }

  // MARK: - Refinements

  private mutating func refinement(_ type: AST.TypeExpr, of scalar: FieldType.Scalar) -> FieldType.Refinement? {
    guard let first = type.refinements.first else { return FieldType.Refinement.none }
    if let second = type.refinements.dropFirst().first {
      diagnostics.add(.notSupported("a second refinement", at: second.range))
      return nil
    }
    if case .pattern = first.kind {
      diagnostics.add(.notSupported("a pattern on a string", at: first.range))
      return nil
    }
    guard case .element(let element) = scalar, element != .bool, case .range(let low, let high)? = evaluate(first),
      case .number(let lower) = low, case .number(let upper) = high
    else {
      diagnostics.add(typeMismatch("this type cannot be narrowed so", "expected a range of numbers", first.range))
      return nil
    }
    guard lower <= upper else {
      diagnostics.add(
        Diagnostic(
          .outOfRange, "the bounds are the wrong way round", at: Label(first.range, "the lower one comes first"),
          values: ["\(lower) > \(upper)"]))
      return nil
    }
    if element == .string {
      guard let least = lower.integer, let most = upper.integer, least >= 0 else {
        diagnostics.add(typeMismatch("a length is a whole number", "expected a length in bytes", first.range))
        return nil
      }
      return .length(minimum: least, maximum: most)
    }
    if element.isFloat { return .numbers(minimum: lower.double, maximum: upper.double) }
    let limits = element.integerLimits
    guard lower.denominator == 1, upper.denominator == 1, lower.numerator >= limits.lowerBound,
      upper.numerator <= limits.upperBound
    else {
      diagnostics.add(
        Diagnostic(
          .outOfRange, "these bounds are outside of \(element)",
          at: Label(first.range, "\(element) is \(limits.lowerBound)...\(limits.upperBound)")))
      return nil
    }
    if upper.numerator < 0 {
      diagnostics.add(.notSupported("a range below zero", at: first.range))
      return nil
    }
    return .integers(minimum: Int64(clamping: lower.numerator), maximum: UInt64(clamping: upper.numerator))
  }

  func typeMismatch(_ message: String, _ label: String, _ range: SourceRange) -> Diagnostic {
    Diagnostic(.typeMismatch, message, at: Label(range, label))
  }
}

extension ElementType {
  /// The values of an integer type; empty bounds of 0 for others.
  var integerLimits: ClosedRange<Int128> {
    switch self {
    case .u8: 0...Int128(UInt8.max)
    case .u16: 0...Int128(UInt16.max)
    case .u32: 0...Int128(UInt32.max)
    case .u64: 0...Int128(UInt64.max)
    case .i8: Int128(Int8.min)...Int128(Int8.max)
    case .i16: Int128(Int16.min)...Int128(Int16.max)
    case .i32: Int128(Int32.min)...Int128(Int32.max)
    case .i64: Int128(Int64.min)...Int128(Int64.max)
    case .bool, .f16, .bf16, .f32, .f64, .string, .small: 0...0
    }
  }
}
