import InferenceIR
import TensorTypes

/// GridSample (ai.onnx 16, 20, 22): reads x at normalised places. Around each place 1, 2 or 4 elements an axis are
/// gathered, weighted and added up.
struct GridSample {
  private let x: ValueID
  private let grid: ValueID
  private let mode: String
  private let padding: String
  private let aligns: Bool
  /// Sizes of the axes behind the channels.
  private let sizes: [Int]

  init(_ importer: Importer, _ call: inout Call) throws(ImportError) {
    x = try call.operand(0)
    grid = try call.operand(1)
    // Before opset 20 the modes were named for two dimensions.
    let names = ["bilinear": "linear", "bicubic": "cubic"]
    let given = try call.string("mode", "linear")
    mode = names[given] ?? given
    padding = try call.string("padding_mode", "zeros")
    aligns = try call.bool("align_corners", false)
    let (shape, places) = (importer.shape(of: x), importer.shape(of: grid))
    let sizes = shape.dims.dropFirst(2).compactMap(\.constant)
    self.sizes = sizes
    guard ["nearest", "linear", "cubic"].contains(mode), ["zeros", "border", "reflection"].contains(padding) else {
      throw call.fail(.invalid("mode \"\(mode)\", padding_mode \"\(padding)\""))
    }
    guard importer.element(of: x).isFloat, importer.element(of: grid).isFloat else {
      throw call.fail(.unsupported("x of \(importer.element(of: x)) at places of \(importer.element(of: grid))"))
    }
    guard (1...3).contains(sizes.count), sizes.count == shape.rank - 2, !sizes.contains(0),
      places.rank == shape.rank, places.dims.last == Dim(sizes.count), places[0] == shape[0]
    else { throw call.fail(.shape("x of \(shape), whose pixels must be fixed, at places of \(places)")) }
  }

  func convert(_ importer: inout Importer, _ call: Call) throws(ImportError) -> ValueID {
    let (shape, places) = (importer.shape(of: x), importer.shape(of: grid))
    let element = importer.element(of: grid)
    let (batch, channels) = (shape[0], shape[1])
    let count = places.dims[1..<(places.rank - 1)].reduce(Dim(1), *)
    // Pixels as rows of channels, places as rows of coordinates.
    let flat = try importer.reshaped(x, [batch, channels, Dim(sizes.reduce(1, *))], call)
    let pixels = try importer.emit(.transpose([0, 2, 1]), flat, for: call)
    let rows = try importer.reshaped(grid, [batch, count, Dim(sizes.count)], call)

    /// What has been gathered so far: linear indices and weights (none yet before the first axis).
    var corners: [(index: ValueID?, weight: ValueID?)] = [(nil, nil)]
    for (axis, size) in sizes.enumerated() {
      // The last coordinate belongs to the first axis.
      let column = try importer.emit(
        .slice(axis: 2, start: Dim(sizes.count - 1 - axis), length: 1, step: 1), rows, for: call)
      var next: [(index: ValueID?, weight: ValueID?)] = []
      for tap in try taps(column, size, element, &importer, call) {
        for corner in corners {
          let index = try corner.index.map { (id) throws(ImportError) in
            try importer.emit(.value(id) * .number(Double(size)) + .value(tap.index), .i64, call)
          }
          let weight = try corner.weight.map { (id) throws(ImportError) in
            try tap.weight.map { (other) throws(ImportError) in try importer.binary(.multiply, id, other, call) } ?? id
          }
          next.append((index ?? tap.index, weight ?? tap.weight))
        }
      }
      corners = next
    }
    var total: ValueID?
    for corner in corners {
      guard let index = corner.index else { continue }
      var term = try importer.emit(.gatherND(batchDims: 1), pixels, index, for: call)
      if let weight = corner.weight {
        let converted = try importer.converted(weight, to: importer.element(of: x), call)
        term = try importer.binary(.multiply, term, converted, call)
      }
      total = try total.map { (sum) throws(ImportError) in try importer.binary(.add, sum, term, call) } ?? term
    }
    let sampled = try importer.emit(.transpose([0, 2, 1]), total ?? pixels, for: call)
    return try importer.reshaped(sampled, Shape([batch, channels] + places.dims[1..<(places.rank - 1)]), call)
  }

