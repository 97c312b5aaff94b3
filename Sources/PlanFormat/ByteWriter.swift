/// Appends little-endian values; what `ByteReader` reads back.
struct ByteWriter {
  private(set) var bytes: [UInt8] = []

  mutating func integer(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func boolean(_ value: Bool) { bytes.append(value ? 1 : 0) }

  mutating func double(_ value: Double) { integer(value.bitPattern) }

  /// A count or an index: 32 bits.
  mutating func count(_ value: Int) throws(PlanError) {
    guard let small = UInt32(exactly: value) else {
      throw .invalid(at: "a count", problem: "\(value) does not fit 32 bits")
    }
    integer(small)
  }

  mutating func blob(_ value: [UInt8]) throws(PlanError) {
    try count(value.count)
    bytes.append(contentsOf: value)
  }

  mutating func text(_ value: String) throws(PlanError) { try blob(Array(value.utf8)) }

  mutating func list<T>(
    _ values: [T], _ write: (inout ByteWriter, T) throws(PlanError) -> Void,
  ) throws(PlanError) {
    try count(values.count)
    for value in values { try write(&self, value) }
  }
}
