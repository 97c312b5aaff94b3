/// The type of one element of a tensor.
package enum ElementType: Hashable, Sendable {
  case bool, u8, u16, u32, u64, i8, i16, i32, i64, f16, bf16, f32, f64, string
  /// Stored, moved and converted, but not computed with: neither `isFloat` nor `isInteger`.
  case small(SmallElement)

  /// Bytes of one element in memory; a string element is a pointer and a length (`serve_string`).
  package var byteCount: Int {
    switch self {
    case .bool, .u8, .i8, .small: 1
    case .u16, .i16, .f16, .bf16: 2
    case .u32, .i32, .f32: 4
    case .u64, .i64, .f64: 8
    case .string: 16
    }
  }

  /// Bits of one element that carry its value.
  package var bitWidth: Int {
    if case .small(let element) = self { return element.bitWidth }
    return byteCount * 8
  }

  /// True for the floating-point types.
  package var isFloat: Bool {
    switch self {
    case .f16, .bf16, .f32, .f64: true
    case .bool, .u8, .u16, .u32, .u64, .i8, .i16, .i32, .i64, .string, .small: false
    }
  }

  /// True for signed and unsigned integers, not for `bool`.
  package var isInteger: Bool {
    switch self {
    case .u8, .u16, .u32, .u64, .i8, .i16, .i32, .i64: true
    case .bool, .f16, .bf16, .f32, .f64, .string, .small: false
    }
  }

  package var isSmall: Bool {
    if case .small = self { return true }
    return false
  }

  /// The name in the language: `f32`, `string`. Small types have one too, though only models use them.
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
    case .small(let element): element.name
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

extension ElementType: CaseIterable {
  private static let plain: [ElementType] = [
    .bool, .u8, .u16, .u32, .u64, .i8, .i16, .i32, .i64, .f16, .bf16, .f32, .f64, .string,
  ]

  package static let allCases = plain + SmallElement.allCases.map { .small($0) }
}

extension ElementType {
  /// The number of a type in plan files: its place in `allCases`.
  package var code: UInt8 {
    switch self {
    case .bool: 0
    case .u8: 1
    case .u16: 2
    case .u32: 3
    case .u64: 4
    case .i8: 5
    case .i16: 6
    case .i32: 7
    case .i64: 8
    case .f16: 9
    case .bf16: 10
    case .f32: 11
    case .f64: 12
    case .string: 13
    case .small(let element): 14 + element.rawValue
    }
  }

  package init?(code: UInt8) {
    guard Self.allCases.indices.contains(Int(code)) else { return nil }
    self = Self.allCases[Int(code)]
  }
}
