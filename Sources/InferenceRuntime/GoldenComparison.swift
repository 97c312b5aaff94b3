import CPlanABI
import PlanFormat
import TensorTypes

/// How a tensor is held against the one that the interpreter computed.
enum GoldenComparison {
  /// What is wrong, in words that follow the output's name; nil when nothing is.
  static func problem(
    _ found: UnsafeRawBufferPointer, _ expected: GoldenVector.Tensor, _ element: ElementType,
    _ comparison: GoldenVector.Comparison, tolerance: Double,
  ) -> String? {
    switch comparison {
    case .ignored: nil
    case .exact: element == .string ? strings(found, expected.strings) : exact(found, expected.bytes, element)
    case .relative: relative(found, expected.bytes, element, tolerance)
    }
  }

  private static func exact(
    _ found: UnsafeRawBufferPointer, _ expected: [UInt8], _ element: ElementType,
  ) -> String? {
    guard let at = found.indices.first(where: { found[$0] != expected[$0] }) else { return nil }
    return "differs in element \(at / element.byteCount)"
  }

  private static func strings(_ found: UnsafeRawBufferPointer, _ expected: [[UInt8]]) -> String? {
    for (index, text) in expected.enumerated() {
      let offset = index * MemoryLayout<serve_string>.stride
      let value = found.loadUnaligned(fromByteOffset: offset, as: serve_string.self)
      guard UnsafeBufferPointer(start: value.bytes, count: Int(value.length)).elementsEqual(text) else {
        return "differs in element \(index)"
      }
    }
    return nil
  }

  /// max|difference| / max|reference|; NaN is equal to NaN, and an infinity only to itself.
  private static func relative(
    _ found: UnsafeRawBufferPointer, _ expected: [UInt8], _ element: ElementType, _ tolerance: Double,
  ) -> String? {
    expected.withUnsafeBytes { expected in
      var largest = 0.0
      var reference = 0.0
      var worst = 0
      for index in 0..<expected.count / element.byteCount {
        let want = number(expected, index, element)
        let have = number(found, index, element)
        if want.isFinite { reference = max(reference, want.magnitude) }
        if want == have || (want.isNaN && have.isNaN) { continue }
        let difference = (want - have).magnitude
        guard difference.isFinite else { return "has \(have) in element \(index) where \(want) belongs" }
        if difference > largest {
          largest = difference
          worst = index
        }
      }
      if largest <= tolerance * reference { return nil }
      return "differs by \(largest / reference) of its largest value in element \(worst), where \(tolerance) is allowed"
    }
  }

  /// One element as a double; exact for every type but 64-bit integers, which are compared exactly instead.
  private static func number(_ bytes: UnsafeRawBufferPointer, _ index: Int, _ element: ElementType) -> Double {
    func load<T: BitwiseCopyable>(_ type: T.Type) -> T {
      bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<T>.size, as: T.self)
    }
    switch element {
    case .bool, .u8: return Double(load(UInt8.self))
    case .u16: return Double(load(UInt16.self))
    case .u32: return Double(load(UInt32.self))
    case .u64: return Double(load(UInt64.self))
    case .i8: return Double(load(Int8.self))
    case .i16: return Double(load(Int16.self))
    case .i32: return Double(load(Int32.self))
    case .i64: return Double(load(Int64.self))
    case .f16: return Double(Float16(bitPattern: load(UInt16.self)))
    case .bf16: return Double(Float(bitPattern: UInt32(load(UInt16.self)) << 16))
    case .f32: return Double(load(Float.self))
    case .f64: return load(Double.self)
    case .string: return .nan
    case .small(let small): return small.value(of: load(UInt8.self))
    }
  }
}
