package import InferenceIR
package import TensorTypes

extension Constant {
  /// A tensor of one repeated number; nil for strings.
  package static func filled(_ element: ElementType, _ shape: [Int], _ value: Double, exact: Int64? = nil) -> Constant?
  {
    let count = shape.reduce(1, *)
    func integer<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type) -> Constant {
      let number = exact.map { T(truncatingIfNeeded: $0) } ?? T(exactly: value.rounded(.towardZero)) ?? 0
      return Constant(element, shape, Array(repeating: number, count: count))
    }
    switch element {
    case .bool: return Constant(element, shape, Array(repeating: UInt8(value != 0 ? 1 : 0), count: count))
    case .u8: return integer(UInt8.self)
    case .u16: return integer(UInt16.self)
    case .u32: return integer(UInt32.self)
    case .u64: return integer(UInt64.self)
    case .i8: return integer(Int8.self)
    case .i16: return integer(Int16.self)
    case .i32: return integer(Int32.self)
    case .i64: return integer(Int64.self)
    case .f16: return Constant(element, shape, Array(repeating: Float16(value), count: count))
    case .bf16:
      // Round to nearest even on the upper half of the f32 pattern.
      let bits = Float(value).bitPattern
      let rounded = UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ ((bits >> 16) & 1)) >> 16)
      return Constant(element, shape, Array(repeating: rounded, count: count))
    case .f32: return Constant(element, shape, Array(repeating: Float(value), count: count))
    case .f64: return Constant(element, shape, Array(repeating: value, count: count))
    case .small(let small):
      return Constant(element, shape, Array(repeating: small.byte(rounding: value), count: count))
    case .string: return nil
    }
  }
}
