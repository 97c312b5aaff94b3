import OpenInferenceProtocol
import PlanFormat
import TensorTypes
import Testing

@Suite struct InferenceRequestTests {
  private let vectors = plan(.tensor(.f32), [2])

  private func request(_ input: String, rest: String = "") -> String { "{\"inputs\":[\(input)]\(rest)}" }

  private func error(_ plan: Plan, _ text: String) throws -> RequestError? {
    do {
      _ = try readInference(plan, text)
      return nil
    } catch let error as RequestError {
      return error
    }
  }

  @Test(arguments: ["[[1,2],[3,4]]", "[1,2,3,4]", "[[1],[2],[3],[4]]", "[[[1,2,3]],4]"])
  func `data is taken in row-major order, however it is nested`(data: String) throws {
    let input = #"{"name":"x","shape":[2,2],"datatype":"FP32","data":\#(data)}"#
    let (frame, parsed) = try readInference(vectors, request(input, rest: #","id":"a\n7","more":{"b":[null]}"#))
    #expect(frame.rows == 2)
    #expect(frame.values(0, as: Float.self) == [1, 2, 3, 4])
    #expect(parsed == InferenceRequest(id: "a\n7", outputs: nil))
  }

  @Test func `members of an input may come in any order`() throws {
    let input = #"{"data":[1,2],"parameters":{"p":1,"q":"r","s":true},"datatype":"FP32","shape":[1,2],"name":"x"}"#
    #expect(try readInference(vectors, request(input)).frame.values(0, as: Float.self) == [1, 2])
  }

  @Test(arguments: [
    "[1 2]", "[1,]", "[,1]", "[1,2", "[1,2}", "[1,{\"a\":[2]}]", "[1,\"]\"]", "[[1],2]]", "[1,02]", "[1,-]",
  ])
  func `malformed data is refused`(data: String) throws {
    let input = #"{"name":"x","data":\#(data),"shape":[1,2],"datatype":"FP32"}"#
    #expect(try error(vectors, request(input))?.status == 400)
  }

  @Test func `brackets and quotes in strings are text`() throws {
    let input = #"{"name":"x","data":["]","[\"]","_Y"],"shape":[1,3],"datatype":"BYTES"}"#
    #expect(try readInference(plan(.tensor(.string), [3]), request(input)).frame.strings(0) == ["]", "[\"]", "_Y"])
  }

  @Test func `several requests in one call share their symbols`() throws {
    let text = request(
      #"""
      {"name":"weights","shape":[2,3,2],"datatype":"FP32","data":[1,2,3,4,5,6,7,8,9,10,11,12]},
      {"name":"user","shape":[2],"datatype":"UINT64","data":[1,"2"]},
      {"name":"candidates","shape":[2,3],"datatype":"INT64","data":[[1,2,3],[4,5,6]]},
      {"name":"query","shape":[2],"datatype":"BYTES","data":["a","b"]}
      """#, rest: #","outputs":[{"name":"model"},{"name":"items","parameters":{"binary_data":false}}]"#)
    let (frame, parsed) = try readInference(samplePlan, text)
    #expect(frame.rows == 2 && frame.dims[0] == 3)
    #expect(frame.values(0, as: UInt64.self) == [1, 2])
    #expect(frame.values(1, as: Int64.self) == [1, 2, 3, 4, 5, 6])
    #expect(frame.strings(4) == ["a", "b"])
    // Optional and absent: zeros for both requests.
    #expect(frame.values(3, as: UInt8.self) == [0, 0])
    #expect(parsed.outputs == [3, 0])
  }

  @Test(arguments: [
    (#"{"name":"z","shape":[1,2],"datatype":"FP32","data":[1,2]}"#, "unexpected inference input 'z' for model 'm'"),
    (
      "",
      "expected 1 inputs but got 0 inputs for model 'm'. Got input(s) [], but missing required input(s) ['x']."
    ),
    (
      #"{"name":"x","shape":[1,2],"datatype":"INT32","data":[1,2]}"#,
      "inference input 'x' data-type is 'INT32', but model 'm' expects 'FP32'"
    ),
    (
      #"{"name":"x","shape":[1,3],"datatype":"FP32","data":[1,2,3]}"#,
      "unexpected shape for input 'x' for model 'm'. Expected [-1,2], got [1,3]."
    ),
    (
      #"{"name":"x","shape":[2],"datatype":"FP32","data":[1,2]}"#,
      "unexpected shape for input 'x' for model 'm'. Expected [-1,2], got [2]."
    ),
    (
      #"{"name":"x","shape":[0,2],"datatype":"FP32","data":[]}"#,
      "unexpected shape for input 'x' for model 'm'. Expected [-1,2], got [0,2]."
    ),
    (
      #"{"name":"x","shape":[5,2],"datatype":"FP32","data":[]}"#,
      "inference request batch-size must be <= 4 for 'm'"
    ),
    (#"{"name":"x","shape":[1,2],"datatype":"FP32","data":[1]}"#, "expected 2 elements, got 1"),
    (#"{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2,3]}"#, "expected 2 elements, got more"),
    (#"{"name":"x","shape":[1,2],"datatype":"FP32","data":7}"#, "expected an array, got a number"),
    (#"{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,"2"]}"#, "expected a number, got a string"),
    (#"{"name":"x","shape":[1,-2],"datatype":"FP32","data":[1]}"#, "a shape holds something else than whole numbers"),
    (#"{"name":"x","shape":[1,2],"datatype":"FP32"}"#, "input 'x' has no 'data'"),
    (#"{"name":"x","datatype":"FP32","data":[1]}"#, "input 'x' has no 'shape'"),
    (#"{"name":"x","shape":[1,2],"data":[1,2]}"#, "input 'x' has no 'datatype'"),
    (#"{"shape":[1,2],"datatype":"FP32","data":[1,2]}"#, "an input has no 'name'"),
    (
      #"{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2],"parameters":{"p":[1]}}"#,
      "a parameter is a string, a number or a boolean"
    ),
  ])
  func `a wrong input is told in the protocol's words`(input: String, message: String) throws {
    let found = try error(vectors, request(input))
    #expect(found?.message == message)
    #expect(found?.status == 400)
  }

  @Test func `symbols must agree within a call and keep their range`() throws {
    func call(_ weights: Int, _ candidates: Int) -> String {
      func numbers(_ count: Int) -> String { Array(repeating: "1", count: count).joined(separator: ",") }
      return request(
        #"""
        {"name":"user","shape":[1],"datatype":"UINT64","data":[1]},
        {"name":"candidates","shape":[1,\#(candidates)],"datatype":"INT64","data":[\#(numbers(candidates))]},
        {"name":"weights","shape":[1,\#(weights),2],"datatype":"FP32","data":[\#(numbers(weights * 2))]}
        """#)
    }
    #expect(try error(samplePlan, call(2, 2)) == nil)
    #expect(
      try error(samplePlan, call(3, 2))?.message
        == "unexpected shape for input 'weights' for model 'shop'. Expected [-1,-1,2], got [1,3,2]. "
        + "'cand' is 2 in input 'candidates'.")
    #expect(
      try error(samplePlan, call(5, 5))?.message
        == "unexpected shape for input 'candidates' for model 'shop'. Expected [-1,-1], got [1,5]. "
        + "'cand' is from 1 to 4.")
  }

  @Test(arguments: [
    #"{"inputs":[],"parameters":{"binary_data_output":true}}"#,
    #"{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","parameters":{"binary_data_size":8}}]}"#,
    #"{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","parameters":{"shared_memory_region":"r"}}]}"#,
    #"{"inputs":[],"outputs":[{"name":"y","parameters":{"binary_data":true}}]}"#,
    #"{"inputs":[],"outputs":[{"name":"y","parameters":{"classification":3}}]}"#,
  ])
  func `what is not built is refused with 501`(text: String) throws {
    #expect(try error(vectors, text)?.status == 501)
  }

  @Test(arguments: [
    "", "[]", "{}", #"{"inputs":{}}"#, #"{"inputs":[1]}"#, #"{"inputs":[],"inputs":[]}"#, #"{"id":7,"inputs":[]}"#,
    #"{"inputs":[]} 1"#, #"{"inputs":[],"outputs":[{"name":"q"}]}"#,
  ])
  func `another form of document is refused`(text: String) throws {
    #expect(try error(vectors, text)?.status == 400)
  }

  @Test func `arrays nested too deeply are refused wherever they stand`() throws {
    let deep = String(repeating: "[", count: 70) + String(repeating: "]", count: 70)
    #expect(try error(vectors, #"{"more":\#(deep)}"#)?.status == 400)
    let input = #"{"name":"x","shape":[1,2],"datatype":"FP32","data":\#(deep)}"#
    #expect(try error(vectors, request(input))?.status == 400)
  }
}
