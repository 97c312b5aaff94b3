internal import PlanFormat

/// The documents of the Open Inference Protocol that a plan settles once, at load.
package enum InferenceMetadata {
  /// `GET /v2`: no extension is listed before it is built.
  package static func server(name: String, version: String) -> JSONValue {
    .object([("name", .text(name)), ("version", .text(version)), ("extensions", .array([]))])
  }

  /// `GET /v2/models`.
  package static func models(_ names: [String]) -> JSONValue {
    .object([("models", .array(names.map { .text($0) }))])
  }

  /// `GET /v2/models/<model>`: every tensor leads with -1, the requests of a call.
  package static func model(
    _ request: RequestSchema, _ response: ResponseSchema, versions: [String],
  ) -> JSONValue {
    .object([
      ("name", .text(request.service)), ("versions", .array(versions.map { .text($0) })),
      ("platform", .text("served_plan")),
      ("inputs", .array(request.fields.map { tensor($0.name, $0.kind.datatype, $0.axes.map(\.published)) })),
      ("outputs", .array(response.fields.map { tensor($0.name, $0.kind.datatype, $0.axes.map { $0.constant ?? -1 }) })),
    ])
  }

  private static func tensor(_ name: String, _ datatype: String, _ shape: [Int]) -> JSONValue {
    .object([
      ("name", .text(name)), ("datatype", .text(datatype)), ("shape", .array(([-1] + shape).map { .integer($0) })),
    ])
  }
}
