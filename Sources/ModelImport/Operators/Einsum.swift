import InferenceIR
import TensorTypes

/// Einstein summation as transposes, reshapes, sums and matrix products, two operands at a time.
struct Einsum {
  /// One letter a dimension; dimensions of an ellipsis are the digits "0", "1", … counted from the right.
  private typealias Labels = [Character]

  private var operands: [(id: ValueID, labels: Labels)]
  private let output: Labels

  init(_ equation: String, _ ids: [ValueID], _ importer: inout Importer, _ call: Call) throws(ImportError) {
    let text = equation.filter { $0 != " " }
    let sides = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    let terms = sides[0].split(separator: ",", omittingEmptySubsequences: false)
    guard terms.count == ids.count else {
      throw call.fail(.invalid("equation \"\(equation)\" has \(terms.count) terms for \(ids.count) operands"))
    }
    operands = []
    var ellipsis: Labels = []
    for (term, id) in zip(terms, ids) {
      let rank = importer.shape(of: id).rank
      var (id, labels) = (id, try Self.labels(term, rank: rank, call))
      guard labels.count == rank else {
        throw call.fail(.invalid("term \"\(term)\" of \"\(equation)\" for an operand of rank \(rank)"))
      }
      try Self.takeDiagonals(of: &id, &labels, &importer, call)
      let extra = labels.filter(\.isNumber)
      if extra.count > ellipsis.count { ellipsis = extra }
      operands.append((id, labels))
    }
    if sides.count == 2 {
      guard sides[1].hasPrefix(">") else { throw call.fail(.invalid("equation \"\(equation)\"")) }
      let wanted = sides[1].dropFirst()
      let rank = wanted.replacing("...", with: "").count + (wanted.contains("...") ? ellipsis.count : 0)
      output = try Self.labels(wanted, rank: rank, call)
    } else {
      let all = operands.flatMap(\.labels)
      output = ellipsis + Set(all).filter { label in !label.isNumber && all.count { $0 == label } == 1 }.sorted()
    }
    let known = Set(operands.flatMap(\.labels))
    guard Set(output).count == output.count, output.allSatisfy(known.contains) else {
      throw call.fail(.invalid("the result of equation \"\(equation)\""))
    }
  }

  /// Leaves one axis of those that a term names alike: the two are made the last, and one; every (n + 1)th element of
  /// that lies on the diagonal.
  private static func takeDiagonals(
    of id: inout ValueID, _ labels: inout Labels, _ importer: inout Importer, _ call: Call,
  ) throws(ImportError) {
    while let second = labels.indices.first(where: { labels[..<$0].contains(labels[$0]) }),
      let first = labels.firstIndex(of: labels[second])
    {
      let shape = importer.shape(of: id)
      guard let size = shape[first].constant, shape[second] == shape[first], size > 0 else {
        throw call.fail(.unsupported("the diagonal of \(shape)"))
      }
      let others = labels.indices.filter { $0 != first && $0 != second }
      let moved = try importer.emit(.transpose(others + [first, second]), id, for: call)
      let outer = others.map { shape[$0] }
      let flat = try importer.reshaped(moved, Shape(outer + [Dim(size * size)]), call)
      id = try importer.emit(
        .slice(axis: outer.count, start: 0, length: Dim(size), step: size + 1), flat, for: call)
      labels = others.map { labels[$0] } + [labels[first]]
    }
  }

  private static func labels(_ term: Substring, rank: Int, _ call: Call) throws(ImportError) -> Labels {
    let parts = term.split(separator: "...", omittingEmptySubsequences: false)
    let letters = parts.joined()
    guard parts.count <= 2, letters.allSatisfy({ $0.isLetter && $0.isASCII }) else {
      throw call.fail(.invalid("term \"\(term)\" of the equation"))
    }
    guard parts.count == 2 else { return Array(term) }
    let extra = max(rank - letters.count, 0)
    return Array(parts[0]) + (0..<extra).reversed().map { Character(Unicode.Scalar(UInt8(48 + $0 % 10))) }
      + Array(parts[1])
  }

  func convert(_ importer: inout Importer, _ call: Call) throws(ImportError) -> ValueID {
    var (id, labels) = operands[0]
    for (at, next) in operands.enumerated().dropFirst() {
      let later = Set(operands[(at + 1)...].flatMap(\.labels)).union(output)
      (id, labels) = try contract((id, labels), next, keeping: later, &importer, call)
    }
    id = try summed(&labels, id, keeping: Set(output), &importer, call)
    return try transposed(id, from: labels, to: output, &importer, call)
  }

  /// Sums over the labels that nobody needs any more.
  private func summed(
    _ labels: inout Labels, _ id: ValueID, keeping: Set<Character>, _ importer: inout Importer, _ call: Call,
  ) throws(ImportError) -> ValueID {
    let axes = labels.indices.filter { !keeping.contains(labels[$0]) }
    if axes.isEmpty { return id }
    labels = labels.filter(keeping.contains)
    return try importer.emit(.reduce(.sum, axes: axes, keepDims: false), id, for: call)
  }

  private func transposed(
    _ id: ValueID, from labels: Labels, to order: Labels, _ importer: inout Importer, _ call: Call,
  ) throws(ImportError) -> ValueID {
    if labels == order { return id }
    return try importer.emit(.transpose(order.compactMap(labels.firstIndex)), id, for: call)
  }

  /// The product of two operands: shared labels that are needed later are batch dimensions, other shared ones are
  /// contracted.
  private func contract(
    _ a: (id: ValueID, labels: Labels), _ b: (id: ValueID, labels: Labels), keeping later: Set<Character>,
    _ importer: inout Importer, _ call: Call,
  ) throws(ImportError) -> (ValueID, Labels) {
    var (aLabels, bLabels) = (a.labels, b.labels)
    let x = try summed(&aLabels, a.id, keeping: later.union(b.labels), &importer, call)
    let y = try summed(&bLabels, b.id, keeping: later.union(a.labels), &importer, call)
    let shared = aLabels.filter(bLabels.contains)
    let batch = shared.filter(later.contains)
    let inner = shared.filter { !later.contains($0) }
    let (rows, columns) = (aLabels.filter { !shared.contains($0) }, bLabels.filter { !shared.contains($0) })

    var dims: [Character: Dim] = [:]
    for (labels, id) in [(aLabels, x), (bLabels, y)] {
      for (label, dim) in zip(labels, importer.shape(of: id).dims) {
        guard dims.updateValue(dim, forKey: label).map({ $0 == dim }) ?? true else {
          throw call.fail(.shape("dimension \(label) of the equation has two sizes"))
        }
      }
    }
    func sizes(_ labels: Labels) -> [Dim] { labels.compactMap { dims[$0] } }
    func size(_ labels: Labels) -> Dim { sizes(labels).reduce(Dim(1), *) }

    let left = try transposed(x, from: aLabels, to: batch + rows + inner, &importer, call)
    let right = try transposed(y, from: bLabels, to: batch + inner + columns, &importer, call)
    let product = try importer.emit(
      .matmul(transposeA: false, transposeB: false),
      try importer.reshaped(left, Shape(sizes(batch) + [size(rows), size(inner)]), call),
      try importer.reshaped(right, Shape(sizes(batch) + [size(inner), size(columns)]), call), for: call)
    let labels = batch + rows + columns
    return (try importer.reshaped(product, Shape(sizes(labels)), call), labels)
  }
}
