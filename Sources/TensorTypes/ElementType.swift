/// The type of one element of a tensor.
package enum ElementType: UInt8, Hashable, Sendable, CaseIterable {
  case bool, u8, u16, u32, u64, i8, i16, i32, i64, f16, bf16, f32, f64, string

  /// Bytes of one element in memory; a string element is a pointer and a length (`serve_string`).
  package var byteCount: Int {
    switch self {
    case .bool, .u8, .i8: 1
    case .u16, .i16, .f16, .bf16: 2
    case .u32, .i32, .f32: 4
    case .u64, .i64, .f64: 8
    case .string: 16
    }
  }

  /// True for the floating-point types.
  package var isFloat: Bool {
    switch self {
    case .f16, .bf16, .f32, .f64: true
    case .bool, .u8, .u16, .u32, .u64, .i8, .i16, .i32, .i64, .string: false
    }
  }

  /// True for signed and unsigned integers, not for `bool`.
  package var isInteger: Bool {
    switch self {
    case .u8, .u16, .u32, .u64, .i8, .i16, .i32, .i64: true
    case .bool, .f16, .bf16, .f32, .f64, .string: false
    }
  }

  /// The name in the language: `f32`, `string`.
  package var name: String {
    switch self {
    case .bool: "bool"
    case .u8: "u8"
    case .u16: "u16"
    case .u32: "u32"
    case .u64: "u64"
    case .i8: "i8"
    case .i16: "i16"
    case .i32: "i32"
    case .i64: "i64"
    case .f16: "f16"
    case .bf16: "bf16"
    case .f32: "f32"
    case .f64: "f64"
    case .string: "string"
    }
  }

  /// Finds a type by its name in the language.
  package init?(name: some StringProtocol) {
    guard let match = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = match
  }
}

extension ElementType: CustomStringConvertible {
  package var description: String { name }
}
