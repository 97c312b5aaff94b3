import InferenceIR

/// Transformed weights of a 3 x 3 window as `[point][panel][channel][16]`, computed in f64 and rounded once.
struct WinogradPacking: Hashable, Sendable {
  let transform: WinogradTransform
  /// Channels, and maps in whole panels.
  let width: Int
  let maps: Int

  var points: Int { transform.points * transform.points }
  var byteCount: Int { points * width * maps * 4 }

  /// Elements from the start to the panel of map `map` at a point.
  func start(point: Int, map: Int) -> Int { (point * maps + map) * width }

  /// - Parameter constant: f32 `[maps, width, 3, 3]`.
  func fill(_ target: UnsafeMutableRawBufferPointer, from constant: Constant) {
    let source = constant.data.bytes
    let (g, size) = (transform.weights, transform.points)
    for map in 0..<maps {
      for channel in 0..<width {
        let first = (map * width + channel) * 9
        let window = (0..<9).map { Double(source.loadUnaligned(fromByteOffset: (first + $0) * 4, as: Float.self)) }
        for row in 0..<size {
          // One row of G g.
          let left = (0..<3).map { at in (0..<3).reduce(0) { $0 + g[row][$1] * window[$1 * 3 + at] } }
          for column in 0..<size {
            let value = (0..<3).reduce(0) { $0 + left[$1] * g[column][$1] }
            let panel = start(point: row * size + column, map: map / 16 * 16)
            target.storeBytes(of: Float(value), toByteOffset: (panel + channel * 16 + map % 16) * 4, as: Float.self)
          }
        }
      }
    }
  }
}
