package import TensorTypes

/// Constants as numbers of one wide type, which is what evaluation computes in.
extension Constant {
  /// The elements widened to doubles; exact but for 64-bit integers beyond 2^53. Empty for strings.
  package var doubles: [Double] {
    switch element {
    case .f32: values(as: Float.self).map { Double($0) }
    case .f64: values(as: Double.self)
    case .f16: values(as: Float16.self).map { Double($0) }
    case .bf16: values(as: UInt16.self).map { Double(Float(bitPattern: UInt32($0) << 16)) }
    case .u64: values(as: UInt64.self).map { Double($0) }
    case .bool, .u8, .u16, .u32, .i8, .i16, .i32, .i64: integers.map { Double($0) }
    case .small(let small): values(as: UInt8.self).map { small.value(of: $0) }
    case .string: []
    }
  }

  /// The elements as 64-bit integers, `u64` by bit pattern, small types by their byte. Empty for floating-point
  /// numbers of 16 bits and more, and strings.
  package var integers: [Int64] {
    switch element {
    case .bool: values(as: UInt8.self).map { $0 == 0 ? 0 : 1 }
    case .u8: values(as: UInt8.self).map { Int64($0) }
    case .u16: values(as: UInt16.self).map { Int64($0) }
    case .u32: values(as: UInt32.self).map { Int64($0) }
    case .u64: values(as: UInt64.self).map(Int64.init(bitPattern:))
    case .i8: values(as: Int8.self).map { Int64($0) }
    case .i16: values(as: Int16.self).map { Int64($0) }
    case .i32: values(as: Int32.self).map { Int64($0) }
    case .i64: values(as: Int64.self)
    case .small: values(as: Int8.self).map { Int64($0) }
    case .f16, .bf16, .f32, .f64, .string: []
    }
  }

  /// A tensor of any numeric element type from doubles: floating-point numbers round to nearest even (small ones
  /// saturate), integers
  /// truncate toward zero and saturate with NaN as 0, `bool` is true for what is not zero.
  package init(_ element: ElementType, _ shape: [Int], rounding numbers: [Double]) {
    switch element {
    case .f32: self.init(element, shape, numbers.map { Float($0) })
    case .f64: self.init(element, shape, numbers)
    case .f16: self.init(element, shape, numbers.map { Float16($0) })
    case .bf16: self.init(element, shape, numbers.map { Self.bfloat16(Float(roundingToOdd: $0)) })
    case .small(let small): self.init(element, shape, numbers.map { small.byte(rounding: $0) })
    case .bool: self.init(element, shape, numbers.map { $0 != 0 ? 1 as UInt8 : 0 })
    case .u8: self.init(element, shape, numbers.map { Self.saturated($0, as: UInt8.self) })
    case .u16: self.init(element, shape, numbers.map { Self.saturated($0, as: UInt16.self) })
    case .u32: self.init(element, shape, numbers.map { Self.saturated($0, as: UInt32.self) })
    case .u64: self.init(element, shape, numbers.map { Self.saturated($0, as: UInt64.self) })
    case .i8: self.init(element, shape, numbers.map { Self.saturated($0, as: Int8.self) })
    case .i16: self.init(element, shape, numbers.map { Self.saturated($0, as: Int16.self) })
    case .i32: self.init(element, shape, numbers.map { Self.saturated($0, as: Int32.self) })
    case .i64: self.init(element, shape, numbers.map { Self.saturated($0, as: Int64.self) })
    case .string: self.init(strings: numbers.map { Array(String($0).utf8) }, shape: shape)
    }
  }

  /// A tensor of any numeric element type from integers, which wrap around; `bool` is true for what is not zero.
  package init(_ element: ElementType, _ shape: [Int], wrapping numbers: [Int64]) {
    switch element {
    case .bool: self.init(element, shape, numbers.map { $0 != 0 ? 1 as UInt8 : 0 })
    case .u8, .i8: self.init(element, shape, numbers.map { UInt8(truncatingIfNeeded: $0) })
    case .u16, .i16: self.init(element, shape, numbers.map { UInt16(truncatingIfNeeded: $0) })
    case .u32, .i32: self.init(element, shape, numbers.map { UInt32(truncatingIfNeeded: $0) })
    case .u64, .i64: self.init(element, shape, numbers)
    case .small(let small): self.init(element, shape, numbers.map { small.byte(wrapping: $0) })
    // Rounding to f64 first would round twice.
    case .f32: self.init(element, shape, numbers.map { Float($0) })
    case .f16, .bf16, .f64: self.init(element, shape, rounding: numbers.map { Double($0) })
    case .string: self.init(strings: numbers.map { Array(String($0).utf8) }, shape: shape)
    }
  }

  /// The bits of the nearest bfloat16, ties to even.
  private static func bfloat16(_ value: Float) -> UInt16 {
    if value.isNaN { return 0x7FC0 }
    let bits = value.bitPattern
    return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ ((bits >> 16) & 1)) >> 16)
  }

  private static func saturated<T: FixedWidthInteger>(_ value: Double, as type: T.Type) -> T {
    if value.isNaN { return 0 }
    if let exact = T(exactly: value.rounded(.towardZero)) { return exact }
    return value < 0 ? .min : .max
  }
}

extension Float {
  /// The neighbour of `value` whose last bit is 1 where `value` is none itself: rounding it again to a narrower type
  /// gives what rounding `value` once would (Boldo and Melquiond 2008).
  fileprivate init(roundingToOdd value: Double) {
    self.init(value)
    if isNaN || Double(self) == value { return }
    let toward = Double(magnitude) > value.magnitude ? bitPattern - 1 : bitPattern
    self.init(bitPattern: toward | 1)
  }
}
