/// A JSON document in memory, for documents that are made once; members keep their order.
package indirect enum JSONValue: Sendable {
  package typealias Member = (name: String, value: JSONValue)

  case object([Member])
  case array([JSONValue])
  case text(String)
  case integer(Int)
  case number(Double)
  case boolean(Bool)
  case null

  /// The document's bytes.
  package var bytes: [UInt8] {
    var out = ByteWriter()
    out.appendJSON(self)
    return Array(out.bytes)
  }
}

extension ByteWriter {
  /// A document; numbers that JSON does not have are null.
  package mutating func appendJSON(_ value: JSONValue) {
    switch value {
    case .object(let members):
      append("{")
      for (index, member) in members.enumerated() {
        if index > 0 { append(",") }
        appendJSON(member.name)
        append(":")
        appendJSON(member.value)
      }
      append("}")
    case .array(let elements):
      append("[")
      for (index, element) in elements.enumerated() {
        if index > 0 { append(",") }
        appendJSON(element)
      }
      append("]")
    case .text(let text): appendJSON(text)
    case .integer(let value): appendJSON(value)
    case .number(let value): if !appendJSON(number: value) { append("null") }
    case .boolean(let value): appendJSON(value)
    case .null: append("null")
    }
  }
}
