/// The documents of the Open Inference Protocol that a plan settles once, at load.
package enum InferenceMetadata {
  /// `GET /v2`: no extension is listed before it is built.
  package static func server(name: String, version: String) -> [UInt8] {
    var out = ByteWriter()
    out.append("{\"name\":")
    out.appendJSON(name)
    out.append(",\"version\":")
    out.appendJSON(version)
    out.append(",\"extensions\":[]}")
    return Array(out.bytes)
  }

  /// `GET /v2/models/<model>`: every tensor leads with -1, the requests of a call.
  package static func model(
    _ request: RequestSchema, _ response: ResponseSchema, versions: [String],
  ) -> [UInt8] {
    var out = ByteWriter()
    out.append("{\"name\":")
    out.appendJSON(request.service)
    out.append(",\"versions\":[")
    for (index, version) in versions.enumerated() {
      if index > 0 { out.append(",") }
      out.appendJSON(version)
    }
    out.append("],\"platform\":\"served_plan\",\"inputs\":[")
    for (index, field) in request.fields.enumerated() {
      if index > 0 { out.append(",") }
      write(field.name, field.kind.datatype, field.axes.map(\.published), &out)
    }
    out.append("],\"outputs\":[")
    for (index, field) in response.fields.enumerated() {
      if index > 0 { out.append(",") }
      write(field.name, field.kind.datatype, field.axes.map { $0.constant ?? -1 }, &out)
    }
    out.append("]}")
    return Array(out.bytes)
  }

  private static func write(_ name: String, _ datatype: String, _ shape: [Int], _ out: inout ByteWriter) {
    out.append("{\"name\":")
    out.appendJSON(name)
    out.append(",\"datatype\":")
    out.appendJSON(datatype)
    out.append(",\"shape\":[-1")
    for extent in shape {
      out.append(",")
      out.appendJSON(extent)
    }
    out.append("]}")
  }
}
