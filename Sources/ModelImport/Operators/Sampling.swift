import InferenceIR
import TensorTypes

extension OperatorTable {
  /// Operators that read between pixels, at places that are known at run time.
  static let sampling: [String: Conversion] = [
    "AffineGrid": affineGrid,
    "GridSample": { (importer, call) throws(ImportError) in
      [try GridSample(importer, &call).convert(&importer, call)]
    },
    "RoiAlign": roiAlign,
  ]

  /// AffineGrid (20): normalised coordinates of every pixel, times theta. Coordinates are in the order x, y, (z).
  private static let affineGrid: Conversion = { (importer, call) throws(ImportError) in
    let theta = try call.operand(0)
    let sizes = try importer.knownInts(try call.operand(1), "a size", call)
    let aligns = try call.bool("align_corners", false)
    let shape = importer.shape(of: theta)
    let spatial = Array(sizes.dropFirst(2))
    guard shape.rank == 3, [2, 3].contains(spatial.count), shape[1] == Dim(spatial.count),
      shape[2] == Dim(spatial.count + 1), spatial.allSatisfy({ $0 > 0 && $0 < 1 << 20 }),
      spatial.reduce(1, *) <= 1 << 26
    else { throw call.fail(.shape("theta of \(shape) for a size of \(sizes)")) }
    // The reference divides by 0 for one aligned pixel; its only place is the middle.
    let lines = spatial.map { count in
      (0..<count).map { index -> Double in
        let (place, size) = (Double(index), Double(count))
        if aligns { return count == 1 ? 0 : 2 * place / (size - 1) - 1 }
        return (2 * place + 1) / size - 1
      }
    }
    var rows: [Double] = []
    for pixel in 0..<spatial.reduce(1, *) {
      var rest = pixel
      for axis in spatial.indices.reversed() {
        rows.append(lines[axis][rest % spatial[axis]])
        rest /= spatial[axis]
      }
      rows.append(1)
    }
    let element = importer.element(of: theta)
    let count = spatial.reduce(1, *)
    let pixels = importer.constant(Constant(element, [count, spatial.count + 1], rounding: rows), call)
    let places = try importer.emit(.matmul(transposeA: false, transposeB: true), pixels, theta, for: call)
    return [try importer.reshaped(places, Shape([shape[0]] + spatial.map { Dim($0) } + [shape[1]]), call)]
  }

