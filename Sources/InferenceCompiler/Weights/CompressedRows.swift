import InferenceIR

/// A constant f32 matrix's columns as bytes: column `n` is close to `scale[n] * code[n]`, within half a scale in every
/// element.
///
/// Codes stand in panels of 16 columns, `[panel][k / 2][16][2]`, k up to an even number; scales one f32 a column, up to
/// a multiple of 16. `SearchKernel` says what the bound is for.
struct CompressedRows {
  let constant: Constant
  let isTransposed: Bool

  init(_ constant: Constant, isTransposed: Bool) {
    self.constant = constant
    self.isTransposed = isTransposed
  }

  var depth: Int { constant.shape[isTransposed ? 1 : 0] }
  var count: Int { constant.shape[isTransposed ? 0 : 1] }
  var pairs: Int { (depth + 1) / 2 }
  var panels: Int { (count + 15) / 16 }
  var codeBytes: Int { panels * pairs * 32 }
  var scaleBytes: Int { panels * 16 * 4 }

  /// Scales that keep products with queries of ordinary size away from overflow and denormals, where relative bounds
  /// end.
  static let scaleRange: ClosedRange<Float> = 1e-25...1e6
  /// Sums of more products of bytes and 16-bit numbers could leave 32 bits with too coarse numbers.
  static let depthRange = 8...512

  var isPossible: Bool {
    guard Self.depthRange.contains(depth) else { return false }
    return scales().allSatisfy { $0 == 0 || Self.scaleRange.contains($0) }
  }

  /// The smallest f32 by which 127 reaches every element of a column; infinite or NaN where an element is.
  func scales() -> [Float] {
    var peaks = [Float](repeating: 0, count: count)
    forEach { n, _, value in
      let magnitude = value.magnitude
      if !(magnitude <= peaks[n]) { peaks[n] = magnitude.isNaN ? .infinity : magnitude }
    }
    return peaks.map { peak in
      let scale = Float(Double(peak) / 127)
      return Double(scale) * 127 < Double(peak) ? scale.nextUp : scale
    }
  }

  func fillScales(_ target: UnsafeMutableRawBufferPointer) {
    let scales = scales()
    for n in 0..<panels * 16 {
      target.storeBytes(of: n < count ? scales[n] : 0, toByteOffset: n * 4, as: Float.self)
    }
  }

  func fillCodes(_ target: UnsafeMutableRawBufferPointer) {
    target.initializeMemory(as: Int8.self, repeating: 0)
    let inverse = scales().map(Double.init)
    forEach { n, k, value in
      guard inverse[n] != 0 else { return }
      let code = Int8((Double(value) / inverse[n]).rounded(.toNearestOrEven))
      target.storeBytes(
        of: code, toByteOffset: ((n / 16 * pairs + k / 2) * 16 + n % 16) * 2 + k % 2, as: Int8.self)
    }
  }

  /// Every element with its column and its place in it, in the order of memory.
  private func forEach(_ body: (_ n: Int, _ k: Int, Float) -> Void) {
    let source = constant.data.bytes
    let (rows, columns) = (constant.shape[0], constant.shape[1])
    for row in 0..<rows {
      for column in 0..<columns {
        let value = source.loadUnaligned(fromByteOffset: (row * columns + column) * 4, as: Float.self)
        body(isTransposed ? row : column, isTransposed ? column : row, value)
      }
    }
  }
}
