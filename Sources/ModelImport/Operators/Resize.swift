import InferenceIR
import TensorTypes

extension OperatorTable {
  static let resizing: [String: Conversion] = [
    "Resize": { (importer, call) throws(ImportError) in [try Resize(importer, &call).convert(&importer, call)] },
    // Upsample (7, 9) is Resize 10 without the name.
    "Upsample": { (importer, call) throws(ImportError) in [try Resize(importer, &call).convert(&importer, call)] },
  ]
}

/// Resize (ai.onnx 10, 11, 13, 18, 19) and Upsample: interpolation along one axis after the other. Sizes are fixed at
/// import, so that every output coordinate is a sum of known elements with known weights.
private struct Resize {
  private let x: ValueID
  private let axes: [Int]
  /// By axis of `axes`.
  private let inputs: [Int]
  private let outputs: [Int]
  private let scales: [Double]
  /// Start and end of the region of interest, for `tf_crop_and_resize`.
  private let regions: [(Double, Double)]
  private let mode: String
  private let nearest: String
  private let coordinates: String
  private let cubic: Double
  private let isAntialiased: Bool
  private let excludesOutside: Bool
  private let outside: Double

  init(_ importer: Importer, _ call: inout Call) throws(ImportError) {
    x = try call.operand(0)
    let isOld = call.version < 11 || call.operation == "Upsample"
    guard call.version >= 7 else { throw call.fail(.unsupported("opset \(call.version), before 7")) }
    mode = try call.string("mode", "nearest")
    coordinates = try call.string("coordinate_transformation_mode", isOld ? "asymmetric" : "half_pixel")
    nearest = try call.string("nearest_mode", isOld ? "floor" : "round_prefer_floor")
    cubic = try call.float("cubic_coeff_a", -0.75)
    isAntialiased = try call.bool("antialias", false)
    excludesOutside = try call.bool("exclude_outside", false)
    outside = try call.float("extrapolation_value", 0)
    let policy = try call.string("keep_aspect_ratio_policy", "stretch")
    let shape = importer.shape(of: x)
    let all = Array(0..<shape.rank)
    let axes = try importer.axes(try call.ints("axes") ?? all, rank: shape.rank, call)
    var inputs: [Int] = []

    func numbers(_ index: Int, _ what: String) throws(ImportError) -> [Double] {
      guard let id = call.optional(index), importer.shape(of: id).elementCount != 0 else { return [] }
      return try importer.knownNumbers(id, what, call)
    }
    var scales = try numbers(isOld ? 1 : 2, "scales")
    if call.version < 9, let given = try call.floats("scales") { scales = given.map { Double($0) } }
    var sizes: [Int] = []
    if !isOld, let id = call.optional(3), importer.shape(of: id).elementCount != 0 {
      sizes = try importer.knownInts(id, "sizes", call)
    }
    let region = coordinates == "tf_crop_and_resize" ? try numbers(1, "a region of interest") : []
    guard (scales.isEmpty ? sizes.count : scales.count) == axes.count, scales.isEmpty || sizes.isEmpty else {
      throw call.fail(.invalid("\(scales.count) scales and \(sizes.count) sizes for \(axes.count) axes"))
    }
    for (at, axis) in axes.enumerated() {
      // An axis that stays as it is may be open.
      let isSame = scales.isEmpty ? shape[axis] == Dim(sizes[at]) : scales[at] == 1
      guard let size = shape[axis].constant ?? (isSame ? 1 : nil), size > 0 else {
        throw call.fail(.unsupported("axis \(axis) of \(shape), which is resized and must be fixed and not empty"))
      }
      inputs.append(size)
    }
    var wanted = sizes.map { Double($0) }
    if scales.isEmpty {
      scales = zip(wanted, inputs).map { size, input in size / Double(input) }
      let common = policy == "not_larger" ? scales.min() : policy == "not_smaller" ? scales.max() : nil
      if let common {
        scales = scales.map { _ in common }
        wanted = inputs.map { (common * Double($0) + 0.5).rounded(.down) }
      } else if policy != "stretch" {
        throw call.fail(.invalid("keep_aspect_ratio_policy is \"\(policy)\""))
      }
    } else {
      wanted = zip(scales, inputs).map { scale, input in (scale * Double(input)).rounded(.down) }
    }
    // The widest window of antialiasing has 4 / scale elements.
    let isModest = axes.indices.allSatisfy { at in
      let (size, scale) = (wanted[at], scales[at])
      if size == Double(inputs[at]) && scale == 1 { return true }
      return size >= 0 && size <= 1_048_576 && (size == 0 || size * (4 / min(scale, 1) + 4) <= 67_108_864)
    }
    guard isModest, region.allSatisfy(\.isFinite) else {
      throw call.fail(.limit("sizes \(wanted), scales \(scales), region \(region)"))
    }
    sizes = wanted.map { Int($0) }
    guard coordinates != "tf_crop_and_resize" || region.count == 2 * axes.count else {
      throw call.fail(.invalid("a region of \(region.count) numbers for \(axes.count) axes"))
    }
    let count = axes.count
    regions = axes.indices.map { region.isEmpty ? (0, 1) : (region[$0], region[$0 + count]) }
    (self.axes, self.inputs, outputs, self.scales) = (axes, inputs, sizes, scales)
  }

