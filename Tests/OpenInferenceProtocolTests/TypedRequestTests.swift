import OpenInferenceProtocol
import PlanFormat
import TensorTypes
import Testing

@Suite struct TypedRequestTests {
  private let good = """
    {"user": 7, "candidates": [3, -4], "weights": [[1, 2], [0.5, -1e1]], "device": "android", "query": "a\\u00e9\\n"}
    """

  @Test func `values stand in the frame in row-major order`() throws {
    let frame = try readTyped(samplePlan, good)
    #expect(frame.values(0, as: UInt64.self) == [7])
    #expect(frame.values(1, as: Int64.self) == [3, -4])
    #expect(frame.values(2, as: Float.self) == [1, 2, 0.5, -10])
    #expect(frame.values(3, as: UInt8.self) == [1])
    #expect(frame.strings(4) == ["aé\n"])
    #expect(frame.dims[0] == 2)
  }

  @Test func `an absent optional field is zero and not present`() throws {
    let frame = try readTyped(samplePlan, good)
    #expect(!frame.isPresent[5])
    #expect(frame.values(5, as: UInt8.self) == [0])
    #expect(frame.isPresent[4])
    try readTyped(into: frame, #"{"user":1,"candidates":[1],"weights":[[1,1]],"age":null}"#)
    #expect(!frame.isPresent[5])
  }

  @Test func `fields may come in any order and a frame may be used again`() throws {
    let frame = try readTyped(samplePlan, good)
    try readTyped(into: frame, #"{"weights":[[5,6]],"candidates":[9],"user":"18446744073709551615"}"#)
    #expect(frame.values(0, as: UInt64.self) == [.max])
    #expect(frame.values(1, as: Int64.self) == [9])
    #expect(frame.values(2, as: Float.self) == [5, 6])
    #expect(!frame.isPresent[3] && frame.strings(4) == [""])
  }

  @Test(arguments: [
    (#"{"candidates":[1],"weights":[[1,1]]}"#, "user", "the field is missing"),
    (#"{"user":1,"candidates":[1],"weights":[[1,1]],"extra":1}"#, "extra", "unknown field"),
    (#"{"user":1,"user":2,"candidates":[1],"weights":[[1,1]]}"#, "user", "the field is given twice"),
    (#"{"user":1,"\u0075ser":2,"candidates":[1],"weights":[[1,1]]}"#, "user", "the field is given twice"),
    (#"{"user":1,"candidates":[1,2,3,"x"],"weights":[[1,1]]}"#, "candidates[3]", "expected i64, got a string"),
    (#"{"user":1,"candidates":[],"weights":[]}"#, "candidates", "expected at least 1 elements (cand), got 0"),
    (#"{"user":1,"candidates":[1,2,3,4,5]}"#, "candidates", "expected at most 4 elements (cand), got more"),
    (#"{"user":1,"candidates":[1,2],"weights":[[1,1]]}"#, "weights", "expected 2 elements (cand), got 1"),
    (#"{"user":1,"candidates":[1],"weights":[[1,1],[2,2]]}"#, "weights", "expected 1 elements (cand), got more"),
    (#"{"user":1,"candidates":[1,2],"weights":[[1,1],[1]]}"#, "weights[1]", "expected 2 elements, got 1"),
    (#"{"user":1,"candidates":[1,2],"weights":[[1,1],[1,null]]}"#, "weights[1][1]", "expected a number, got null"),
    (#"{"user":1,"candidates":7}"#, "candidates", "expected an array, got a number"),
    (#"{"user":[1]}"#, "user", "expected u64, got an array"),
    (#"{"user":null}"#, "user", "expected u64, got null"),
    (#"{"device":"vax"}"#, "device", "the string is none of the enumeration's cases"),
    (#"{"device":1}"#, "device", "expected a string, got a number"),
    (#"{"query":"123456789"}"#, "query", "expected a string of 0 to 8 bytes"),
    (#"{"age":0}"#, "age", "expected a value from 1 to 120"),
    (#"{"age":121}"#, "age", "expected a value from 1 to 120"),
  ])
  func `what is wrong is told with the field's path`(text: String, field: String, message: String) throws {
    #expect(try typedError(samplePlan, text) == RequestError(400, message, field: field))
  }

  @Test(arguments: [
    "", " ", "{", "}", "[]", "null", "{\"user\"}", "{\"user\":}", "{\"user\":1,}", "{user:1}", "{\"user\":1} x",
    "{\"user\":1 \"age\":2}", "{\"user\":1", "\u{FEFF}{}", "{\"query\":\"\u{1}\"}", "{\"query\":\"a", "{'user':1}",
    #"{"query":"\x"}"#, #"{"query":"\u12"}"#, #"{"query":"\ud800"}"#, #"{"query":"\udc00"}"#,
    #"{"query":"\ud800\u0041"}"#,
  ])
  func `what is not JSON is refused`(text: String) throws {
    #expect(try typedError(samplePlan, text)?.status == 400)
  }

  @Test(
    arguments: [
      [0x80], [0xC0, 0x80], [0xC2], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF0, 0x80, 0x80, 0x80],
      [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF],
    ] as [[UInt8]])
  func `what is not UTF-8 is refused`(bytes: [UInt8]) throws {
    let frame = RequestFrame(try RequestSchema(samplePlan))
    let body = Array("{\"query\":\"".utf8) + bytes + Array("\"}".utf8)
    #expect(throws: RequestError.self) { try body.withUnsafeBytes { try TypedRequestReader.read($0, into: frame) } }
  }

  @Test func `surrogate pairs and multibyte text arrive as they are`() throws {
    let frame = try readTyped(plan(.tensor(.string)), #"{"x":"\ud83d\ude00 é€😀\/\\\""}"#)
    #expect(frame.strings(0) == ["😀 é€😀/\\\""])
  }

  @Test func `bools are true and false alone`() throws {
    #expect(try readTyped(plan(.tensor(.bool), [2]), #"{"x":[true,false]}"#).values(0, as: Bool.self) == [true, false])
    #expect(try typedError(plan(.tensor(.bool)), #"{"x":1}"#)?.message == "expected true or false, got a number")
    #expect(try typedError(plan(.tensor(.bool)), #"{"x":truf}"#)?.status == 400)
  }

  @Test func `a number's refinement bounds every element`() throws {
    let bounded = plan(.tensor(.f32), [2, 2], refinement: .numbers(minimum: -1, maximum: 1))
    #expect(try typedError(bounded, #"{"x":[[0,1],[-1,0.5]]}"#) == nil)
    #expect(try typedError(bounded, #"{"x":[[0,1],[-1,1.5]]}"#)?.field == "x[1][1]")
  }

  @Test func `more than 64 fields are told apart`() throws {
    let fields = (0..<70).map { Field(name: "f\($0)", kind: .tensor(.u8), shape: .scalar) }
    let wide = Plan(service: "w", producer: "test", request: fields)
    let members = (0..<70).map { "\"f\($0)\":\($0)" }
    #expect(try typedError(wide, "{\(members.joined(separator: ","))}") == nil)
    #expect(try typedError(wide, "{\((members + ["\"f69\":1"]).joined(separator: ","))}")?.field == "f69")
    #expect(try typedError(wide, "{\(members.dropLast().joined(separator: ","))}")?.field == "f69")
  }
}
