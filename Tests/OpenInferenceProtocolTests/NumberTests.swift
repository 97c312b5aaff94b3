import OpenInferenceProtocol
import PlanFormat
import TensorTypes
import Testing

@Suite struct NumberTests {
  private func read(_ element: ElementType, _ text: String) throws -> RequestFrame {
    try readTyped(plan(.tensor(element)), "{\"x\":\(text)}")
  }

  private func float(_ text: String) throws -> Float { try read(.f32, text).values(0, as: Float.self)[0] }

  private func double(_ text: String) throws -> Double { try read(.f64, text).values(0, as: Double.self)[0] }

  @Test(arguments: [
    "0", "-0", "0.1", "1e10", "123456789012345678", "1.7976931348623157e308", "5e-324", "2.2250738585072014e-308",
    "9007199254740993", "9007199254740992.9999999", "0.30000000000000004", "1e22", "1e23", "8.5e-27", "1e-400",
    "179769313486231570000000000000000000000", "0.000000000000000000000000000000000000000000000001",
    "7205759403792793e-17", "1.00000000000000011102230246251565404236316680908203125",
  ])
  func `a double is the nearest one`(text: String) throws {
    #expect(try double(text).bitPattern == Double(text)?.bitPattern)
  }

  @Test(arguments: [
    "0.1", "16777217", "16777219", "3.4028234e38", "1.17549435e-38", "1e-45", "7.0e-46", "0.20000000298023225",
    // Halfway between two floats, just above, and a decimal whose nearest double is halfway and which is not.
    "1.00000005960464477539062500", "1.00000005960464477539062501", "1.000000059604644775390626",
    "8589973000.00000000001", "1e-40", "33554431.0000000000000000001", "16777217.000000000001",
  ])
  func `a float is the nearest one, rounded once`(text: String) throws {
    #expect(try float(text).bitPattern == Float(text)?.bitPattern)
  }

  @Test func `random numbers read as the standard library reads them`() throws {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<8_000 {
      let digits = UInt64.random(in: 0...UInt64.max, using: &random) >> UInt64.random(in: 0...60, using: &random)
      let zeros = String(repeating: "0", count: Int.random(in: 0...12, using: &random))
      let exponent = Int.random(in: -60...38, using: &random)
      for text in [
        "\(digits)e\(exponent)", "0.\(zeros)\(digits)", "-\(digits >> 20).\(zeros)\(digits)E\(exponent / 9)",
      ] {
        let expected = try #require(Double(text))
        if expected.isFinite { #expect(try double(text).bitPattern == expected.bitPattern, "\(text)") }
        let single = try #require(Float(text))
        if single.isFinite { #expect(try float(text).bitPattern == single.bitPattern, "\(text)") }
      }
    }
  }

  @Test func `numbers out of range are refused`() throws {
    #expect(throws: RequestError(400, "the number does not fit f32", field: "x")) { try read(.f32, "1e39") }
    #expect(throws: RequestError(400, "the number does not fit f64", field: "x")) { try read(.f64, "-1e309") }
    #expect(throws: RequestError(400, "the number does not fit f16", field: "x")) { try read(.f16, "70000") }
    #expect(throws: RequestError(400, "the number does not fit u8", field: "x")) { try read(.u8, "256") }
    #expect(throws: RequestError(400, "the number does not fit i8", field: "x")) { try read(.i8, "-129") }
    #expect(throws: RequestError(400, "the number does not fit u32", field: "x")) { try read(.u32, "-1") }
    #expect(throws: RequestError(400, "the number does not fit u64", field: "x")) {
      try read(.u64, "18446744073709551616")
    }
    #expect(throws: RequestError(400, "the number does not fit i64", field: "x")) {
      try read(.i64, "9223372036854775808")
    }
  }

  @Test func `integers keep every bit, as numbers and as decimal strings`() throws {
    #expect(try read(.u64, "18446744073709551615").values(0, as: UInt64.self) == [.max])
    #expect(try read(.u64, "\"18446744073709551615\"").values(0, as: UInt64.self) == [.max])
    #expect(try read(.i64, "-9223372036854775808").values(0, as: Int64.self) == [.min])
    #expect(try read(.i64, "\"-9223372036854775808\"").values(0, as: Int64.self) == [.min])
    #expect(try read(.i8, "-128").values(0, as: Int8.self) == [-128])
    #expect(try read(.u8, "-0").values(0, as: UInt8.self) == [0])
  }

  @Test(arguments: ["\"7\"", "1.0", "1e2", "true", "null", "[1]", "{}"])
  func `a narrow integer is nothing but a whole number`(text: String) throws {
    #expect(try typedError(plan(.tensor(.i32)), "{\"x\":\(text)}")?.field == "x")
  }

  @Test(arguments: ["\"\"", "\"-\"", "\"7 \"", "\"0x7\"", "\"07\"", "\"7.0\"", "\"seven\""])
  func `a decimal string is digits and a sign`(text: String) throws {
    #expect(try typedError(plan(.tensor(.u64)), "{\"x\":\(text)}")?.field == "x")
  }

  @Test(arguments: ["01", "-", "+1", ".5", "1.", "1e", "1e+", "0x1", "NaN", "Infinity", "-Infinity", "1_0", "--1"])
  func `what RFC 8259 has no number for is malformed`(text: String) throws {
    #expect(try typedError(plan(.tensor(.f64)), "{\"x\":\(text)}")?.status == 400)
    #expect(try typedError(plan(.tensor(.i64)), "{\"x\":\(text)}")?.status == 400)
  }

  @Test func `halves and brain floats round to nearest`() throws {
    #expect(try read(.f16, "0.1").values(0, as: Float16.self) == [0.1])
    // 1 + 2^-8 is halfway between two brain floats; the even one is 1.
    #expect(try read(.bf16, "1.00390625").values(0, as: UInt16.self) == [0x3F80])
    #expect(try read(.bf16, "1.01").values(0, as: UInt16.self) == [0x3F81])
  }
}
