internal import CPlanABI
internal import TensorTypes

/// Takes one JSON value after another and writes them to consecutive elements.
///
/// Each element type is a type of its own, so that the loop over a tensor is compiled for it and holds no switch.
protocol ElementReader {
  mutating func next(_ json: inout JSONReader) throws(JSONError)
}

struct IntegerReader<T: FixedWidthInteger>: ElementReader {
  var out: UnsafeMutablePointer<T>
  let type: JSONError.ValueType

  @inline(__always)
  mutating func next(_ json: inout JSONReader) throws(JSONError) {
    out.pointee = try json.integer(T.self, type)
    out += 1
  }
}

struct FloatReader: ElementReader {
  var out: UnsafeMutablePointer<Float>

  @inline(__always)
  mutating func next(_ json: inout JSONReader) throws(JSONError) {
    out.pointee = try json.float()
    out += 1
  }
}

struct DoubleReader: ElementReader {
  var out: UnsafeMutablePointer<Double>

  mutating func next(_ json: inout JSONReader) throws(JSONError) {
    out.pointee = try json.double()
    out += 1
  }
}

struct HalfReader: ElementReader {
  var out: UnsafeMutablePointer<UInt16>

  mutating func next(_ json: inout JSONReader) throws(JSONError) {
    let place = json.offset
    let value = Float16(try json.double())
    guard value.isFinite else { throw JSONError(.range(.f16), at: place) }
    out.pointee = value.bitPattern
    out += 1
  }
}

struct BrainFloatReader: ElementReader {
  var out: UnsafeMutablePointer<UInt16>

  mutating func next(_ json: inout JSONReader) throws(JSONError) {
    let place = json.offset
    let bits = try json.float().bitPattern
    // Round the upper half to nearest, ties to even.
    let rounded = (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16
    guard rounded & 0x7F80 != 0x7F80 else { throw JSONError(.range(.bf16), at: place) }
    out.pointee = UInt16(truncatingIfNeeded: rounded)
    out += 1
  }
}

/// Integers must be written as values of the type; floating-point numbers are rounded to it.
struct SmallReader: ElementReader {
  var out: UnsafeMutablePointer<UInt8>
  let element: SmallElement

  mutating func next(_ json: inout JSONReader) throws(JSONError) {
    let place = json.offset
    let value = try json.double()
    out.pointee = element.byte(rounding: value, Narrowing(saturates: false))
    let stored = element.value(of: out.pointee)
    guard stored.isFinite, element.integers == nil || stored == value else {
      throw JSONError(.range(.small), at: place)
    }
    out += 1
  }
}

struct BooleanReader: ElementReader {
  var out: UnsafeMutablePointer<Bool>

  mutating func next(_ json: inout JSONReader) throws(JSONError) {
    out.pointee = try json.boolean()
    out += 1
  }
}

struct StringReader: ElementReader {
  var out: UnsafeMutablePointer<serve_string>
  let frame: RequestFrame

  mutating func next(_ json: inout JSONReader) throws(JSONError) {
    out.pointee = frame.keep(try json.string())
    out += 1
  }
}

struct EnumerationReader: ElementReader {
  var out: UnsafeMutablePointer<UInt8>
  let cases: [[UInt8]]

  mutating func next(_ json: inout JSONReader) throws(JSONError) {
    _ = json.peek()
    let place = json.offset
    let text = try json.string()
    guard let index = cases.firstIndex(where: { text.equals($0) }) else { throw JSONError(.unknownCase, at: place) }
    out.pointee = UInt8(truncatingIfNeeded: index)
    out += 1
  }
}

/// Reads some values of a tensor, given the reader of its element type.
protocol TensorReader {
  mutating func read<R: ElementReader>(_ elements: inout R) throws(ValueError)
}

/// What is wrong with a field's value, and where in it.
struct ValueError: Error {
  enum Problem {
    case json(JSONError)
    /// An axis is longer or shorter than it may be.
    case count(expected: String, got: String)
  }

  var problem: Problem
  /// Indices from the outermost axis inwards.
  var path: [Int] = []

  init(_ problem: Problem) { self.problem = problem }

  /// The same error seen from one axis further out.
  func inside(_ index: Int) -> ValueError {
    var outer = self
    outer.path.insert(index, at: 0)
    return outer
  }
}

extension RequestSchema.Field {
  /// Calls `reader` with the element reader of this field's type, writing to `memory`.
  func withElements<R: TensorReader>(
    at memory: UnsafeMutableRawPointer, of frame: RequestFrame, _ reader: inout R,
  ) throws(ValueError) {
    switch kind {
    case .enumeration(let cases):
      var elements = EnumerationReader(out: memory.assumingMemoryBound(to: UInt8.self), cases: cases)
      try reader.read(&elements)
    case .tensor(.bool):
      var elements = BooleanReader(out: memory.assumingMemoryBound(to: Bool.self))
      try reader.read(&elements)
    case .tensor(.u8): try integers(UInt8.self, .u8, memory, &reader)
    case .tensor(.u16): try integers(UInt16.self, .u16, memory, &reader)
    case .tensor(.u32): try integers(UInt32.self, .u32, memory, &reader)
    case .tensor(.u64): try integers(UInt64.self, .u64, memory, &reader)
    case .tensor(.i8): try integers(Int8.self, .i8, memory, &reader)
    case .tensor(.i16): try integers(Int16.self, .i16, memory, &reader)
    case .tensor(.i32): try integers(Int32.self, .i32, memory, &reader)
    case .tensor(.i64): try integers(Int64.self, .i64, memory, &reader)
    case .tensor(.f16):
      var elements = HalfReader(out: memory.assumingMemoryBound(to: UInt16.self))
      try reader.read(&elements)
    case .tensor(.bf16):
      var elements = BrainFloatReader(out: memory.assumingMemoryBound(to: UInt16.self))
      try reader.read(&elements)
    case .tensor(.f32):
      var elements = FloatReader(out: memory.assumingMemoryBound(to: Float.self))
      try reader.read(&elements)
    case .tensor(.f64):
      var elements = DoubleReader(out: memory.assumingMemoryBound(to: Double.self))
      try reader.read(&elements)
    case .tensor(.small(let element)):
      var elements = SmallReader(out: memory.assumingMemoryBound(to: UInt8.self), element: element)
      try reader.read(&elements)
    case .tensor(.string):
      var elements = StringReader(out: memory.assumingMemoryBound(to: serve_string.self), frame: frame)
      try reader.read(&elements)
    }
  }

  private func integers<T: FixedWidthInteger, R: TensorReader>(
    _: T.Type, _ type: JSONError.ValueType, _ memory: UnsafeMutableRawPointer, _ reader: inout R,
  ) throws(ValueError) {
    var elements = IntegerReader(out: memory.assumingMemoryBound(to: T.self), type: type)
    try reader.read(&elements)
  }
}
