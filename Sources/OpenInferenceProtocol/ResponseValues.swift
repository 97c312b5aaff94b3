internal import CPlanABI
internal import TensorTypes

/// Where the values of a call's answer stand: one pointer a response field, to a dense tensor of the call's requests.
package struct ResponseValues {
  package var fields: UnsafePointer<UnsafeRawPointer>
  /// A value for each of the plan's symbols.
  package var dims: UnsafePointer<Int64>
  /// Requests in the call.
  package var rows: Int

  package init(fields: UnsafePointer<UnsafeRawPointer>, dims: UnsafePointer<Int64>, rows: Int) {
    self.fields = fields
    self.dims = dims
    self.rows = rows
  }
}

extension ResponseSchema.Field {
  /// Writes `count` values with commas between them; false where one is no JSON number.
  func write(_ values: UnsafeRawPointer, count: Int, to out: inout ByteWriter) -> Bool {
    switch kind {
    case .enumeration(let cases):
      let indices = values.assumingMemoryBound(to: UInt8.self)
      return separated(count, &out) { index, out in
        guard Int(indices[index]) < cases.count else { return false }
        cases[Int(indices[index])].withUnsafeBufferPointer { out.appendJSON(string: $0) }
        return true
      }
    case .tensor(.bool):
      let bytes = values.assumingMemoryBound(to: UInt8.self)
      return separated(count, &out) { index, out in
        out.appendJSON(bytes[index] != 0)
        return true
      }
    case .tensor(.u8): return integers(values, UInt8.self, count, &out)
    case .tensor(.u16): return integers(values, UInt16.self, count, &out)
    case .tensor(.u32): return integers(values, UInt32.self, count, &out)
    case .tensor(.u64): return integers(values, UInt64.self, count, &out)
    case .tensor(.i8): return integers(values, Int8.self, count, &out)
    case .tensor(.i16): return integers(values, Int16.self, count, &out)
    case .tensor(.i32): return integers(values, Int32.self, count, &out)
    case .tensor(.i64): return integers(values, Int64.self, count, &out)
    case .tensor(.f16):
      let bits = values.assumingMemoryBound(to: UInt16.self)
      return separated(count, &out) { index, out in out.appendJSON(number: Float16(bitPattern: bits[index])) }
    case .tensor(.bf16):
      let bits = values.assumingMemoryBound(to: UInt16.self)
      return separated(count, &out) { index, out in
        out.appendJSON(number: Float(bitPattern: UInt32(bits[index]) << 16))
      }
    case .tensor(.f32):
      let numbers = values.assumingMemoryBound(to: Float.self)
      return separated(count, &out) { index, out in out.appendJSON(number: numbers[index]) }
    case .tensor(.f64):
      let numbers = values.assumingMemoryBound(to: Double.self)
      return separated(count, &out) { index, out in out.appendJSON(number: numbers[index]) }
    case .tensor(.small(let small)):
      let bytes = values.assumingMemoryBound(to: UInt8.self)
      return separated(count, &out) { index, out in out.appendJSON(number: small.value(of: bytes[index])) }
    case .tensor(.string):
      let strings = values.assumingMemoryBound(to: serve_string.self)
      return separated(count, &out) { index, out in
        out.appendJSON(string: UnsafeBufferPointer(start: strings[index].bytes, count: Int(strings[index].length)))
        return true
      }
    }
  }

  @inline(__always)
  private func separated(
    _ count: Int, _ out: inout ByteWriter, _ write: (Int, inout ByteWriter) -> Bool,
  ) -> Bool {
    for index in 0..<count {
      if index > 0 { out.append(UInt8(ascii: ",")) }
      guard write(index, &out) else { return false }
    }
    return true
  }

  private func integers<T: FixedWidthInteger>(
    _ values: UnsafeRawPointer, _: T.Type, _ count: Int, _ out: inout ByteWriter,
  ) -> Bool {
    let numbers = values.assumingMemoryBound(to: T.self)
    return separated(count, &out) { index, out in
      out.appendJSON(numbers[index])
      return true
    }
  }

  /// The answer when a value has no JSON form.
  func unwritable() -> RequestError {
    switch kind {
    case .tensor: RequestError(500, "the response holds a value that is NaN or infinite", field: name)
    case .enumeration:
      RequestError(500, "the response holds a value that is none of the enumeration's cases", field: name)
    }
  }
}
