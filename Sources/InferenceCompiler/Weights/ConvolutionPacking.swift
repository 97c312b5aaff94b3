import InferenceIR

/// How weights `[maps, width, size…]` of a convolution stand for tiles: `[group][panel][tap][channel][16]`, with a last
/// panel of 8 maps where at most 8 are left. Maps that do not exist are zero.
struct ConvolutionPacking: Hashable, Sendable {
  let groups: Int
  /// Maps of one group.
  let maps: Int
  /// Channels of one group.
  let width: Int
  let taps: Int

  var fullPanels: Int { maps / 16 }
  /// Maps of the last panel.
  var rest: Int { maps % 16 }
  /// Elements of one group.
  var groupCount: Int { (fullPanels * 16 + (rest > 8 ? 16 : rest > 0 ? 8 : 0)) * width * taps }
  var byteCount: Int { groups * groupCount * 4 }

  func fill(_ target: UnsafeMutableRawBufferPointer, from constant: Constant) {
    let source = constant.data.bytes
    var at = 0
    for group in 0..<groups {
      for first in stride(from: 0, to: maps, by: 16) {
        let columns = maps - first > 8 ? 16 : 8
        for tap in 0..<taps {
          for channel in 0..<width {
            for column in first..<first + columns {
              let from = ((group * maps + column) * width + channel) * taps + tap
              let bits: UInt32 = column < maps ? source.loadUnaligned(fromByteOffset: from * 4, as: UInt32.self) : 0
              target.storeBytes(of: bits, toByteOffset: at, as: UInt32.self)
              at += 4
            }
          }
        }
      }
    }
  }
}

/// Weights `[channels, 1, size…]` of a depthwise convolution as `[tap][channel]`; channels are padded with zeros to a
/// multiple of 16.
struct DepthwisePacking {
  let constant: Constant

  var channels: Int { constant.shape[0] }
  var taps: Int { constant.shape.dropFirst(2).reduce(1, *) }
  static func padded(_ channels: Int) -> Int { (channels + 15) / 16 * 16 }
  var byteCount: Int { taps * Self.padded(channels) * 4 }

  func fill(_ target: UnsafeMutableRawBufferPointer) {
    let source = constant.data.bytes
    let padded = Self.padded(channels)
    for tap in 0..<taps {
      for channel in 0..<padded {
        let from = (channel * taps + tap) * 4
        let bits: UInt32 = channel < channels ? source.loadUnaligned(fromByteOffset: from, as: UInt32.self) : 0
        target.storeBytes(of: bits, toByteOffset: (tap * padded + channel) * 4, as: UInt32.self)
      }
    }
  }
}
