/// Why a request is answered with an error: the status of the answer and the content of its JSON body.
package struct RequestError: Error, Hashable {
  /// HTTP status.
  package var status: Int
  package var message: String
  /// Path of the field at fault, as `candidates[3]`.
  package var field: String?

  package init(_ status: Int, _ message: String, field: String? = nil) {
    self.status = status
    self.message = message
    self.field = field
  }

  /// A document that is no JSON, or not of the form asked for.
  package init(_ error: JSONError) { self.init(400, error.description) }

  /// `{"error": ..., "field": ...}`.
  package func write(to out: inout ByteWriter) {
    out.append("{\"error\":")
    out.appendJSON(message)
    if let field {
      out.append(",\"field\":")
      out.appendJSON(field)
    }
    out.append("}")
  }
}

/// A plan whose fields the codecs cannot serve.
package struct SchemaError: Error, Hashable, CustomStringConvertible {
  package var description: String

  init(_ description: String) { self.description = description }
}
