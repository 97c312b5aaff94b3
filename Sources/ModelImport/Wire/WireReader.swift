/// Reads protobuf's wire format out of bytes that it never copies and never trusts.
///
/// Every read is checked against the end of the enclosing message; offsets count from the start of the file.
struct WireReader {
  /// The whole file; messages inside are ranges of it.
  let bytes: UnsafeRawBufferPointer
  private(set) var at: Int
  let end: Int
  /// The fields that lead to this message, for errors.
  let path: String
  /// Messages around this one.
  private let depth: Int

  /// Deepest nesting, as protobuf's own readers have it: a graph in a graph in a graph takes three levels each.
  private static let maximumDepth = 100

  /// Most messages of one repeated field: an empty one costs 2 bytes in the file and a hundred in memory.
  private static let maximumCount = 1 << 20

  /// What is wrong and where.
  struct Failure: Error {
    var offset: Int
    var path: String
    var text: String
  }

  /// One field's tag; its value is read next.
  struct Field {
    var number: Int
    var type: WireType
    /// Where the tag stands.
    var offset: Int
  }

  enum WireType: UInt8 {
    case varint = 0
    case fixed64 = 1
    case bytes = 2
    case fixed32 = 5
  }

  init(_ bytes: UnsafeRawBufferPointer) {
    self.init(bytes, 0..<bytes.count, path: "")
  }

  init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, path: String, depth: Int = 0) {
    self.bytes = bytes
    self.depth = depth
    at = range.lowerBound
    end = range.upperBound
    self.path = path
  }

  func failure(_ text: String, at offset: Int? = nil) -> Failure {
    Failure(offset: offset ?? at, path: path, text: text)
  }

  /// The next field, or nil at the end of the message.
  mutating func next() throws(Failure) -> Field? {
    if at == end { return nil }
    let offset = at
    let tag = try varint()
    guard let type = WireType(rawValue: UInt8(tag & 7)) else {
      throw failure("wire type \(tag & 7) does not exist here", at: offset)
    }
    let number = tag >> 3
    guard number >= 1, number < 1 << 29 else { throw failure("field number \(number) is out of range", at: offset) }
    return Field(number: Int(number), type: type, offset: offset)
  }

  mutating func skip(_ field: Field) throws(Failure) {
    switch field.type {
    case .varint: _ = try varint()
    case .fixed64: try advance(8)
    case .bytes: _ = try lengthDelimited()
    case .fixed32: try advance(4)
    }
  }

  // MARK: Values of one field

  mutating func integer(_ field: Field) throws(Failure) -> Int64 {
    try expect(.varint, field)
    return Int64(bitPattern: try varint())
  }

  mutating func float(_ field: Field) throws(Failure) -> Float {
    try expect(.fixed32, field)
    try advance(4)
    return Float(bitPattern: UInt32(littleEndian: load(at - 4)))
  }

  /// The bytes of a string, a byte array or a message.
  mutating func range(_ field: Field) throws(Failure) -> Range<Int> {
    try expect(.bytes, field)
    return try lengthDelimited()
  }

  mutating func string(_ field: Field) throws(Failure) -> String {
    let range = try range(field)
    guard let text = String(validating: UnsafeRawBufferPointer(rebasing: bytes[range]), as: UTF8.self) else {
      throw failure("text is not UTF-8", at: range.lowerBound)
    }
    return text
  }

  /// A reader of the message in this field.
  mutating func message(_ field: Field, _ name: String, index: Int? = nil) throws(Failure) -> WireReader {
    if let index, index >= Self.maximumCount {
      throw failure("more than \(Self.maximumCount) of \(name)", at: field.offset)
    }
    guard depth < Self.maximumDepth else {
      throw failure("messages nest deeper than \(Self.maximumDepth)", at: field.offset)
    }
    let range = try range(field)
    let part = index.map { "\(name)[\($0)]" } ?? name
    return WireReader(bytes, range, path: path.isEmpty ? part : "\(path).\(part)", depth: depth + 1)
  }

  /// Appends the integers of a repeated field, packed or not.
  mutating func integers(_ field: Field, into numbers: inout [Int64]) throws(Failure) {
    if field.type == .varint { return numbers.append(Int64(bitPattern: try varint())) }
    let range = try range(field)
    var packed = WireReader(bytes, range, path: path)
    while packed.at < packed.end { numbers.append(Int64(bitPattern: try packed.varint())) }
  }

  /// Appends the floats of a repeated field, packed or not.
  mutating func floats(_ field: Field, into numbers: inout [Float]) throws(Failure) {
    if field.type == .fixed32 { return numbers.append(try float(field)) }
    let range = try range(field)
    guard range.count % 4 == 0 else { throw failure("packed floats end in the middle of one", at: range.upperBound) }
    for offset in stride(from: range.lowerBound, to: range.upperBound, by: 4) {
      numbers.append(Float(bitPattern: UInt32(littleEndian: load(offset))))
    }
  }

  /// The bytes of one element of a repeated fixed-width field, or of all of them when packed.
  mutating func fixed(_ field: Field, _ element: WireType) throws(Failure) -> Range<Int> {
    if field.type == element {
      let width = element == .fixed32 ? 4 : 8
      try advance(width)
      return (at - width)..<at
    }
    return try range(field)
  }

  // MARK: Primitives

  private func expect(_ type: WireType, _ field: Field) throws(Failure) {
    guard field.type == type else {
      throw failure("field \(field.number) has wire type \(field.type), expected \(type)", at: field.offset)
    }
  }

  private mutating func varint() throws(Failure) -> UInt64 {
    let start = at
    var value: UInt64 = 0
    for shift in stride(from: 0 as UInt64, to: 70, by: 7) {
      guard at < end else { throw failure("a number runs past the end of its message", at: start) }
      let byte = bytes[at]
      at += 1
      if shift == 63 && byte > 1 { throw failure("a number has more than 64 bits", at: start) }
      value |= UInt64(byte & 0x7F) << shift
      if byte & 0x80 == 0 { return value }
    }
    throw failure("a number has more than 10 bytes", at: start)
  }

  private mutating func lengthDelimited() throws(Failure) -> Range<Int> {
    let start = at
    let length = try varint()
    guard length <= UInt64(end - at) else {
      throw failure("\(length) bytes are announced and only \(end - at) are left", at: start)
    }
    at += Int(length)
    return (at - Int(length))..<at
  }

  private mutating func advance(_ count: Int) throws(Failure) {
    guard end - at >= count else { throw failure("the message ends in the middle of a number") }
    at += count
  }

  private func load<T: BitwiseCopyable>(_ offset: Int) -> T {
    bytes.loadUnaligned(fromByteOffset: offset, as: T.self)
  }
}
