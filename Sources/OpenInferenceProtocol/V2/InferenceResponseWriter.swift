internal import PlanFormat

extension ResponseSchema {
  /// Writes the answer to an inference request.
  package func writeInference(
    _ values: ResponseValues, to request: InferenceRequest, model: String, version: String,
    into out: inout ByteWriter,
  ) throws(RequestError) {
    out.append("{")
    if let id = request.id {
      out.append("\"id\":")
      out.appendJSON(id)
      out.append(",")
    }
    out.append("\"model_name\":")
    out.appendJSON(model)
    out.append(",\"model_version\":")
    out.appendJSON(version)
    out.append(",\"outputs\":[")
    var isFirst = true
    for index in request.outputs ?? Array(fields.indices) {
      if !isFirst { out.append(",") }
      isFirst = false
      try writeOutput(index, values, into: &out)
    }
    out.append("]}")
  }

  private func writeOutput(
    _ index: Int, _ values: ResponseValues, into out: inout ByteWriter,
  ) throws(RequestError) {
    let field = fields[index]
    out.append("{\"name\":")
    out.appendJSON(field.name)
    out.append(",\"datatype\":\"")
    out.append(field.kind.datatype)
    out.append("\",\"shape\":[")
    out.appendJSON(values.rows)
    for axis in field.axes {
      out.append(",")
      out.appendJSON(axis.value(values.dims))
    }
    out.append("],\"data\":[")
    guard field.write(values.fields[index], count: values.rows * field.count(values.dims), to: &out) else {
      throw field.unwritable()
    }
    out.append("]}")
  }
}
