import InferenceIR
import TensorTypes

extension OperatorTable {
  /// Deformable convolution over two spatial axes (arXiv 1703.06211, 1811.11168): every element of every window is
  /// read at its own fractional position, bilinearly, zero outside; the products with the weights are one matrix
  /// product a group.
  static let deformableConvolution: Conversion = { (importer, call) throws(ImportError) in
    let (x, w, offset) = (try call.operand(0), try call.operand(1), try call.operand(2))
    let extents = try spatial(importer.shape(of: x), call)
    guard extents.count == 2, let height = extents[0].constant, let width = extents[1].constant else {
      throw call.fail(.unsupported("\(extents.count) spatial axes of \(extents), not two of fixed size"))
    }
    let size = try windowSize(w, 2, importer, call)
    let window = try WindowAttributes(&call, rank: 2, size: size).window(over: extents, call)
    let (groups, parts) = (try call.int("group", 1), try call.int("offset_group", 1))
    let (shape, taps) = (importer.shape(of: x), window.elementCount)
    let element = importer.element(of: x)
    let rows = (height + window.before[0] + window.after[0] - window.extent(0)) / window.strides[0] + 1
    let columns = (width + window.before[1] + window.after[1] - window.extent(1)) / window.strides[1] + 1
    guard rows > 0, columns > 0, parts >= 1, groups >= 1, let channels = shape[1].constant, channels % parts == 0,
      let maps = importer.shape(of: w)[0].constant, channels % groups == 0, maps % groups == 0, height > 0, width > 0
    else { throw call.fail(.shape("x \(shape) in \(groups) groups and \(parts) offset groups")) }
    let count = Dim(taps * rows * columns)

    /// The positions of all window elements along one spatial axis: `[batch, parts, taps * rows * columns]`.
    func positions(_ axis: Int, _ importer: inout Importer) throws(ImportError) -> ValueID {
      let pairs = try importer.reshaped(
        offset, [shape[0], Dim(parts), Dim(taps), 2, Dim(rows * columns)], call)
      let shift = try importer.emit(.slice(axis: 3, start: Dim(axis), length: 1, step: 1), pairs, for: call)
      var regular: [Double] = []
      for tap in 0..<taps {
        let k = axis == 0 ? tap / size[1] : tap % size[1]
        for row in 0..<rows {
          for column in 0..<columns {
            let at = axis == 0 ? row : column
            regular.append(Double(at * window.strides[axis] - window.before[axis] + k * window.dilations[axis]))
          }
        }
      }
      let grid = importer.constant(Constant(element, [taps, 1, rows * columns], rounding: regular), call)
      return try importer.reshaped(
        try importer.binary(.add, shift, grid, call), [shape[0], Dim(parts), count], call)
    }

    let pixels = try importer.reshaped(
      x, [shape[0], Dim(parts), Dim(channels / parts), Dim(height * width)], call)
    let sampled = Shape([shape[0], Dim(parts), Dim(channels / parts), count])
    let corners = (
      try Corners(try positions(0, &importer), below: height, &importer, call),
      try Corners(try positions(1, &importer), below: width, &importer, call)
    )
    let stride = importer.scalar(Double(width), element, call)
    var sum: ValueID?
    for y in 0..<2 {
      for x in 0..<2 {
        let flat = try importer.binary(
          .add, try importer.binary(.multiply, corners.0.places[y], stride, call), corners.1.places[x], call)
        let index = try importer.reshaped(
          try importer.converted(flat, to: .i64, call), [shape[0], Dim(parts), 1, count], call)
        let read = try importer.emit(
          .gatherElements(axis: 3), pixels, try importer.expanded(index, sampled, call), for: call)
        let factor = try importer.reshaped(
          try importer.binary(.multiply, corners.0.factors[y], corners.1.factors[x], call),
          [shape[0], Dim(parts), 1, count], call)
        let term = try importer.binary(.multiply, read, factor, call)
        sum = try sum.map { (sum) throws(ImportError) in try importer.binary(.add, sum, term, call) } ?? term
      }
    }
    guard var values = sum else { throw call.fail(.invalid("it has no corners")) }
    if let mask = call.optional(4) {
      let factor = try importer.reshaped(mask, [shape[0], Dim(parts), 1, count], call)
      values = try importer.binary(.multiply, values, factor, call)
    }
    let depth = channels / groups * taps
    values = try importer.reshaped(values, [shape[0], Dim(groups), Dim(depth), Dim(rows * columns)], call)
    let weights = try importer.reshaped(w, [1, Dim(groups), Dim(maps / groups), Dim(depth)], call)
    let product = try importer.emit(.matmul(transposeA: false, transposeB: false), weights, values, for: call)
    let result = try importer.reshaped(product, [shape[0], Dim(maps), Dim(rows), Dim(columns)], call)
    guard let bias = call.optional(3) else { return [result] }
    return [try importer.binary(.add, result, try importer.reshaped(bias, [Dim(maps), 1, 1], call), call)]
  }
}

/// The two elements beside fractional positions along one axis, and how much of each is taken.
private struct Corners {
  /// Whole numbers within the axis.
  let places: [ValueID]
  /// Zero for what lies outside.
  let factors: [ValueID]

  init(_ position: ValueID, below: Int, _ importer: inout Importer, _ call: Call) throws(ImportError) {
    let element = importer.element(of: position)
    let (zero, one) = (importer.scalar(0, element, call), importer.scalar(1, element, call))
    let last = importer.scalar(Double(below - 1), element, call)
    let floor = try importer.unary(.floor, position, call)
    let fraction = try importer.binary(.subtract, position, floor, call)
    let neighbours = [floor, try importer.binary(.add, floor, one, call)]
    let shares = [try importer.binary(.subtract, one, fraction, call), fraction]
    var (places, factors): ([ValueID], [ValueID]) = ([], [])
    for (place, share) in zip(neighbours, shares) {
      let isInside = try importer.binary(
        .and, try importer.emit(.compare(.greaterOrEqual), place, zero, for: call),
        try importer.emit(.compare(.lessOrEqual), place, last, for: call), call)
      factors.append(try importer.emit(.select, isInside, share, zero, for: call))
      places.append(
        try importer.binary(.minimum, try importer.binary(.maximum, place, zero, call), last, call))
    }
    (self.places, self.factors) = (places, factors)
  }
}
