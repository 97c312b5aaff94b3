import TensorTypes
import Testing

@Suite struct SmallElementTests {
  @Test func `every code is the nearest to its own value`() {
    for element in SmallElement.allCases {
      for code in 0..<UInt8(truncatingIfNeeded: 1 << min(element.bitWidth, 7)) {
        let byte = element.byte(wrapping: Int64(code))
        let value = element.value(of: byte)
        // The least scale lies below the normal numbers of f32, of which ONNX's rule reads the exponent.
        if value.isNaN || value == 0x1p-127 { continue }
        #expect(element.byte(rounding: value, Narrowing(saturates: false)) == byte, "\(element) \(code)")
      }
    }
  }

  /// The largest and smallest numbers of the formats' own specifications.
  @Test func `ends of the formats`() {
    let ends: [(SmallElement, largest: UInt8, Double, smallest: Double)] = [
      (.f4e2m1, 0x7, 6, 0.5), (.f6e2m3, 0x1F, 7.5, 0.125), (.f6e3m2, 0x1F, 28, 0.0625), (.f8e4m3fn, 0x7E, 448, 0x1p-9),
      (.f8e4m3fnuz, 0x7F, 240, 0x1p-10), (.f8e5m2, 0x7B, 57344, 0x1p-16), (.f8e5m2fnuz, 0x7F, 57344, 0x1p-17),
      (.f8e8m0, 0xFE, 0x1p127, 0x1p-126),
    ]
    for (element, code, largest, smallest) in ends {
      #expect(element.value(of: code) == largest)
      #expect(element.value(of: 1) == smallest)
    }
    #expect(SmallElement.f8e8m0.value(of: 0) == 0x1p-127)
  }

  /// The tables of ONNX's Cast.
  @Test func `conversion saturates, or gives what the format has beyond its end`() {
    let formats: [SmallElement] = [.f8e4m3fn, .f8e4m3fnuz, .f8e5m2, .f8e5m2fnuz]
    func bytes(_ value: Double, saturates: Bool) -> [UInt8] {
      formats.map { $0.byte(rounding: value, Narrowing(saturates: saturates)) }
    }
    #expect(bytes(.infinity, saturates: true) == [0x7E, 0x7F, 0x7B, 0x7F])
    #expect(bytes(-.infinity, saturates: true) == [0xFE, 0xFF, 0xFB, 0xFF])
    #expect(bytes(1e6, saturates: true) == [0x7E, 0x7F, 0x7B, 0x7F])
    #expect(bytes(1e6, saturates: false) == [0x7F, 0x80, 0x7C, 0x80])
    #expect(bytes(-.infinity, saturates: false) == [0xFF, 0x80, 0xFC, 0x80])
    #expect(bytes(-0.0, saturates: true) == [0x80, 0, 0x80, 0])
    #expect(formats.allSatisfy { $0.value(of: $0.byte(rounding: .nan)).isNaN })
  }

  @Test func `halves go to even, and the last step before the end is a step`() {
    #expect(SmallElement.f8e4m3fn.byte(rounding: 17) == SmallElement.f8e4m3fn.byte(rounding: 16))
    #expect(SmallElement.f8e4m3fn.value(of: SmallElement.f8e4m3fn.byte(rounding: 19)) == 20)
    #expect(SmallElement.f8e4m3fn.byte(rounding: 464, Narrowing(saturates: false)) == 0x7E)
    #expect(SmallElement.f8e4m3fn.byte(rounding: 464.1, Narrowing(saturates: false)) == 0x7F)
    #expect(SmallElement.f4e2m1.value(of: SmallElement.f4e2m1.byte(rounding: -2.5)) == -2)
  }

  @Test func `scales round as they are asked to`() {
    func exponent(_ value: Double, _ scale: Narrowing.Scale, saturates: Bool = true) -> Int {
      Int(SmallElement.f8e8m0.byte(rounding: value, Narrowing(saturates: saturates, scale: scale))) - 127
    }
    #expect(exponent(3, .up) == 2 && exponent(3, .down) == 1 && exponent(3, .nearest) == 2)
    #expect(exponent(2.9, .nearest) == 1 && exponent(4, .up) == 2)
    #expect(exponent(3e38, .up) == 127 && exponent(3e38, .up, saturates: false) == 128)
    #expect(exponent(.nan, .up) == 128)
  }

  @Test func `integers keep their low bits`() {
    #expect(SmallElement.i4.byte(wrapping: 8) == 0xF8)
    #expect(SmallElement.i2.byte(wrapping: -3) == 1)
    #expect(SmallElement.u4.byte(wrapping: -1) == 15)
    #expect(SmallElement.u2.byte(rounding: 6.9) == 2)
    #expect(SmallElement.i4.value(of: 0xF8) == -8)
  }

  @Test func `types have the codes that plans write`() {
    #expect(ElementType.allCases.map(\.code) == Array(0..<UInt8(ElementType.allCases.count)))
    #expect(ElementType.allCases.allSatisfy { ElementType(code: $0.code) == $0 && ElementType(name: $0.name) == $0 })
    #expect(ElementType(code: UInt8(ElementType.allCases.count)) == nil)
  }
}
