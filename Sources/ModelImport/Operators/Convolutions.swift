import InferenceIR
import TensorTypes

extension OperatorTable {
  static let convolutions: [String: Conversion] = [
    "CausalConvWithState": causalConvolution,
    "Col2Im": columnsToImage,
    "Conv": { (importer, call) throws(ImportError) in
      let (x, w) = (try call.operand(0), try call.operand(1))
      return [try convolution(x, w, bias: call.optional(2), &importer, &call)]
    },
    "ConvTranspose": transposedConvolution,
    "DeformConv": deformableConvolution,
  ]

  /// A convolution of x with weights, with the attributes of Conv.
  static func convolution(
    _ x: ValueID, _ w: ValueID, bias: ValueID?, _ importer: inout Importer, _ call: inout Call,
  ) throws(ImportError) -> ValueID {
    let extents = try spatial(importer.shape(of: x), call)
    let attributes = try WindowAttributes(
      &call, rank: extents.count, size: try windowSize(w, extents.count, importer, call))
    let groups = try call.int("group", 1)
    let op = Convolution(window: try attributes.window(over: extents, call), groups: groups)
    return try importer.emitAll(.convolution(op), [x, w] + (bias.map { [$0] } ?? []), for: call)[0]
  }

  /// The spatial axes of weights.
  static func windowSize(
    _ w: ValueID, _ rank: Int, _ importer: Importer, _ call: Call,
  ) throws(ImportError) -> [Int] {
    let shape = importer.shape(of: w)
    let size = shape.dims.dropFirst(2).compactMap(\.constant)
    guard shape.rank == rank + 2, size.count == rank else {
      throw call.fail(.shape("weights have shape \(shape), for \(rank) spatial axes"))
    }
    return size
  }

  /// The gradient of a convolution: a convolution of x, with `strides - 1` gaps between its elements, with the mirrored
  /// weights.
  private static let transposedConvolution: Conversion = { (importer, call) throws(ImportError) in
    let (x, w) = (try call.operand(0), try call.operand(1))
    let extents = try spatial(importer.shape(of: x), call)
    let rank = extents.count
    let attributes = try WindowAttributes(&call, rank: rank, size: try windowSize(w, rank, importer, call))
    let groups = try call.int("group", 1)
    let spare = try call.ints("output_padding") ?? [Int](repeating: 0, count: rank)
    let wanted = try call.ints("output_shape")
    guard spare.count == rank, wanted.map({ $0.count == rank || $0.count == rank + 2 }) ?? true,
      (spare + (wanted ?? [])).allSatisfy({ $0 >= 0 && $0 < 1 << 31 })
    else { throw call.fail(.invalid("output_padding \(spare), output_shape \(wanted ?? []) for \(rank) spatial axes")) }
    var pads = attributes.pads ?? [Int](repeating: 0, count: 2 * rank)
    var isUpper = false
    var fitting: [Int]?
    if let wanted {
      fitting = Array(wanted.suffix(rank))
      if case .same(let upper) = attributes.automatic { isUpper = upper }
    } else if case .same(let upper) = attributes.automatic {
      isUpper = upper
      let known = extents.compactMap(\.constant)
      guard known.count == rank else { throw call.fail(.unsupported("auto_pad over symbolic axes \(extents)")) }
      fitting = zip(known, attributes.strides).map { $0 * $1 }
    }
    if let fitting {
      for axis in 0..<rank {
        guard let extent = extents[axis].constant else {
          throw call.fail(.unsupported("an output_shape over a symbolic axis \(extents[axis])"))
        }
        let whole =
          attributes.strides[axis] * (extent - 1) + spare[axis] + (attributes.size[axis] - 1)
          * attributes.dilations[axis]
          + 1
        let total = whole - fitting[axis]
        // Half of a negative total rounds down: what is added stands at the end.
        pads[axis] = isUpper ? total >> 1 : total - (total >> 1)
        pads[rank + axis] = total - pads[axis]
      }
    }
    let transposed = Transposed(
      size: attributes.size, strides: attributes.strides, dilations: attributes.dilations, pads: pads, spare: spare)
    return [try transposed.convolution(x, w, bias: call.optional(2), groups: groups, &importer, call)]
  }