  /// RoiAlign (10, 16, 22): every bin of a region is the mean (or the maximum) of a fixed number of samples.
  private static let roiAlign: Conversion = { (importer, call) throws(ImportError) in
    let (x, regions, batches) = (try call.operand(0), try call.operand(1), try call.operand(2))
    let shape = importer.shape(of: x)
    let mode = try call.string("mode", "avg")
    let (height, width) = (try call.int("output_height", 1), try call.int("output_width", 1))
    let samples = try call.int("sampling_ratio", 0)
    let scale = try call.float("spatial_scale", 1)
    let isHalf =
      try call.string("coordinate_transformation_mode", call.version >= 16 ? "half_pixel" : "output_half_pixel")
      == "half_pixel"
    guard samples > 0 else {
      throw call.fail(.unsupported("sampling_ratio = 0, which lets the regions decide the number of samples"))
    }
    guard shape.rank == 4, let rows = shape[2].constant, let columns = shape[3].constant, rows > 0, columns > 0,
      mode == "avg" || mode == "max", (1..<1 << 12).contains(height), (1..<1 << 12).contains(width), samples < 1 << 8
    else { throw call.fail(.unsupported("x of shape \(shape), mode \"\(mode)\", \(height) x \(width) bins")) }
    let element = importer.element(of: x)
    let count = importer.shape(of: regions)[0]

    /// Along one axis: the two elements around every sample, their weights, as `[regions, bins * samples]`.
    func line(
      _ start: Int, _ bins: Int, _ size: Int,
    ) throws(ImportError) -> (low: ValueID, high: ValueID, lowWeight: ValueID, highWeight: ValueID) {
      func edge(_ column: Int) throws(ImportError) -> ValueID {
        let part = try importer.emit(.slice(axis: 1, start: Dim(column), length: 1, step: 1), regions, for: call)
        return try importer.emit(.value(part) * .number(scale) - (isHalf ? 0.5 : 0), element, call)
      }
      let (first, last) = (try edge(start), try edge(start + 2))
      var length: Formula = .value(last) - .value(first)
      if !isHalf { length = .binary(.maximum, length, 1) }
      let steps = (0..<bins * samples).map { (Double($0) + 0.5) / Double(samples) }
      let offsets = importer.constant(Constant(element, [1, steps.count], rounding: steps), call)
      let place = try importer.emit(
        .value(first) + .value(offsets) * (length / .number(Double(bins))), element, call)
      let isInside = try importer.emit(
        (.value(place) >= -1).and(.value(place) <= .number(Double(size))), element, call)
      let inside = try importer.emit(.value(place).clamped(0, Double(size - 1)), element, call)
      let low = try importer.emit(.unary(.floor, .value(inside)), element, call)
      let fraction = try importer.emit(.value(inside) - .value(low), element, call)
      let high = try importer.emit(.binary(.minimum, .value(low) + 1, .number(Double(size - 1))), element, call)
      return (
        try importer.converted(low, to: .i64, call), try importer.converted(high, to: .i64, call),
        try importer.emit(.choice(.value(isInside), 1 - .value(fraction), 0), element, call),
        try importer.emit(.choice(.value(isInside), .value(fraction), 0), element, call)
      )
    }
    let (y, z) = (try line(1, height, rows), try line(0, width, columns))
    // Pixels as rows of channels.
    let pixels = try importer.reshaped(
      try importer.emit(.transpose([0, 2, 3, 1]), x, for: call), [shape[0] * Dim(rows * columns), shape[1]], call)
    let (down, across) = (Dim(height * samples), Dim(width * samples))
    let first = try importer.reshaped(try importer.converted(batches, to: .i64, call), [count, 1, 1], call)
    func corner(
      _ row: ValueID, _ column: ValueID, _ rowWeight: ValueID, _ columnWeight: ValueID,
    ) throws(ImportError) -> ValueID {
      let (p, q) = (
        try importer.reshaped(row, [count, down, 1], call), try importer.reshaped(column, [count, 1, across], call)
      )
      let place = try importer.emit(
        (.value(first) * .number(Double(rows)) + .value(p)) * .number(Double(columns)) + .value(q), .i64, call)
      let picked = try importer.emit(.gather(axis: 0, negative: .fromEnd), pixels, place, for: call)
      let (a, b) = (
        try importer.reshaped(rowWeight, [count, down, 1, 1], call),
        try importer.reshaped(columnWeight, [count, 1, across, 1], call)
      )
      return try importer.emit(.value(picked) * (.value(a) * .value(b)), element, call)
    }
    let corners = [
      try corner(y.low, z.low, y.lowWeight, z.lowWeight), try corner(y.low, z.high, y.lowWeight, z.highWeight),
      try corner(y.high, z.low, y.highWeight, z.lowWeight), try corner(y.high, z.high, y.highWeight, z.highWeight),
    ]
    var sampled = corners[0]
    for next in corners.dropFirst() {
      sampled = try importer.binary(mode == "avg" ? .add : .maximum, sampled, next, call)
    }
    let bins = try importer.reshaped(
      sampled, [count, Dim(height), Dim(samples), Dim(width), Dim(samples), shape[1]], call)
    let pooled = try importer.emit(
      .reduce(mode == "avg" ? .mean : .maximum, axes: [2, 4], keepDims: false), bins, for: call)
    return [try importer.emit(.transpose([0, 3, 1, 2]), pooled, for: call)]
  }
}
