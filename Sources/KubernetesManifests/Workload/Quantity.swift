/// Numbers in the notation of Kubernetes.
enum Quantity {
  static let mebibyte: Int64 = 1 << 20
  static let gibibyte: Int64 = 1 << 30

  /// `512Mi`, `3Gi`, or plain bytes where neither divides.
  static func text(bytes: Int64) -> String {
    if bytes > 0 && bytes % gibibyte == 0 { return "\(bytes / gibibyte)Gi" }
    if bytes > 0 && bytes % mebibyte == 0 { return "\(bytes / mebibyte)Mi" }
    return String(bytes)
  }

  /// `2`, `500m`.
  static func text(milliCPU: Int) -> String {
    milliCPU % 1000 == 0 ? String(milliCPU / 1000) : "\(milliCPU)m"
  }

  /// Whole seconds that a duration in nanoseconds takes, rounded up.
  static func seconds(nanoseconds: Int64) -> Int {
    let (whole, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    return Int(whole) + (rest > 0 ? 1 : 0)
  }

  static func roundUp(_ bytes: Int64, to unit: Int64) -> Int64 { (bytes + unit - 1) / unit * unit }
}
