import Glibc
import InferenceIR
import TensorTypes

extension OperatorTable {
  /// Fourier transforms, as products with constant matrices, and what goes with them.
  static let signals: [String: Conversion] = [
    "BlackmanWindow": window { phase in 0.42 - 0.5 * cos(phase) + 0.08 * cos(2 * phase) },
    "HammingWindow": window { phase in 25.0 / 46 - 21.0 / 46 * cos(phase) },
    "HannWindow": window { phase in 0.5 - 0.5 * cos(phase) },
    "DFT": dft,
    "STFT": stft,
    "MelWeightMatrix": melWeightMatrix,
  ]

  /// BlackmanWindow, HammingWindow and HannWindow (17): a function of the phase `2 pi n / N`.
  private static func window(_ value: @escaping @Sendable (Double) -> Double) -> Conversion {
    { (importer, call) throws(ImportError) in
      let size = try importer.knownInt(try call.operand(0), "a window's size", call)
      let element = try outputElement(&call)
      let period = try call.bool("periodic", true) ? size : size - 1
      guard (0...1 << 24).contains(size) else { throw call.fail(.limit("a window of \(size)")) }
      let numbers = (0..<size).map { value(2 * Double.pi * Double($0) / Double(max(period, 1))) }
      return [importer.constant(Constant(element, [size], rounding: numbers), call)]
    }
  }

  private static func outputElement(_ call: inout Call) throws(ImportError) -> ElementType {
    let code = Int64(try call.int("output_datatype", 1))
    guard let element = OnnxElement.element(code), element.isFloat || element.isInteger else {
      throw call.fail(.unsupportedElement(OnnxElement.name(code)))
    }
    return element
  }

  /// DFT (17: axis is an attribute, 20: an operand) over an axis of `[…, 1]` real or `[…, 2]` complex numbers.
  private static let dft: Conversion = { (importer, call) throws(ImportError) in
    let x = try call.operand(0)
    let rank = importer.shape(of: x).rank
    var axis = try call.version < 20 ? call.int("axis", 1) : -2
    if call.version >= 20, let operand = call.optional(2) { axis = try importer.knownInt(operand, "an axis", call) }
    let inverse = try call.bool("inverse", false)
    let onesided = try call.bool("onesided", false)
    let length = try call.optional(1).map { (id) throws(ImportError) in
      try importer.knownInt(id, "a transform's length", call)
    }
    axis = try importer.axis(axis, rank: rank, call)
    guard axis < rank - 1 else { throw call.fail(.invalid("axis \(axis) holds the parts of complex numbers")) }
    let transform = Fourier(inverse: inverse, onesided: onesided, length: length)
    return [try transform.convert(x, axis, &importer, call)]
  }

  /// STFT (17): a transform of every windowed frame, `[batch, frames, bins, 2]`.
  private static let stft: Conversion = { (importer, call) throws(ImportError) in
    var x = try call.operand(0)
    let shape = importer.shape(of: x)
    let step = try importer.knownInt(try call.operand(1), "a frame step", call)
    let onesided = try call.bool("onesided", true)
    let window = call.optional(2)
    var length = window.flatMap { importer.shape(of: $0).elementCount.constant }
    if let operand = call.optional(3) { length = try importer.knownInt(operand, "a frame length", call) }
    guard shape.rank == 3, let samples = shape[1].constant, samples <= 1 << 24 else {
      throw call.fail(.unsupported("a signal of \(shape), whose length must be fixed"))
    }
    let size = length ?? samples
    guard size > 0, size <= samples, step > 0 else {
      throw call.fail(.invalid("frames of \(size) every \(step) of \(samples) samples"))
    }
    let frames = 1 + (samples - size) / step
    guard frames * size <= 1 << 24 else { throw call.fail(.limit("\(frames) frames of \(size)")) }
    let places = (0..<frames).flatMap { frame in (0..<size).map { Int64(frame * step + $0) } }
    let table = importer.constant(Constant(.i64, [frames, size], places), call)
    x = try importer.emit(.gather(axis: 1, negative: .fromEnd), x, table, for: call)
    if let window {
      x = try importer.binary(.multiply, x, try importer.reshaped(window, [Dim(size), 1], call), call)
    }
    return [try Fourier(inverse: false, onesided: onesided, length: nil).convert(x, 2, &importer, call)]
  }

