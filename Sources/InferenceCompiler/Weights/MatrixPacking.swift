import InferenceIR

/// A constant f32 matrix `[k][n]` (or `[n][k]` when transposed) in panels of 16 columns: `[panel][k][16]`.
struct PanelPacking {
  let constant: Constant
  let isTransposed: Bool
  let format: PanelFormat

  init(_ constant: Constant, isTransposed: Bool, format: PanelFormat) {
    self.constant = constant
    self.isTransposed = isTransposed
    self.format = format
  }

  var depth: Int { constant.shape[isTransposed ? 1 : 0] }
  var columns: Int { constant.shape[isTransposed ? 0 : 1] }
  var byteCount: Int { (columns + 15) / 16 * 16 * depth * format.byteCount }

  func fill(_ target: UnsafeMutableRawBufferPointer) {
    switch format {
    case .f32: fill(target) { _, value in value.bitPattern }
    case .f16: fill(target) { _, value in Float16(value).bitPattern }
    case .bf16: fill(target) { _, value in UInt16(value.bitPattern >> 16) }
    case .int8:
      let scales = ColumnScales(constant, isTransposed: isTransposed).scales
      fill(target) { n, value in Int8(value / scales[n]) }
    }
  }

  /// Columns beyond the last are zero.
  private func fill<T: BitwiseCopyable & ExpressibleByIntegerLiteral>(
    _ target: UnsafeMutableRawBufferPointer, _ packed: (_ n: Int, Float) -> T,
  ) {
    let source = constant.data.bytes
    let (depth, columns) = (depth, columns)
    for panel in 0..<((columns + 15) / 16) {
      for k in 0..<depth {
        for lane in 0..<16 {
          let n = panel * 16 + lane
          let at = isTransposed ? n * depth + k : k * columns + n
          let value: T = n < columns ? packed(n, source.loadUnaligned(fromByteOffset: at * 4, as: Float.self)) : 0
          target.storeBytes(
            of: value, toByteOffset: ((panel * depth + k) * 16 + format.place(lane)) * MemoryLayout<T>.size, as: T.self)
        }
      }
    }
  }
}

/// A constant f32 matrix as one padded row per column: `[n][k]`, k up to a multiple of 16.
struct RowPacking {
  let constant: Constant
  let isTransposed: Bool

  init(_ constant: Constant, isTransposed: Bool) {
    self.constant = constant
    self.isTransposed = isTransposed
  }

  var depth: Int { constant.shape[isTransposed ? 1 : 0] }
  var columns: Int { constant.shape[isTransposed ? 0 : 1] }
  var byteCount: Int { (depth + 15) / 16 * 16 * columns * 4 }

  func fill(_ target: UnsafeMutableRawBufferPointer) {
    let source = constant.data.bytes
    let (depth, columns) = (depth, columns)
    let padded = (depth + 15) / 16 * 16
    for n in 0..<columns {
      for k in 0..<padded {
        let at = isTransposed ? n * depth + k : k * columns + n
        let value: UInt32 = k < depth ? source.loadUnaligned(fromByteOffset: at * 4, as: UInt32.self) : 0
        target.storeBytes(of: value, toByteOffset: (n * padded + k) * 4, as: UInt32.self)
      }
    }
  }
}

/// A constant i16 matrix in panels of 16 columns with two neighbours along k side by side: `[panel][k / 2][16][2]`.
struct PairPacking {
  let constant: Constant
  let isTransposed: Bool

  init(_ constant: Constant, isTransposed: Bool) {
    self.constant = constant
    self.isTransposed = isTransposed
  }

  var depth: Int { constant.shape[isTransposed ? 1 : 0] }
  var columns: Int { constant.shape[isTransposed ? 0 : 1] }
  var byteCount: Int { (columns + 15) / 16 * 16 * ((depth + 1) / 2) * 4 }

  func fill(_ target: UnsafeMutableRawBufferPointer) {
    let source = constant.data.bytes
    let (depth, columns) = (depth, columns)
    let steps = (depth + 1) / 2
    for panel in 0..<((columns + 15) / 16) {
      for k in 0..<steps * 2 {
        for lane in 0..<16 {
          let n = panel * 16 + lane
          let at = isTransposed ? n * depth + k : k * columns + n
          let exists = n < columns && k < depth
          let value: UInt16 = exists ? source.loadUnaligned(fromByteOffset: at * 2, as: UInt16.self) : 0
          let place = ((panel * steps + k / 2) * 16 + lane) * 2 + k % 2
          target.storeBytes(of: value, toByteOffset: place * 2, as: UInt16.self)
        }
      }
    }
  }
}