  /// Sums of blocks, written back to where an image's blocks were read from: a transposed convolution whose weights
  /// send every element of a block to its place.
  private static let columnsToImage: Conversion = { (importer, call) throws(ImportError) in
    let x = try call.operand(0)
    let image = try importer.knownInts(try call.operand(1), "the shape of an image", call)
    let block = try importer.knownInts(try call.operand(2), "the shape of a block", call)
    let rank = image.count
    let ones = [Int](repeating: 1, count: rank)
    let (strides, dilations) = (try call.ints("strides") ?? ones, try call.ints("dilations") ?? ones)
    let pads = try call.ints("pads") ?? [Int](repeating: 0, count: 2 * rank)
    let shape = importer.shape(of: x)
    guard rank >= 1, block.count == rank, strides.count == rank, dilations.count == rank, pads.count == 2 * rank,
      (image + block + strides + dilations).allSatisfy({ $0 >= 1 && $0 < 1 << 31 }),
      pads.allSatisfy({ $0 >= 0 && $0 < 1 << 31 }), shape.rank == 3, block.reduce(1.0, { $0 * Double($1) }) <= 4096
    else { throw call.fail(.invalid("x \(shape), image \(image), blocks of \(block)")) }
    let count = block.reduce(1, *)
    guard let channels = shape[1].dividedExactly(by: Dim(count)) else {
      throw call.fail(.shape("x has \(shape[1]) rows, blocks have \(count) elements"))
    }
    var blocks: [Int] = []
    var spare: [Int] = []
    for axis in 0..<rank {
      let room = image[axis] + pads[axis] + pads[rank + axis] - (block[axis] - 1) * dilations[axis] - 1
      guard room >= 0 else { throw call.fail(.shape("blocks of \(block) do not fit an image of \(image)")) }
      blocks.append(room / strides[axis] + 1)
      spare.append(room % strides[axis])
    }
    let rows = try importer.reshaped(x, Shape([shape[0] * channels, Dim(count)] + blocks.map { Dim($0) }), call)
    let element = importer.element(of: x)
    let places = (0..<count * count).map { $0 / count == $0 % count ? 1.0 : 0.0 }
    let weights = importer.constant(Constant(element, [count, 1] + block, rounding: places), call)
    let transposed = Transposed(size: block, strides: strides, dilations: dilations, pads: pads, spare: spare)
    let images = try transposed.convolution(rows, weights, bias: nil, groups: 1, &importer, call)
    return [try importer.reshaped(images, Shape([shape[0], channels] + image.map { Dim($0) }), call)]
  }

  /// A depthwise convolution over positions up to the current one; what the next call needs of them is the state.
  private static let causalConvolution: Conversion = { (importer, call) throws(ImportError) in
    let (x, w) = (try call.operand(0), try call.operand(1))
    let (shape, weights) = (importer.shape(of: x), importer.shape(of: w))
    let activation = try call.string("activation", "none")
    guard shape.rank == 3, weights.rank == 3, let channels = weights[0].constant, let size = weights[2].constant,
      size >= 1
    else { throw call.fail(.shape("x has shape \(shape), the weights \(weights)")) }
    let state = Shape([shape[0], Dim(channels), Dim(size - 1)])
    let element = importer.element(of: x)
    let past: ValueID
    if let given = call.optional(3) {
      past = given
    } else {
      past = try importer.expanded(importer.scalar(0, element, call), state, call)
    }
    let all = size == 1 ? x : try importer.emit(.concat(axis: 2), past, x, for: call)
    let op = Convolution(window: Window(size: [size]), groups: channels)
    let bias = call.optional(2).map { [$0] } ?? []
    var y = try importer.emitAll(.convolution(op), [all, w] + bias, for: call)[0]
    switch activation {
    case "none": break
    case "silu", "swish": y = try importer.unary(.silu, y, call)
    default: throw call.fail(.invalid("activation = \"\(activation)\""))
    }
    let present = try importer.emit(.slice(axis: 2, start: shape[2], length: Dim(size - 1), step: 1), all, for: call)
    return [y, present]
  }
}

/// A transposed convolution in ONNX's terms.
private struct Transposed {
  let size: [Int]
  let strides: [Int]
  let dilations: [Int]
  let pads: [Int]
  /// Further elements at the end of each axis.
  let spare: [Int]

  /// - Parameter w: `[channels, maps / groups, size…]`.
  func convolution(
    _ x: ValueID, _ w: ValueID, bias: ValueID?, groups: Int, _ importer: inout Importer, _ call: Call,
  ) throws(ImportError) -> ValueID {
    let shape = importer.shape(of: w)
    guard groups >= 1, let channels = shape[0].constant, let maps = shape[1].constant, channels % groups == 0 else {
      throw call.fail(.shape("weights \(shape) do not divide into \(groups) groups"))
    }
    var mirrored = w
    for axis in size.indices where size[axis] > 1 {
      let last = Dim(size[axis] - 1)
      mirrored = try importer.emit(
        .slice(axis: axis + 2, start: last, length: Dim(size[axis]), step: -1), mirrored, for: call)
    }
    let spatial = size.map { Dim($0) }
    let grouped = Shape([Dim(groups), Dim(channels / groups), Dim(maps)] + spatial)
    mirrored = try importer.reshaped(mirrored, grouped, call)
    mirrored = try importer.emit(.transpose([0, 2, 1] + size.indices.map { $0 + 3 }), mirrored, for: call)
    mirrored = try importer.reshaped(mirrored, Shape([Dim(maps * groups), Dim(channels / groups)] + spatial), call)
    var window = Window(size: size)
    window.dilations = dilations
    for axis in size.indices {
      window.before[axis] = window.extent(axis) - 1 - pads[axis]
      window.after[axis] = window.extent(axis) - 1 - pads[size.count + axis] + spare[axis]
    }
    let op = Convolution(window: window, groups: groups, inputDilations: strides)
    return try importer.emitAll(.convolution(op), [x, mirrored] + (bias.map { [$0] } ?? []), for: call)[0]
  }
}
