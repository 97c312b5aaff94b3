/// The OpenAPI 3.1 description of a service's endpoints.
package enum OpenAPI {
  /// The document for a service; `digest` names the plan, and `experiment` the one whose arm answers name.
  package static func document(
    _ request: RequestSchema, _ response: ResponseSchema, digest: String, experiment: String?,
  ) -> JSONValue {
    let service = request.service
    return .object([
      ("openapi", .text("3.1.0")),
      ("info", .object([("title", .text(service)), ("version", .text("sha256-\(digest)"))])),
      (
        "paths",
        .object([
          ("/v1/\(service)", .object([("post", typed(request, experiment))])),
          ("/v2/models/\(service)/infer", .object([("post", inference(request, experiment))])),
          ("/v2/models/\(service)", .object([("get", get("modelMetadata", "Tensors of the model."))])),
          ("/v2/health/ready", .object([("get", get("serverReady", "Whether requests are taken."))])),
          ("/v2/health/live", .object([("get", get("serverLive", "Whether the process lives."))])),
        ])
      ),
      ("components", .object([("schemas", schemas(request, response))])),
    ])
  }

  private static func typed(_ request: RequestSchema, _ experiment: String?) -> JSONValue {
    operation(
      id: "predict", summary: "Answers one request.", body: "Request", answer: "Response",
      example: Example.typed(request), experiment)
  }

  private static func inference(_ request: RequestSchema, _ experiment: String?) -> JSONValue {
    operation(
      id: "infer", summary: "Answers one or more requests by the Open Inference Protocol v2.",
      body: "InferenceRequest", answer: "InferenceResponse", example: Example.inference(request), experiment)
  }

  private static func operation(
    id: String, summary: String, body: String, answer: String, example: JSONValue, _ experiment: String?,
  ) -> JSONValue {
    var good: [JSONValue.Member] = [("description", .text("The answer.")), ("content", content(answer))]
    if let experiment {
      let header: JSONValue = .object([
        ("description", .text("The arm that answered, as `\(experiment)=<arm>`.")),
        ("schema", .object([("type", .text("string"))])),
      ])
      good.append(("headers", .object([("serve-arm", header)])))
    }
    let errors: [JSONValue.Member] = [
      ("400", "The request is malformed, or a field is missing, extra or of the wrong type; `field` names it."),
      ("413", "The body is too large."), ("429", "The queue is full; try again after `retry-after` seconds."),
      ("500", "The answer has no JSON form, or features could not be read."),
      ("501", "Something that is not supported was asked for."), ("503", "The plan is not loaded yet."),
      ("504", "The deadline passed."),
    ].map { status, text in
      (status, .object([("description", .text(text)), ("content", content("Error"))]))
    }
    return .object([
      ("operationId", .text(id)), ("summary", .text(summary)),
      (
        "requestBody",
        .object([("required", .boolean(true)), ("content", content(body, example: example))])
      ),
      ("responses", .object([("200", .object(good))] + errors)),
    ])
  }

  private static func get(_ id: String, _ summary: String) -> JSONValue {
    .object([
      ("operationId", .text(id)), ("summary", .text(summary)),
      ("responses", .object([("200", .object([("description", .text("Yes."))]))])),
    ])
  }

  private static func content(_ schema: String, example: JSONValue? = nil) -> JSONValue {
    var media: [JSONValue.Member] = [("schema", .object([("$ref", .text("#/components/schemas/\(schema)"))]))]
    if let example { media.append(("example", example)) }
    return .object([("application/json", .object(media))])
  }

  private static func schemas(_ request: RequestSchema, _ response: ResponseSchema) -> JSONValue {
    .object([
      (
        "Request",
        FieldSchema.object(
          request.fields.map { ($0.name, FieldSchema.request($0, request.symbols)) },
          required: request.fields.filter { !$0.isOptional }.map(\.name))
      ),
      (
        "Response",
        FieldSchema.object(
          response.fields.map { ($0.name, FieldSchema.response($0)) }, required: response.fields.map(\.name))
      ),
      ("InferenceRequest", InferenceSchema.request(request)),
      ("InferenceResponse", InferenceSchema.response),
      (
        "Error",
        FieldSchema.object(
          [
            ("error", .object([("type", .text("string"))])),
            ("field", .object([("type", .text("string")), ("description", .text("Path of the field at fault."))])),
          ], required: ["error"])
      ),
    ])
  }
}