  func convert(_ importer: inout Importer, _ call: Call) throws(ImportError) -> ValueID {
    guard ["nearest", "linear", "cubic"].contains(mode) else { throw call.fail(.invalid("mode \"\(mode)\"")) }
    guard mode != "nearest" || !isAntialiased else { throw call.fail(.invalid("antialias with mode nearest")) }
    let element = importer.element(of: x)
    // Whole numbers are interpolated as floating-point numbers and saturated.
    let wide: ElementType = mode == "nearest" || element.isFloat ? element : .f32
    var result = try importer.converted(x, to: wide, call)
    for at in axes.indices {
      let isCropped = regions[at] != (0, 1)
      if scales[at] == 1, inputs[at] == outputs[at] || importer.shape(of: x)[axes[at]].constant == nil, !isCropped {
        continue
      }
      result = try Interpolation(try taps(at, call), from: inputs[at]).convert(
        result, axes[at], outside, &importer, call)
    }
    return try importer.converted(result, to: element, call)
  }

  /// For every output coordinate of an axis the elements that it is made of; none outside the region of interest.
  private func taps(_ at: Int, _ call: Call) throws(ImportError) -> [[Interpolation.Tap]] {
    var all: [[Interpolation.Tap]] = []
    let last = inputs[at] - 1
    for index in 0..<outputs[at] {
      let place = try source(of: Double(index), at, call)
      if coordinates == "tf_crop_and_resize", place < 0 || place > Double(last) {
        all.append([])
        continue
      }
      // A window that begins left of the element before `place`; a whole `place` has the ratio 1 to that.
      let isWhole = place == place.rounded(.down)
      let ratio = isWhole ? 1 : place - place.rounded(.down)
      var weights = try coefficients(ratio, scales[at], call)
      let first = Int(place.rounded(.down)) - weights.count / 2 + (isWhole ? 0 : 1)
      if excludesOutside {
        for tap in weights.indices where !(0...last).contains(first + tap) { weights[tap] = 0 }
        let sum = weights.reduce(0, +)
        weights = weights.map { $0 / (sum == 0 ? 1 : sum) }
      }
      all.append(weights.enumerated().map { .init(index: min(max(first + $0, 0), last), weight: $1) })
    }
    return all
  }

  /// Where an output coordinate lies in the input.
  private func source(of index: Double, _ at: Int, _ call: Call) throws(ImportError) -> Double {
    let (scale, input) = (scales[at], Double(inputs[at]))
    let output = scale * input
    switch coordinates {
    case "align_corners": return output == 1 ? 0 : index * (input - 1) / (output - 1)
    case "asymmetric": return index / scale
    case "half_pixel": return (index + 0.5) / scale - 0.5
    case "pytorch_half_pixel": return output == 1 ? -0.5 : (index + 0.5) / scale - 0.5
    case "half_pixel_symmetric":
      let offset = input / 2 * (1 - Double(outputs[at]) / output)
      return offset + (index + 0.5) / scale - 0.5
    case "tf_crop_and_resize":
      let (start, end) = regions[at]
      let inside = output == 1 ? (end - start) * (input - 1) / 2 : index * (end - start) * (input - 1) / (output - 1)
      return inside + start * (input - 1)
    default: throw call.fail(.invalid("coordinate_transformation_mode is \"\(coordinates)\""))
    }
  }

  /// The weights of the window's elements, an even number of them.
  private func coefficients(_ ratio: Double, _ scale: Double, _ call: Call) throws(ImportError) -> [Double] {
    switch mode {
    case "nearest":
      if ratio == 1 { return [0, 1] }
      switch nearest {
      case "round_prefer_floor": return ratio <= 0.5 ? [1, 0] : [0, 1]
      case "round_prefer_ceil": return ratio < 0.5 ? [1, 0] : [0, 1]
      case "floor": return [1, 0]
      case "ceil": return [0, 1]
      default: throw call.fail(.invalid("nearest_mode is \"\(nearest)\""))
      }
    case "linear":
      // Downsampling widens the triangle.
      let shrink = isAntialiased ? min(scale, 1) : 1
      let first = Int((-1 / shrink).rounded(.down)) + 1
      return normalized((first..<(2 - first)).map { max(0, 1 - abs((Double($0) - ratio) * shrink)) })
    default:
      let shrink = isAntialiased ? min(scale, 1) : 1
      let first = Int((-2 / shrink).rounded(.down)) + 1
      return normalized((first..<(2 - first)).map { keys(abs((Double($0) - ratio) * shrink)) })
    }
  }

  private func normalized(_ weights: [Double]) -> [Double] {
    if !isAntialiased { return weights }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }

  /// Cubic convolution (R. G. Keys 1981).
  private func keys(_ distance: Double) -> Double {
    let a = cubic
    if distance <= 1 { return ((a + 2) * distance - (a + 3)) * distance * distance + 1 }
    return distance < 2 ? ((distance - 5) * distance + 8) * distance * a - 4 * a : 0
  }
}
