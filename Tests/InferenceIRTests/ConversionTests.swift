import InferenceIR
import TensorTypes
import Testing

@Suite struct ConversionTests {
  @Test func `small types are converted and moved, and not computed with`() throws {
    let x = f32([4], [1.1, -300, .nan, 2])
    let stored = try run(.cast(.small(.f8e4m3fn)), x)
    #expect(stored.values(as: UInt8.self) == [0x39, 0xF9, 0x7F, 0x40])
    #expect(try floats(.cast(.f32), try run(.slice(axis: 0, start: 3, length: 1, step: 1), stored)) == [2])
    #expect(try integers(.cast(.i32), try run(.cast(.small(.i4)), i64([3], [7, -8, 9]))) == [7, -8, -7])
    let type = TensorType(.small(.f8e5m2), [2])
    #expect(refusal(.binary(.add), type, type).contains("needs numbers"))
    #expect(refusal(.compare(.equal), type, type).contains("cast it"))
  }

  @Test func `a bitcast keeps bits and needs equal sizes`() throws {
    #expect(try integers(.bitcast(.i32), f32([2], [1, -0.0])) == [0x3F80_0000, Int64(Int32.min)])
    let half = Constant(.u16, [1], [0x7E01 as UInt16])
    #expect(try run(.bitcast(.u16), try run(.bitcast(.f16), half)).integers == [0x7E01])
    #expect(refusal(.bitcast(.f64), TensorType(.f32, [1])).contains("differ in size"))
    #expect(refusal(.bitcast(.u8), TensorType(.small(.u4), [1])).contains("differ in size"))
  }

  @Test func `shifts beyond the width leave the sign`() throws {
    let (x, by) = (Constant(.i8, [4], [-8, 4, -1, 3] as [Int8]), Constant(.i8, [4], [1, -1, 127, 8] as [Int8]))
    #expect(try integers(.binary(.shiftLeft), x, by) == [-16, 0, 0, 0])
    #expect(try integers(.binary(.shiftRight), x, by) == [-4, 0, -1, 0])
    let large = Constant(.u64, [1], [UInt64.max])
    #expect(try integers(.binary(.shiftRight), large, Constant(.u64, [1], [60 as UInt64])) == [15])
    #expect(try integers(.binary(.shiftRight), large, Constant(.u64, [1], [64 as UInt64])) == [0])
  }

  @Test func `bits of integers are combined one by one`() throws {
    let (a, b) = (Constant(.u8, [2], [12, 255] as [UInt8]), Constant(.u8, [2], [10, 1] as [UInt8]))
    #expect(try integers(.binary(.and), a, b) == [8, 1])
    #expect(try integers(.binary(.or), a, b) == [14, 255])
    #expect(try integers(.binary(.xor), a, b) == [6, 254])
    #expect(try integers(.unary(.not), a) == [243, 0])
  }

  @Test func `a double is rounded to bfloat16 once`() throws {
    // Just above the middle of two bfloat16 numbers, by less than an f32 can tell.
    let x = Constant(.f64, [1], [1.00390625 + 0x1p-40])
    #expect(try run(.cast(.bf16), x).doubles == [1.0078125])
  }
}
