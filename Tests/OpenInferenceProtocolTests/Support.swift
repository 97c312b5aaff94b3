import CPlanABI
import OpenInferenceProtocol
import PlanFormat
import TensorTypes

/// A plan with a field of every sort; nothing but its fields matters to the codecs.
let samplePlan = Plan(
  service: "shop", producer: "test",
  symbols: [
    Symbol(name: "cand", minimum: 1, maximum: 4), Symbol(name: "batch", minimum: 1, maximum: 8),
  ],
  request: [
    Field(name: "user", kind: .tensor(.u64), shape: .scalar),
    Field(name: "candidates", kind: .tensor(.i64), shape: Shape([Dim(symbol: "cand")])),
    Field(name: "weights", kind: .tensor(.f32), shape: Shape([Dim(symbol: "cand"), Dim(2)])),
    Field(name: "device", kind: .enumeration(["ios", "android"]), shape: .scalar, isOptional: true),
    Field(
      name: "query", kind: .tensor(.string), shape: .scalar, isOptional: true,
      refinement: .length(minimum: 0, maximum: 8)),
    Field(
      name: "age", kind: .tensor(.u8), shape: .scalar, isOptional: true,
      refinement: .integers(minimum: 1, maximum: 120)),
  ],
  response: [
    Field(name: "items", kind: .tensor(.i64), shape: Shape([Dim(symbol: "cand")])),
    Field(name: "pairs", kind: .tensor(.f32), shape: Shape([Dim(symbol: "cand"), Dim(2)])),
    Field(name: "kind", kind: .enumeration(["a", "b\""]), shape: .scalar),
    Field(name: "model", kind: .tensor(.string), shape: .scalar),
  ])

/// A plan whose request is one field named `x`.
func plan(_ kind: Field.Kind, _ shape: Shape = .scalar, refinement: Field.Refinement = .none) -> Plan {
  Plan(service: "m", producer: "test", request: [Field(name: "x", kind: kind, shape: shape, refinement: refinement)])
}

/// Reads a typed request; the frame is handed to `body` while its memory holds.
func readTyped(_ plan: Plan, _ text: String) throws -> RequestFrame {
  let frame = RequestFrame(try RequestSchema(plan))
  try readTyped(into: frame, text)
  return frame
}

func readTyped(into frame: RequestFrame, _ text: String) throws(RequestError) {
  let bytes = Array(text.utf8)
  let result: Result<Void, RequestError> = bytes.withUnsafeBytes { bytes in
    do throws(RequestError) {
      return .success(try TypedRequestReader.read(bytes, into: frame))
    } catch {
      return .failure(error)
    }
  }
  try result.get()
}

func readInference(
  _ plan: Plan, _ text: String, maximumRows: Int = 4,
) throws -> (frame: RequestFrame, request: InferenceRequest) {
  let frame = RequestFrame(try RequestSchema(plan))
  var reader = InferenceRequestReader(
    model: plan.service, frame: frame, response: ResponseSchema(plan), maximumRows: maximumRows)
  let request = try Array(text.utf8).withUnsafeBytes { try reader.read($0) }
  return (frame, request)
}

extension RequestFrame {
  func values<T>(_ field: Int, as _: T.Type) -> [T] { Array(bytes(field).bindMemory(to: T.self)) }

  func strings(_ field: Int) -> [String] {
    values(field, as: serve_string.self).map {
      String(decoding: UnsafeBufferPointer(start: $0.bytes, count: Int($0.length)), as: UTF8.self)
    }
  }
}

/// The error that a typed request is answered with.
func typedError(_ plan: Plan, _ text: String) throws -> RequestError? {
  do {
    _ = try readTyped(plan, text)
    return nil
  } catch let error as RequestError {
    return error
  }
}
