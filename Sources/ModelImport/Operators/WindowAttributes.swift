import InferenceIR
import TensorTypes

/// The attributes that Conv and the pools share.
struct WindowAttributes {
  var size: [Int]
  var strides: [Int]
  var dilations: [Int]
  /// Given pads, all before first; nil when `automatic` decides.
  var pads: [Int]?
  var automatic: Automatic

  enum Automatic {
    /// No padding.
    case valid
    /// As many windows as `ceil(extent / stride)`; an odd pad goes to the end (upper) or to the start.
    case same(upper: Bool)
  }

  /// - Parameter size: the window's size where weights tell it; `kernel_shape` must then agree.
  init(_ call: inout Call, rank: Int, size known: [Int]? = nil) throws(ImportError) {
    let given = try call.ints("kernel_shape")
    guard let size = known ?? given, size.count == rank else {
      throw call.fail(.invalid("kernel_shape \(given ?? []) for \(rank) spatial axes"))
    }
    if let given, given != size { throw call.fail(.invalid("kernel_shape \(given), and weights of \(size)")) }
    let ones = [Int](repeating: 1, count: rank)
    self.size = size
    strides = try call.ints("strides") ?? ones
    dilations = try call.ints("dilations") ?? ones
    pads = try call.ints("pads")
    let mode = try call.string("auto_pad", "NOTSET")
    switch mode {
    case "NOTSET": automatic = .valid
    case "VALID":
      automatic = .valid
      pads = nil
    case "SAME_UPPER", "SAME_LOWER":
      automatic = .same(upper: mode == "SAME_UPPER")
      pads = nil
    default: throw call.fail(.invalid("auto_pad = \"\(mode)\""))
    }
    guard strides.count == rank, dilations.count == rank, pads.map({ $0.count == 2 * rank }) ?? true else {
      throw call.fail(
        .invalid("strides \(strides), dilations \(dilations), pads \(pads ?? []) for \(rank) spatial axes"))
    }
    let all = size + strides + dilations + (pads ?? [])
    guard all.allSatisfy({ $0.magnitude < 1 << 31 }), (size + strides + dilations).allSatisfy({ $0 >= 1 }) else {
      throw call.fail(.invalid("window \(size), strides \(strides), dilations \(dilations), pads \(pads ?? [])"))
    }
  }

  /// The window over spatial axes of these extents.
  func window(over extents: [Dim], _ call: Call) throws(ImportError) -> Window {
    var window = Window(size: size)
    (window.strides, window.dilations) = (strides, dilations)
    if let pads {
      (window.before, window.after) = (Array(pads[..<size.count]), Array(pads[size.count...]))
      return window
    }
    guard case .same(let upper) = automatic else { return window }
    for axis in size.indices {
      let stride = strides[axis]
      let total: Int
      if let extent = extents[axis].constant {
        total = max(((extent + stride - 1) / stride - 1) * stride + window.extent(axis) - extent, 0)
      } else if stride == 1 {
        total = window.extent(axis) - 1
      } else {
        throw call.fail(.unsupported("auto_pad over a symbolic axis \(extents[axis]) with stride \(stride)"))
      }
      window.before[axis] = upper ? total / 2 : total - total / 2
      window.after[axis] = total - window.before[axis]
    }
    return window
  }

  /// Positions behind the padding that the last window reaches with ceil_mode: a window that would begin there is
  /// left out.
  func excess(_ window: Window, over extents: [Dim], _ call: Call) throws(ImportError) -> [Int] {
    var excess = [Int](repeating: 0, count: size.count)
    for axis in size.indices where strides[axis] > 1 {
      guard let extent = extents[axis].constant else {
        throw call.fail(.unsupported("ceil_mode over a symbolic axis \(extents[axis])"))
      }
      let stride = strides[axis]
      let room = extent + window.before[axis] + window.after[axis] - window.extent(axis)
      guard room > 0 else { continue }
      let last = (room + stride - 1) / stride
      if last * stride < extent + window.before[axis] { excess[axis] = last * stride - room }
    }
    return excess
  }
}