  /// MelWeightMatrix (17): triangles over the bins of a spectrum, evenly spaced in mel.
  private static let melWeightMatrix: Conversion = { (importer, call) throws(ImportError) in
    func number(_ index: Int, _ what: String) throws(ImportError) -> Double {
      let numbers = try importer.knownNumbers(try call.operand(index), what, call)
      guard numbers.count == 1 else { throw call.fail(.invalid("\(what) is not one number")) }
      return numbers[0]
    }
    let (bands, length) = (try number(0, "a number of bands"), try number(1, "a transform's length"))
    let rate = try number(2, "a sample rate")
    let (low, high) = (try number(3, "a lower edge"), try number(4, "an upper edge"))
    let element = try outputElement(&call)
    guard bands >= 1, bands <= 4096, length >= 1, length <= 1_048_576, rate > 0, low >= 0, high > low else {
      throw call.fail(.invalid("\(bands) bands of \(length) samples at \(rate), from \(low) to \(high)"))
    }
    let (columns, rows) = (Int(bands), Int(length) / 2 + 1)
    func mel(_ frequency: Double) -> Double { 2595 * log10(1 + frequency / 700) }
    let step = (mel(high) - mel(low)) / (bands + 2)
    let bins = (0..<(columns + 2)).map { band -> Double in
      let frequency = 700 * (pow(10, (mel(low) + Double(band) * step) / 2595) - 1)
      return ((length + 1) * frequency / rate).rounded(.down)
    }
    guard bins.allSatisfy({ $0 >= 0 && $0 < Double(rows) }) else {
      throw call.fail(.invalid("an upper edge of \(high) at a sample rate of \(rate)"))
    }
    let edges = bins.map { Int($0) }
    var matrix = [Double](repeating: 0, count: rows * columns)
    for band in 0..<columns {
      let (left, centre, right) = (edges[band], edges[band + 1], edges[band + 2])
      if left == centre { matrix[centre * columns + band] = 1 }
      for row in left..<max(centre, left) {
        matrix[row * columns + band] = Double(row - left) / Double(centre - left)
      }
      if left != centre { matrix[centre * columns + band] = 1 }
      for row in centre..<max(right, centre) {
        matrix[row * columns + band] = Double(right - row) / Double(right - centre)
      }
    }
    return [importer.constant(Constant(element, [rows, columns], rounding: matrix), call)]
  }
}

/// A discrete Fourier transform of fixed length along one axis.
private struct Fourier {
  let inverse: Bool
  let onesided: Bool
  /// That of the axis when nil.
  let length: Int?

  /// `x` has the parts of complex numbers along its last axis. The result is real for the one-sided inverse.
  func convert(_ x: ValueID, _ axis: Int, _ importer: inout Importer, _ call: Call) throws(ImportError) -> ValueID {
    let shape = importer.shape(of: x)
    guard let given = shape[axis].constant, let parts = shape.dims.last?.constant, parts == 1 || parts == 2,
      importer.element(of: x).isFloat
    else { throw call.fail(.unsupported("a transform along axis \(axis) of \(importer.type(of: x))")) }
    let isReal = inverse && onesided
    let count = length ?? (isReal ? 2 * (given - 1) : given)
    guard count > 0, count <= 1 << 16, given * count <= 1 << 22 else {
      throw call.fail(.limit("a transform of \(given) elements to length \(count)"))
    }
    guard !(onesided && !inverse && parts == 2) else { throw call.fail(.invalid("one side of a complex signal")) }
    let bins = onesided && !inverse ? count / 2 + 1 : count
    let results = isReal ? 1 : 2
    // Terms cancel where a spectrum is empty: sums in f64 leave that empty in f32.
    let matrix = Constant(
      .f64, [given * parts, bins * results],
      rounding: weights(given, parts, count, bins, results))

    // The axis and the parts to the end, where they make one row.
    let last = shape.rank - 1
    let order = shape.dims.indices.filter { $0 != axis && $0 != last } + [axis, last]
    let wide = try importer.converted(x, to: .f64, call)
    let moved = try importer.emit(.transpose(order), wide, for: call)
    let outer = order.dropLast(2).map { shape[$0] }
    let rows = try importer.reshaped(moved, [outer.reduce(Dim(1), *), Dim(given * parts)], call)
    let product = try importer.emit(
      .matmul(transposeA: false, transposeB: false), rows, importer.constant(matrix, call), for: call)
    let sums = try importer.converted(product, to: importer.element(of: x), call)
    let whole = try importer.reshaped(sums, Shape(outer + [Dim(bins), Dim(results)]), call)
    var back = [Int](repeating: 0, count: shape.rank)
    for (at, source) in order.enumerated() { back[source] = at }
    return try importer.emit(.transpose(back), whole, for: call)
  }

  /// Row `n * parts + p`, column `k * results + r`: what part p of element n adds to part r of result k.
  private func weights(_ given: Int, _ parts: Int, _ count: Int, _ bins: Int, _ results: Int) -> [Double] {
    var matrix = [Double](repeating: 0, count: given * parts * bins * results)
    let isReal = inverse && onesided
    // Elements beyond the length are cut off; a one-sided spectrum stands for its mirror image as well.
    let used = min(given, isReal ? count / 2 + 1 : count)
    for n in 0..<used {
      let mirrored = isReal && n != 0 && 2 * n != count
      let scale = (inverse ? 1 / Double(count) : 1) * (mirrored ? 2 : 1)
      for k in 0..<bins {
        // The product wraps before it loses digits.
        let angle = 2 * Double.pi * Double(n * k % count) / Double(count) * (inverse ? 1 : -1)
        let (real, imaginary) = (scale * cos(angle), scale * sin(angle))
        for p in 0..<parts {
          let row = (n * parts + p) * bins * results + k * results
          matrix[row] = p == 0 ? real : -imaginary
          if results == 2 { matrix[row + 1] = p == 0 ? imaginary : real }
        }
      }
    }
    return matrix
  }
}
