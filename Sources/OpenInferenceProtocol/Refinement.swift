internal import CPlanABI
internal import PlanFormat
internal import TensorTypes

extension RequestSchema.Field {
  /// The first of `count` values that breaks the field's refinement, and what it should have been.
  func violation(in values: UnsafeRawPointer, count: Int) -> (index: Int, message: String)? {
    switch refinement {
    case .none: return nil
    case .integers(let minimum, let maximum):
      let first = firstIndex(in: values, count: count) { !$0.isWithin(minimum, maximum) }
      return first.map { ($0, "expected a value from \(minimum) to \(maximum)") }
    case .numbers(let minimum, let maximum):
      let first = firstIndex(in: values, count: count) { !(minimum...maximum).contains($0.asDouble) }
      return first.map { ($0, "expected a value from \(minimum) to \(maximum)") }
    case .length(let minimum, let maximum):
      let strings = values.assumingMemoryBound(to: serve_string.self)
      let first = (0..<count).first { !(minimum...maximum).contains(Int(strings[$0].length)) }
      return first.map { ($0, "expected a string of \(minimum) to \(maximum) bytes") }
    }
  }

  private func firstIndex(in values: UnsafeRawPointer, count: Int, where isWrong: (Element) -> Bool) -> Int? {
    (0..<count).first { isWrong(element(at: values + $0 * element.byteCount)) }
  }

  private func element(at place: UnsafeRawPointer) -> Element {
    switch element {
    case .bool, .u8: .unsigned(UInt64(place.load(as: UInt8.self)))
    case .u16: .unsigned(UInt64(place.load(as: UInt16.self)))
    case .u32: .unsigned(UInt64(place.load(as: UInt32.self)))
    case .u64: .unsigned(place.load(as: UInt64.self))
    case .i8: .signed(Int64(place.load(as: Int8.self)))
    case .i16: .signed(Int64(place.load(as: Int16.self)))
    case .i32: .signed(Int64(place.load(as: Int32.self)))
    case .i64: .signed(place.load(as: Int64.self))
    case .f16: .number(Double(Float16(bitPattern: place.load(as: UInt16.self))))
    case .bf16: .number(Double(Float(bitPattern: UInt32(place.load(as: UInt16.self)) << 16)))
    case .f32: .number(Double(place.load(as: Float.self)))
    case .f64: .number(place.load(as: Double.self))
    case .string: .unsigned(0)
    case .small(let small): .number(small.value(of: place.load(as: UInt8.self)))
    }
  }

  /// A number of any type, widened.
  private enum Element {
    case signed(Int64), unsigned(UInt64), number(Double)

    func isWithin(_ minimum: Int64, _ maximum: UInt64) -> Bool {
      switch self {
      case .signed(let value): value >= minimum && (value < 0 || UInt64(value) <= maximum)
      case .unsigned(let value): value <= maximum && (minimum <= 0 || value >= UInt64(minimum))
      case .number(let value): value >= Double(minimum) && value <= Double(maximum)
      }
    }

    var asDouble: Double {
      switch self {
      case .signed(let value): Double(value)
      case .unsigned(let value): Double(value)
      case .number(let value): value
      }
    }
  }
}