  /// The elements of an axis that make a sample, by index and weight, each `[batch, places, 1]`.
  private func taps(
    _ column: ValueID, _ size: Int, _ element: ElementType, _ importer: inout Importer, _ call: Call,
  ) throws(ImportError) -> [(index: ValueID, weight: ValueID?)] {
    let (length, last) = (Double(size), Double(size - 1))
    // The border lies in the middle of the outermost elements, or around them.
    let (low, high) = aligns ? (0, last) : (-0.5, length - 0.5)
    var place: Formula =
      aligns ? (.value(column) + 1) / 2 * .number(last) : ((.value(column) + 1) * .number(length) - 1) / 2
    if mode == "nearest" { place = .unary(.round, place) }
    var id = try importer.emit(place, element, call)
    switch padding {
    case "border":
      let isOutside = (.value(id) < .number(low)).or(.value(id) > .number(high))
      id = try importer.emit(.choice(isOutside, .value(id).clamped(0, last), .value(id)), element, call)
    case "reflection": id = try reflected(id, low, high, element, &importer, call)
    default: break
    }
    if mode == "nearest" {
      let (index, isInside) = try pixel(at: .value(id), low, high, last, element, &importer, call)
      let weight = try isInside.map { (inside) throws(ImportError) in
        try importer.emit(.choice(.value(inside), 1, 0), element, call)
      }
      return [(index, weight)]
    }
    let first = try importer.emit(.unary(.floor, .value(id)), element, call)
    let t = Formula.value(try importer.emit(.value(id) - .value(first), element, call))
    let weights = mode == "linear" ? [1 - t, t] : cubic(t)
    var taps: [(index: ValueID, weight: ValueID?)] = []
    for (at, weight) in weights.enumerated() {
      let offset = Double(at - (mode == "linear" ? 0 : 1))
      let (index, isInside) = try pixel(at: .value(first) + .number(offset), low, high, last, element, &importer, call)
      let full = isInside.map { Formula.choice(.value($0), weight, 0) } ?? weight
      taps.append((index, try importer.emit(full, element, call)))
    }
    return taps
  }

  /// The index of a whole place that may lie outside, and whether it lies inside where that matters.
  private func pixel(
    at place: Formula, _ low: Double, _ high: Double, _ last: Double, _ element: ElementType,
    _ importer: inout Importer, _ call: Call,
  ) throws(ImportError) -> (index: ValueID, isInside: ValueID?) {
    var id = try importer.emit(place, element, call)
    var isInside: ValueID?
    if padding == "zeros" {
      isInside = try importer.emit((.value(id) >= 0).and(.value(id) <= .number(last)), element, call)
    } else if padding == "reflection" {
      // Halves come from a border between elements; they are cut off, as the reference does.
      id = try reflected(id, low, high, element, &importer, call)
    }
    let clamped = try importer.emit(.value(id).clamped(0, last), element, call)
    return (try importer.converted(clamped, to: .i64, call), isInside)
  }

  /// Folds a place back at the borders until it lies between them.
  private func reflected(
    _ id: ValueID, _ low: Double, _ high: Double, _ element: ElementType, _ importer: inout Importer, _ call: Call,
  ) throws(ImportError) -> ValueID {
    // One element has no inside to fold into.
    if high <= low { return try importer.emit(.value(id).clamped(low, high), element, call) }
    let span = high - low
    let (below, above) = (.number(low) - Formula.value(id), Formula.value(id) - .number(high))
    let beyond = try importer.emit(.binary(.maximum, below, above), element, call)
    let folds = try importer.emit(.unary(.floor, .value(beyond) / .number(span)), element, call)
    let rest = try importer.emit(.value(beyond) - .value(folds) * .number(span), element, call)
    let isEven = Formula.value(folds) - .unary(.floor, .value(folds) / 2) * 2 == 0
    let isBelow = try importer.emit(.value(id) < .number(low), element, call)
    let startsLow = try importer.emit(.binary(.xor, .value(isBelow), .unary(.not, isEven)), element, call)
    let folded = Formula.choice(.value(startsLow), .number(low) + .value(rest), .number(high) - .value(rest))
    return try importer.emit(.choice(.value(beyond) > 0, folded, .value(id)), element, call)
  }

  /// Cubic convolution with a = -0.75 (R. G. Keys 1981), for the elements at -1, 0, 1 and 2 of `t`.
  private func cubic(_ t: Formula) -> [Formula] {
    let a = -0.75
    func near(_ x: Formula) -> Formula { (.number(a + 2) * x - .number(a + 3)) * x * x + 1 }
    func far(_ x: Formula) -> Formula {
      ((.number(a) * x - .number(5 * a)) * x + .number(8 * a)) * x - .number(4 * a)
    }
    return [far(t + 1), near(t), near(1 - t), far(2 - t)]
  }
}
