import InferenceIR
import TensorTypes
import Testing

@Suite struct ElementwiseTests {
  @Test func `functions keep their limits`() throws {
    let x = f32([4], [-.infinity, -0.0, 90, .nan])
    #expect(try floats(.unary(.sigmoid), x)[0...2] == [0, 0.5, 1])
    #expect(try floats(.unary(.softplus), x)[0...2] == [0, Float(0.6931471805599453), 90])
    #expect(try floats(.unary(.relu), x)[0...2] == [0, 0, 90])
    #expect(try floats(.unary(.relu), x)[3].isNaN)
    #expect(try floats(.unary(.sign), x)[3].isNaN)
  }

  @Test func `halves round to even`() throws {
    #expect(try floats(.unary(.round), f32([4], [0.5, 1.5, -2.5, 2.6])) == [0, 2, -2, 3])
  }

  @Test func `a single rounding makes f32 results correctly rounded`() throws {
    let (a, b): (Float, Float) = (1.0000001, 3.3333333)
    #expect(try floats(.binary(.divide), f32([], [a]), f32([], [b])) == [a / b])
    #expect(try floats(.unary(.sqrt), f32([], [b])) == [b.squareRoot()])
  }

  @Test func `integers wrap and division truncates`() throws {
    let x = Constant(.i8, [3], [127, -7, -128] as [Int8])
    let y = Constant(.i8, [3], [1, 2, -1] as [Int8])
    #expect(try integers(.binary(.add), x, y) == [-128, -5, 127])
    #expect(try integers(.binary(.divide), x, y) == [127, -3, -128])
    #expect(try integers(.binary(.modulo(truncated: true)), x, y) == [0, -1, 0])
    #expect(try integers(.binary(.modulo(truncated: false)), x, y) == [0, 1, 0])
    #expect(try integers(.binary(.divide), x, Constant(.i8, [], [0 as Int8])) == [0, 0, 0])
  }

  @Test func `unsigned 64-bit integers are compared and divided as such`() throws {
    let big = Constant(.u64, [1], [UInt64.max])
    let one = Constant(.u64, [1], [1 as UInt64])
    #expect(try integers(.compare(.greater), big, one) == [1])
    #expect(try run(.binary(.divide), big, Constant(.u64, [], [2 as UInt64])).values(as: UInt64.self) == [.max / 2])
    #expect(try floats(.cast(.f32), big) == [18446744073709551615.0])
  }

  @Test func `integer powers are exact`() throws {
    #expect(
      try integers(.binary(.power), i64([3], [3, -2, 2]), i64([3], [39, 3, -1])) == [4052555153018976267, -8, 0])
  }

  @Test func `minimum and maximum carry NaN`() throws {
    #expect(try floats(.binary(.maximum), f32([2], [.nan, 1]), f32([2], [1, .nan])).allSatisfy(\.isNaN))
  }

  @Test func `casts truncate, saturate and turn NaN into zero`() throws {
    let x = f32([5], [-1.9, 1.9, 1e20, -.infinity, .nan])
    #expect(try integers(.cast(.i32), x) == [-1, 1, Int64(Int32.max), Int64(Int32.min), 0])
    #expect(try integers(.cast(.u8), x) == [0, 1, 255, 0, 0])
    #expect(try integers(.cast(.bool), x) == [1, 1, 1, 1, 1])
    #expect(try integers(.cast(.i8), i64([1], [300])) == [44])
  }

  @Test func `integers become floats with one rounding`() throws {
    // Halfway between two floats but for the last bit, which f64 cannot hold.
    let number: Int64 = (1 << 61) + (1 << 37) + 1
    #expect(try floats(.cast(.f32), i64([1], [number])) == [Float(number)])
    #expect(try floats(.cast(.f32), Constant(.u64, [1], [UInt64(number)])) == [Float(number)])
    #expect(Float(number) != Float(Double(number)))
  }

  @Test func `bfloat16 rounds to nearest even`() throws {
    let halfway = Float(bitPattern: 0x3F80_8000)
    let x = try run(.cast(.bf16), f32([2], [halfway, Float(bitPattern: 0x3F81_8000)]))
    #expect(x.values(as: UInt16.self) == [0x3F80, 0x3F82])
  }

  @Test func `strings are compared and selected`() throws {
    let a = Constant(strings: [Array("x".utf8), Array("y".utf8)], shape: [2])
    let b = Constant(strings: [Array("x".utf8)], shape: [])
    let equal = try run(.compare(.equal), a, b)
    #expect(equal.integers == [1, 0])
    #expect(try run(.select, equal, b, a).strings == [Array("x".utf8), Array("y".utf8)])
  }

  @Test func `bucketize counts the boundaries that are not above`() throws {
    #expect(try integers(.bucketize([0, 1, 2]), f32([5], [-1, 0, 1.5, 9, .nan])) == [0, 1, 2, 3, 0])
  }

  @Test func `hash buckets are stable`() throws {
    // AF63DC4C8601EC8C is FNV-1a 64 of "a" in its authors' test vectors.
    let text = try integers(.hashBucket(buckets: 1 << 30), Constant(strings: [Array("a".utf8)], shape: []))
    #expect(text == [Self.mixed(0xAF63_DC4C_8601_EC8C) % (1 << 30)])
    let number = try integers(.hashBucket(buckets: 97), i64([2], [0, 1]))
    #expect(number.allSatisfy { (0..<97).contains($0) } && number[0] != number[1])
  }

  private static func mixed(_ seed: UInt64) -> Int64 {
    var hash = seed
    hash = (hash ^ (hash >> 30)) &* 0xBF58_476D_1CE4_E5B9
    hash = (hash ^ (hash >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int64((hash ^ (hash >> 31)) % UInt64(1 << 30))
  }
}
