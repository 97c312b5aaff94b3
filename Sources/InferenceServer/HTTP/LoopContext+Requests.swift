internal import InferenceRuntime
internal import NIOHTTP1
internal import OpenInferenceProtocol
internal import PlanFormat

/// What is decided of a request before its body, and the documents that take no inference.
extension LoopContext {
  /// The route of a request that may be served; throws why it may not.
  func admit(_ head: HTTPRequestHead) throws(RequestError) -> Route {
    let route = try route(head.uri)
    guard head.method == route.method || (head.method == .HEAD && route.method == .GET) else {
      throw RequestError(405, "Method Not Allowed")
    }
    if let encoding = head.headers.first(name: "content-encoding"), encoding.lowercased() != "identity" {
      throw RequestError(501, "content encoding '\(encoding)' is not supported")
    }
    if head.headers.contains(name: "inference-header-content-length") {
      throw RequestError(501, "binary tensor data is not supported")
    }
    if let length = head.headers.first(name: "content-length"), Int(length) ?? .max > maxRequestBytes {
      throw tooLarge
    }
    return route
  }

  var tooLarge: RequestError {
    RequestError(413, "the request's body is larger than \(maxRequestBytes) bytes")
  }

  var tooManyBodies: RequestError { RequestError(429, "too many large bodies are being read") }

  private func route(_ target: String) throws(RequestError) -> Route {
    if let paths { return try paths.route(target) }
    // Health is all there is before the plan is loaded.
    if let route = try? PathTable(service: "").route(target), route.isHealth { return route }
    throw RequestError(503, "not ready")
  }

  /// What a 405 for `target` allows; all there is where the target did not get as far as being read.
  func allowedMethods(_ target: String) -> String {
    guard let method = try? route(target).method else { return "GET, HEAD, POST" }
    return method == .GET ? "GET, HEAD" : method.rawValue
  }

  /// When a request that came at `arrival` is no longer waited for.
  func deadline(of arrival: UInt64) -> UInt64 {
    guard let milliseconds = settings.deadlineMilliseconds else { return .max }
    return arrival + UInt64(max(0, milliseconds) * 1_000_000)
  }

  /// Writes the answer to a route without inference to `body`.
  func writeDocument(_ route: Route) -> (status: Int, contentType: AnswerHead.ContentType) {
    body.removeAll()
    let isReady = state.phase == .ready
    switch route {
    case .live, .serverLive:
      body.append("{\"live\":true}")
      return (200, .json)
    case .ready, .serverReady:
      if isReady { body.append("{\"ready\":true,\"live\":true}") } else { writeNotReady() }
      return (isReady ? 200 : 503, .json)
    case .typed, .infer, .modelMetadata, .modelReady, .models, .serverMetadata, .openAPI, .metrics:
      return writeServiceDocument(route, isReady: isReady)
    }
  }

  private func writeServiceDocument(
    _ route: Route, isReady: Bool,
  ) -> (status: Int, contentType: AnswerHead.ContentType) {
    guard let service = serving?.service else {
      writeNotReady()
      return (503, .json)
    }
    switch route {
    case .modelMetadata(let version): return writeModel(service, version) { body.append(service.documents.model) }
    case .modelReady(let version):
      guard isReady else {
        writeNotReady()
        return (503, .json)
      }
      return writeModel(service, version) {
        body.append("{\"name\":")
        body.appendJSON(service.name)
        body.append(",\"ready\":true}")
      }
    case .models: body.append(service.documents.models)
    case .serverMetadata: body.append(service.documents.server)
    case .openAPI: body.append(service.documents.openAPI)
    case .metrics:
      body.append(service.metrics.render())
      return (200, .metrics)
    case .typed, .infer, .live, .serverLive, .ready, .serverReady: break
    }
    return (200, .json)
  }

  private func writeModel(
    _ service: Service, _ version: String?, _ write: () -> Void,
  ) -> (status: Int, contentType: AnswerHead.ContentType) {
    if let version, !service.programs.contains(where: { $0.version == version }) {
      let error = RequestError(404, "Request for unknown model: '\(service.name)' version \(version) is not found")
      error.write(to: &body)
      return (404, .json)
    }
    write()
    return (200, .json)
  }

  private func writeNotReady() {
    body.append("{\"error\":\"not ready\",\"ready\":false,\"live\":true}")
  }
}

extension Route {
  /// Whether it is answered before the plan is loaded.
  var isHealth: Bool {
    switch self {
    case .live, .ready, .serverLive, .serverReady: true
    case .typed, .infer, .modelMetadata, .modelReady, .models, .serverMetadata, .openAPI, .metrics: false
    }
  }
}
