internal import PlanFormat
internal import TensorTypes

extension ResponseSchema {
  /// Writes the typed endpoint's answer for the first request of a call: an object with the response's fields.
  package func writeTyped(_ values: ResponseValues, to out: inout ByteWriter) throws(RequestError) {
    out.append(UInt8(ascii: "{"))
    for index in fields.indices {
      if index > 0 { out.append(UInt8(ascii: ",")) }
      out.append(fields[index].quotedKey)
      guard fields[index].writeNested(values.fields[index], values.dims, axis: 0, to: &out) else {
        throw fields[index].unwritable()
      }
    }
    out.append(UInt8(ascii: "}"))
  }
}

extension ResponseSchema.Field {
  /// Writes arrays nested as the shape says, from `axis` inwards.
  fileprivate func writeNested(
    _ base: UnsafeRawPointer, _ dims: UnsafePointer<Int64>, axis: Int, to out: inout ByteWriter,
  ) -> Bool {
    if axes.isEmpty { return write(base, count: 1, to: &out) }
    let extent = axes[axis].value(dims)
    out.append(UInt8(ascii: "["))
    if axis + 1 == axes.count {
      guard write(base, count: extent, to: &out) else { return false }
    } else {
      var stride = element.byteCount
      for inner in axes[(axis + 1)...] { stride *= inner.value(dims) }
      for index in 0..<extent {
        if index > 0 { out.append(UInt8(ascii: ",")) }
        guard writeNested(base + index * stride, dims, axis: axis + 1, to: &out) else { return false }
      }
    }
    out.append(UInt8(ascii: "]"))
    return true
  }
}
