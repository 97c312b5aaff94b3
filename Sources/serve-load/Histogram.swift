/// Counts of times with a relative error of at most 1/64, in fixed memory.
struct Histogram {
  private static let subBits = 6
  private var counts = [UInt32](repeating: 0, count: 64 << subBits)
  private(set) var count = 0
  private(set) var maximum: UInt64 = 0

  /// Values below 64 have a bucket each; above, each power of two has 64.
  private static func bucket(_ value: UInt64) -> Int {
    let exponent = max(0, 63 - value.leadingZeroBitCount - subBits)
    return exponent << subBits + Int(value >> UInt64(exponent))
  }

  private static func middle(_ bucket: Int) -> UInt64 {
    let exponent = max(0, bucket >> subBits - 1)
    let value = UInt64(bucket - exponent << subBits) << UInt64(exponent)
    return value + (1 << UInt64(exponent)) / 2
  }

  mutating func add(_ value: UInt64) {
    counts[min(Self.bucket(value), counts.count - 1)] += 1
    count += 1
    maximum = max(maximum, value)
  }

  /// The value that the share `fraction` of all does not exceed.
  func quantile(_ fraction: Double) -> UInt64 {
    var left = Int((Double(count) * fraction).rounded(.up))
    for (bucket, number) in counts.enumerated() where number > 0 {
      left -= Int(number)
      if left <= 0 { return min(Self.middle(bucket), maximum) }
    }
    return maximum
  }
}
