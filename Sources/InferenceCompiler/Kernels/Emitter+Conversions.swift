import InferenceIR
import TensorTypes

extension Emitter {
  /// Numeric conversion as `Op.cast` defines it, from and to what C computes with.
  func converted(
    _ value: CExpression, from: ElementType, to: ElementType, _ narrowing: Narrowing = .saturating,
  ) -> CExpression {
    if case .small(let small) = from {
      guard small.integers == nil else { return converted(value, from: .i8, to: to, narrowing) }
      let decoded: CExpression =
        small.format.map { .call("load_small", [value] + $0.parameters) }
        ?? .call("load_scale", [value])
      return converted(decoded, from: .f32, to: to, narrowing)
    }
    if case .small(let small) = to { return narrowed(value, from: from, to: small, narrowing) }
    if to == .bool { return .binary(value, "!=", 0) }
    if to == .f16 { return .call("round_half", [.cast(from == .f64 ? "f64" : "f32", value)]) }
    if to == .bf16 { return .call("round_bfloat", [from == .f64 ? .call("round_odd", [value]) : .cast("f32", value)]) }
    guard from.isFloat, to.isInteger else { return .cast(to.computeType, value) }
    if to == .u64 { return .call("saturate_u64", [value]) }
    return .cast(to.computeType, saturated(value, to.range))
  }

  private func saturated(_ value: CExpression, _ range: (Int, Int)) -> CExpression {
    .call(
      "saturate",
      [value, .double(Double(range.0)), .double(Double(range.1)), .integer(range.0), .integer(range.1)])
  }

  /// To a small type's byte. Floating-point formats round once, from an f32 that is rounded to odd.
  private func narrowed(
    _ value: CExpression, from: ElementType, to: SmallElement, _ narrowing: Narrowing,
  ) -> CExpression {
    if to.integers != nil { return wrapped(from.isFloat ? saturated(value, ElementType.i64.range) : value, to) }
    let number: CExpression = from.isFloat && from != .f64 ? value : .call("round_odd", [.cast("f64", value)])
    guard let format = to.format else {
      let mode =
        switch narrowing.scale {
        case .up: 0
        case .down: 1
        case .nearest: 2
        }
      return .call("store_scale", [.cast("f32", value), .integer(mode), .integer(narrowing.saturates ? 1 : 0)])
    }
    return .call("store_small", [number] + format.parameters + [.integer(narrowing.saturates ? 1 : 0)])
  }

  /// The low bits of an integer as a small integer.
  private func wrapped(_ value: CExpression, _ to: SmallElement) -> CExpression {
    let low = CExpression.binary(value, "&", .integer(1 << to.bitWidth - 1))
    guard let range = to.integers, range.lowerBound < 0 else { return low }
    return .binary(.binary(low, "^", .integer(-range.lowerBound)), "-", .integer(-range.lowerBound))
  }

  /// A value that was read as another type: only its unused bits change.
  func reinterpreted(_ value: CExpression, as element: ElementType) -> CExpression {
    if element == .bool { return .binary(value, "!=", 0) }
    if case .small(let small) = element, small.integers != nil { return wrapped(value, small) }
    return value
  }
}

extension SmallFloat {
  /// What `load_small` and `store_small` take after the value.
  fileprivate var parameters: [CExpression] {
    [mantissa, bias, Int(largest), Int(overflow), Int(nan), Int(sign)].map { .integer($0) }
  }
}
