// Fuzzes the readers of requests: arbitrary bytes are read or refused with an error, never a crash or unbounded memory.
//
// The first byte of an input says which reader it is for: even the typed endpoint's, odd the inference protocol's. A
// typed request that is accepted is written as a response and read again, which must give the same values.
import OpenInferenceProtocol
import PlanFormat
import TensorTypes

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRequest(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = UnsafeRawBufferPointer(start: data, count: count)
  guard let kind = input.first else { return 0 }
  let body = UnsafeRawBufferPointer(rebasing: input.dropFirst())
  if kind % 2 == 0 { Harness.typed(body) } else { Harness.inference(body) }
  return 0
}

/// The leak checker does not see through Swift's enums: a payload's pointer carries the case in its spare bits, so
/// the schema's enumeration cases look lost. What leaks in a run shows as memory that grows.
@_cdecl("__asan_default_options")
public func sanitizerOptions() -> UnsafePointer<UInt8> { ("detect_leaks=0" as StaticString).utf8Start }

/// One frame for all inputs, as a server keeps it.
enum Harness {
  /// A field of every element type, scalars and tensors, symbols that fields share, refinements, optional fields.
  private static let plan: Plan = {
    let elements = ElementType.allCases.filter { $0 != .string }
    let a = Dim(symbol: "a")
    let b = Dim(symbol: "b")
    var fields = elements.map { Field(name: "\($0)", kind: .tensor($0), shape: .scalar, isOptional: true) }
    fields += [
      Field(name: "u64s", kind: .tensor(.u64), shape: Shape([a])),
      Field(name: "f32s", kind: .tensor(.f32), shape: Shape([a, b]), isOptional: true),
      Field(name: "cube", kind: .tensor(.i8), shape: Shape([b, Dim(2), a]), isOptional: true),
      Field(name: "texts", kind: .tensor(.string), shape: Shape([b]), isOptional: true),
      Field(name: "case", kind: .enumeration(["x", "y\"", "é"]), shape: .scalar, isOptional: true),
      Field(
        name: "age", kind: .tensor(.i32), shape: .scalar, isOptional: true,
        refinement: .integers(minimum: -5, maximum: 120)),
      Field(
        name: "share", kind: .tensor(.f64), shape: Shape([a]), isOptional: true,
        refinement: .numbers(minimum: 0, maximum: 1)),
      Field(
        name: "name", kind: .tensor(.string), shape: .scalar, isOptional: true,
        refinement: .length(minimum: 0, maximum: 9)),
    ]
    return Plan(
      service: "fuzz", producer: "fuzz",
      symbols: [Symbol(name: "a", minimum: 1, maximum: 5), Symbol(name: "b", minimum: 0, maximum: 3)],
      request: fields, response: fields)
  }()

  nonisolated(unsafe) private static let frame = makeFrame()
  nonisolated(unsafe) private static let second = makeFrame()
  private static let response = ResponseSchema(plan)

  private static func makeFrame() -> RequestFrame { RequestFrame(require(try? RequestSchema(plan))) }

  private static func require<T>(_ value: T?) -> T {
    guard let value else { preconditionFailure("the harness's plan is not served") }
    return value
  }

  static func typed(_ body: UnsafeRawBufferPointer) {
    guard (try? TypedRequestReader.read(body, into: frame)) != nil else { return }
    var out = ByteWriter()
    guard (try? response.writeTyped(values(), to: &out)) != nil else { preconditionFailure("what was read is written") }
    // An absent field is zero, which its refinement may not admit.
    guard plan.request.indices.allSatisfy({ frame.isPresent[$0] || plan.request[$0].refinement == .none }) else {
      return
    }
    guard (try? TypedRequestReader.read(out.bytes, into: second)) != nil else {
      preconditionFailure("what was written is read: \(String(decoding: out.bytes, as: UTF8.self))")
    }
    for (index, field) in plan.request.enumerated() where field.element != .string {
      precondition(frame.bytes(index).elementsEqual(second.bytes(index)), "\(field.name) changed")
    }
  }

  static func inference(_ body: UnsafeRawBufferPointer) {
    var reader = InferenceRequestReader(model: "fuzz", frame: frame, response: response, maximumRows: 8)
    guard let request = try? reader.read(body) else { return }
    precondition(1...8 ~= frame.rows)
    var out = ByteWriter()
    let written: Void? = try? response.writeInference(values(), to: request, model: "m", version: "1", into: &out)
    precondition(written != nil, "what was read is written")
    var json = JSONReader(out.bytes)
    precondition((try? json.skipValue()) != nil && (try? json.end()) != nil, "what was written is JSON")
  }

  private static func values() -> ResponseValues {
    for index in plan.request.indices { pointers[index] = frame.bytes(index).baseAddress ?? UnsafeRawPointer(pointers) }
    return ResponseValues(fields: UnsafePointer(pointers), dims: frame.dims, rows: frame.rows)
  }

  nonisolated(unsafe) private static let pointers: UnsafeMutablePointer<UnsafeRawPointer> = {
    let memory = UnsafeMutablePointer<UnsafeRawPointer>.allocate(capacity: plan.request.count)
    memory.initialize(repeating: UnsafeRawPointer(memory), count: plan.request.count)
    return memory
  }()
}
