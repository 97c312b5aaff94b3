import InferenceIR

/// How the elements of a packed matrix stand in memory.
///
/// Every form holds the matrix exactly: a matrix is packed narrowly when its elements happen to be numbers of a narrow
/// type, as in models that were exported so, and as `WeightFormat` rounds them where the spec asks for it. Kernels widen
/// in registers and compute with f32, so results have the same bits as from f32 panels.
enum PanelFormat: Hashable, Sendable {
  case f32, f16, bf16
  /// Each column's elements are integers up to 127 times one power of two. Scaling by it commutes with every rounding,
  /// so kernels scale the column's sum once.
  case int8

  var byteCount: Int {
    switch self {
    case .f32: 4
    case .f16, .bf16: 2
    case .int8: 1
    }
  }

  /// Where a lane of 16 stands. A bf16 is the high half of an f32: beside the lane 8 further on, a shift and a mask
  /// widen 16 of them.
  func place(_ lane: Int) -> Int {
    switch self {
    case .f32, .f16, .int8: lane
    case .bf16: lane < 8 ? lane * 2 : lane * 2 - 15
    }
  }

  /// C type of an element.
  var type: String {
    switch self {
    case .f32: "f32"
    case .f16: "f16"
    case .bf16: "u16"
    case .int8: "i8"
    }
  }

  /// The narrowest form that holds a constant f32 matrix.
  init(holding constant: Constant, isTransposed: Bool) {
    let bits = constant.data.bytes
    var (isHalf, isBrain) = (true, true)
    for at in stride(from: 0, to: bits.count, by: 4) {
      let word = bits.loadUnaligned(fromByteOffset: at, as: UInt32.self)
      isBrain = isBrain && word & 0xFFFF == 0
      let value = Float(bitPattern: word)
      isHalf = isHalf && value.isFinite && Float(Float16(value)) == value
      if !isHalf && !isBrain {
        self = .f32
        return
      }
    }
    // Seven bits and a sign are a bf16 as well.
    if isBrain, ColumnScales(constant, isTransposed: isTransposed).holdsExactly {
      self = .int8
    } else {
      self = isHalf ? .f16 : .bf16
    }
  }
}

/// The power of two of each column of a constant f32 matrix by which 127 reaches its largest element.
struct ColumnScales {
  let constant: Constant
  let isTransposed: Bool
  let exponents: [Int]

  init(_ constant: Constant, isTransposed: Bool) {
    self.constant = constant
    self.isTransposed = isTransposed
    var peaks = [Float](repeating: 0, count: constant.shape[isTransposed ? 0 : 1])
    Self.forEach(constant, isTransposed) { n, value in
      if !(value.magnitude <= peaks[n]) { peaks[n] = value.magnitude }
    }
    exponents = peaks.map(Self.exponent)
  }

  /// The least e with 127 · 2^e >= peak.
  private static func exponent(_ peak: Float) -> Int {
    guard peak.isFinite, peak > 0 else { return 0 }
    return Int(peak.exponent) + (peak.significand * 64 > 127 ? -5 : -6)
  }

  var scales: [Float] { exponents.map { Float(sign: .plus, exponent: $0, significand: 1) } }

  /// Beyond these a scaled sum could leave the numbers that scaling is exact for.
  private static let range = -60...60

  var canScale: Bool { exponents.allSatisfy(Self.range.contains) }

  var holdsExactly: Bool {
    guard canScale else { return false }
    let scales = scales
    var isExact = true
    Self.forEach(constant, isTransposed) { n, value in
      let code = value / scales[n]
      isExact = isExact && code.magnitude <= 127 && code == code.rounded()
    }
    return isExact
  }

  /// Every element with its column, in the order of memory.
  static func forEach(_ constant: Constant, _ isTransposed: Bool, _ body: (_ n: Int, Float) -> Void) {
    let source = constant.data.bytes
    let (rows, columns) = (constant.shape[0], constant.shape[1])
    for row in 0..<rows {
      for column in 0..<columns {
        let value = source.loadUnaligned(fromByteOffset: (row * columns + column) * 4, as: Float.self)
        body(isTransposed ? row : column, value)
      }
    }
  }

  var byteCount: Int { (exponents.count + 15) / 16 * 16 * 4 }

  /// One f32 a column, up to a multiple of 16.
  func fill(_ target: UnsafeMutableRawBufferPointer) {
    let scales = scales
    for n in 0..<byteCount / 4 {
      target.storeBytes(of: n < scales.count ? scales[n] : 1, toByteOffset: n * 4, as: Float.self)
    }
  }
}
