internal import NIOCore
internal import OpenInferenceProtocol

/// The status line and the headers of an answer.
struct AnswerHead {
  enum ContentType {
    // Exactly so: KServe's client reads errors only with this type, without a charset.
    case json
    /// Prometheus' text format.
    case metrics
  }

  var status: Int
  var contentType = ContentType.json
  /// Whole header lines.
  var lines: [UInt8] = []
  /// The method that a 405 allows.
  var allow: String?
  var isKeepAlive: Bool
  /// HTTP/1.0 asks to be told that a connection stays.
  var isVersion1_0 = false

  /// Writes the head for a body of `length` bytes; `date` is a whole header line.
  func write(to out: inout ByteWriter, length: Int, date: [UInt8]) {
    out.append("HTTP/1.1 ")
    out.appendJSON(status)
    out.append(" ")
    out.append(reason)
    switch contentType {
    case .json: out.append("\r\ncontent-type: application/json\r\ncontent-length: ")
    case .metrics: out.append("\r\ncontent-type: text/plain; version=0.0.4; charset=utf-8\r\ncontent-length: ")
    }
    out.appendJSON(length)
    out.append("\r\n")
    out.append(date)
    out.append(lines)
    if let allow {
      out.append("allow: ")
      out.append(allow)
      out.append("\r\n")
    }
    if status == 429 { out.append("retry-after: 1\r\n") }
    if !isKeepAlive {
      out.append("connection: close\r\n")
    } else if isVersion1_0 {
      out.append("connection: keep-alive\r\n")
    }
    out.append("\r\n")
  }

  private var reason: StaticString {
    switch status {
    case 200: "OK"
    case 400: "Bad Request"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 408: "Request Timeout"
    case 413: "Content Too Large"
    case 417: "Expectation Failed"
    case 429: "Too Many Requests"
    case 431: "Request Header Fields Too Large"
    case 500: "Internal Server Error"
    case 501: "Not Implemented"
    case 503: "Service Unavailable"
    case 504: "Gateway Timeout"
    case 505: "HTTP Version Not Supported"
    default: "Error"
    }
  }
}
