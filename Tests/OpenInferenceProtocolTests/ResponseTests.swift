import CPlanABI
import OpenInferenceProtocol
import PlanFormat
import TensorTypes
import Testing

@Suite struct ResponseTests {
  /// Writes the sample plan's response for `rows` requests of `cand` = 2.
  private func write(
    pairs: [Float], kind: [UInt8] = [1, 0], rows: Int = 1,
    _ body: (ResponseSchema, ResponseValues, inout ByteWriter) throws -> Void,
  ) throws -> String {
    let schema = ResponseSchema(samplePlan)
    var out = ByteWriter(capacity: 1)
    let items: [Int64] = [1, -2, .max, .min]
    var text = Array("v1 \"q\"\u{1}\n".utf8)
    try text.withUnsafeMutableBufferPointer { text in
      let strings = Array(
        repeating: serve_string(bytes: text.baseAddress, length: UInt64(text.count)), count: 2)
      try items.withUnsafeBytes { items in
        try pairs.withUnsafeBytes { pairs in
          try kind.withUnsafeBytes { kind in
            try strings.withUnsafeBytes { strings in
              let fields = try [items, pairs, kind, strings].map { try #require($0.baseAddress) }
              let dims: [Int64] = [2, 1]
              try fields.withUnsafeBufferPointer { fields in
                try dims.withUnsafeBufferPointer { dims in
                  let values = ResponseValues(
                    fields: try #require(fields.baseAddress), dims: try #require(dims.baseAddress), rows: rows)
                  try body(schema, values, &out)
                }
              }
            }
          }
        }
      }
    }
    return String(decoding: out.bytes, as: UTF8.self)
  }

  @Test func `a typed answer nests its arrays and quotes its strings`() throws {
    let text = try write(pairs: [0.1, 1, -1.5e-10, 3e20]) { try $0.writeTyped($1, to: &$2) }
    #expect(
      text == #"{"items":[1,-2],"pairs":[[0.1,1.0],[-1.5e-10,3e+20]],"kind":"b\"","model":"v1 \"q\"\u0001\n"}"#)
  }

  @Test func `an inference answer is flat, with the shape of the call`() throws {
    let request = InferenceRequest(id: "i", outputs: [1, 2])
    let text = try write(pairs: [0, 1, 2, 3, 4, 5, 6, 7], rows: 2) {
      try $0.writeInference($1, to: request, model: "shop", version: "v1", into: &$2)
    }
    #expect(
      text == #"{"id":"i","model_name":"shop","model_version":"v1","outputs":["#
        + #"{"name":"pairs","datatype":"FP32","shape":[2,2,2],"data":[0.0,1.0,2.0,3.0,4.0,5.0,6.0,7.0]},"#
        + #"{"name":"kind","datatype":"BYTES","shape":[2],"data":["b\"","a"]}]}"#)
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func `a value that is no number is an error of ours`(value: Float) throws {
    let error = RequestError(500, "the response holds a value that is NaN or infinite", field: "pairs")
    #expect(throws: error) { try write(pairs: [0, value, 0, 0]) { try $0.writeTyped($1, to: &$2) } }
  }

  @Test func `an index outside the enumeration is an error of ours`() throws {
    #expect(throws: RequestError.self) {
      try write(pairs: [0, 0, 0, 0], kind: [2, 0]) { try $0.writeTyped($1, to: &$2) }
    }
  }

  @Test func `numbers written read back as the same bits`() throws {
    for _ in 0..<2000 {
      let value = Float(bitPattern: UInt32.random(in: 0...UInt32.max))
      guard value.isFinite else { continue }
      var out = ByteWriter()
      let isWritten = out.appendJSON(number: value)
      #expect(isWritten)
      let text = String(decoding: out.bytes, as: UTF8.self)
      #expect(try readTyped(plan(.tensor(.f32)), "{\"x\":\(text)}").values(0, as: UInt32.self) == [value.bitPattern])
    }
  }

  @Test func `metadata leads every shape with the requests of a call`() throws {
    let document = InferenceMetadata.model(
      try RequestSchema(samplePlan), ResponseSchema(samplePlan), versions: ["v1", "v2"])
    let text = String(decoding: document.bytes, as: UTF8.self)
    #expect(text.hasPrefix(#"{"name":"shop","versions":["v1","v2"],"platform":"served_plan","inputs":["#))
    #expect(text.contains(#"{"name":"weights","datatype":"FP32","shape":[-1,-1,2]}"#))
    #expect(text.contains(#"{"name":"device","datatype":"BYTES","shape":[-1]}"#))
  }

  @Test func `an error's body names the field`() throws {
    var out = ByteWriter()
    RequestError(400, "say \"x\"", field: "a[1]").write(to: &out)
    #expect(String(decoding: out.bytes, as: UTF8.self) == #"{"error":"say \"x\"","field":"a[1]"}"#)
  }
}
