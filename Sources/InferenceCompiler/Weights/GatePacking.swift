import InferenceIR

/// A constant f32 matrix `[gate][unit][k]` in panels of 16 units: `[gate][panel][k][16]`. Lanes beyond a gate's last unit
/// are zero.
struct GatePacking {
  let constant: Constant
  let count: Int

  init(_ constant: Constant, count: Int) {
    self.constant = constant
    self.count = count
  }

  private var units: Int { constant.shape[0] / count }
  private var depth: Int { constant.shape[1] }
  var byteCount: Int { count * ((units + 15) / 16 * 16) * depth * 4 }

  func fill(_ target: UnsafeMutableRawBufferPointer) {
    let source = constant.data.bytes
    let (units, depth) = (units, depth)
    var place = 0
    for gate in 0..<count {
      for first in stride(from: 0, to: units, by: 16) {
        for k in 0..<depth {
          for unit in first..<first + 16 {
            let at = (gate * units + unit) * depth + k
            let value = unit < units ? source.loadUnaligned(fromByteOffset: at * 4, as: UInt32.self) : 0
            target.storeBytes(of: value, toByteOffset: place, as: UInt32.self)
            place += 4
          }
        }
      }
    }
  }
}
