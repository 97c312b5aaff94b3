internal import NIOHTTP1
internal import OpenInferenceProtocol

/// What a path asks for.
enum Route: Hashable {
  case typed
  /// `version` pins the arm that serves that version.
  case infer(version: String?)
  case modelMetadata(version: String?)
  case modelReady(version: String?)
  case models
  case serverMetadata
  case serverLive
  case serverReady
  case openAPI
  case metrics
  case live
  case ready

  /// The method that the route answers to; `GET` stands for `HEAD` too.
  var method: HTTPMethod {
    switch self {
    case .typed, .infer: .POST
    case .modelMetadata, .modelReady, .models, .serverMetadata, .serverLive, .serverReady, .openAPI, .metrics, .live,
      .ready:
      .GET
    }
  }
}

/// Finds the route of a request target.
struct PathTable {
  private let service: String
  private let typedPath: String
  private let inferPath: String

  init(service: String) {
    self.service = service
    typedPath = "/v1/\(service)"
    inferPath = "/v2/models/\(service)/infer"
  }

  /// The route of `target`, which may carry a query; throws 404 for what is not there.
  func route(_ target: String) throws(RequestError) -> Route {
    if target == typedPath { return .typed }
    if target == inferPath { return .infer(version: nil) }
    let path = target.prefix { $0 != "?" && $0 != "#" }
    var parts: [String] = []
    for part in path.split(separator: "/", omittingEmptySubsequences: true) {
      guard let text = percentDecoded(part) else { throw RequestError(404, "Not Found") }
      parts.append(text)
    }
    switch parts.first {
    case "v1" where parts.count == 2 && parts[1] == service: return .typed
    case "v2": return try version2(Array(parts.dropFirst()))
    case "openapi.json" where parts.count == 1: return .openAPI
    case "metrics" where parts.count == 1: return .metrics
    case "livez" where parts.count == 1: return .live
    case "readyz" where parts.count == 1: return .ready
    default: throw RequestError(404, "Not Found")
    }
  }

  private func version2(_ parts: [String]) throws(RequestError) -> Route {
    switch parts {
    case []: return .serverMetadata
    case ["health", "live"]: return .serverLive
    case ["health", "ready"]: return .serverReady
    case ["models"]: return .models
    default: break
    }
    guard parts.first == "models", parts.count >= 2 else { throw RequestError(404, "Not Found") }
    guard parts[1] == service else {
      throw RequestError(404, "Request for unknown model: '\(parts[1])' is not found")
    }
    var rest = Array(parts.dropFirst(2))
    var version: String?
    if rest.first == "versions", rest.count >= 2 {
      version = rest[1]
      rest.removeFirst(2)
    }
    switch rest {
    case []: return .modelMetadata(version: version)
    case ["ready"]: return .modelReady(version: version)
    case ["infer"]: return .infer(version: version)
    default: throw RequestError(404, "Not Found")
    }
  }
}

/// The text with its `%XX` resolved; nil when malformed or not UTF-8.
func percentDecoded(_ text: some StringProtocol) -> String? {
  guard text.utf8.contains(UInt8(ascii: "%")) else { return String(text) }
  var bytes: [UInt8] = []
  var rest = Substring(text).utf8
  while let byte = rest.popFirst() {
    guard byte == UInt8(ascii: "%") else {
      bytes.append(byte)
      continue
    }
    guard let high = rest.popFirst().flatMap(hexDigit), let low = rest.popFirst().flatMap(hexDigit) else { return nil }
    bytes.append(high << 4 | low)
  }
  return String(validating: bytes, as: UTF8.self)
}

private func hexDigit(_ byte: UInt8) -> UInt8? {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
  case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
  case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
  default: nil
  }
}
