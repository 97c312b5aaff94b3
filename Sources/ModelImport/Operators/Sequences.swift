import InferenceIR
import TensorTypes

extension OperatorTable {
  /// Sequences and optionals, whose contents are known at import.
  static let sequences: [String: StructuralConversion] = [
    "Identity": { (_, call, _) throws(ImportError) in [try call.value(0)] },
    "Optional": { (_, call, _) throws(ImportError) in
      // The type of what is left out says nothing that results depend on.
      call.ignore("type")
      return [.optional(call.values.first ?? nil)]
    },
    "OptionalGetElement": { (_, call, _) throws(ImportError) in
      let value = try call.value(0)
      guard case .optional(let content) = value else { return [value] }
      guard let content else { throw call.fail(.invalid("the optional is empty")) }
      return [content]
    },
    "OptionalHasElement": { (importer, call, _) throws(ImportError) in
      var holds = call.values.first.map { $0 != nil } ?? false
      if case .optional(nil)? = call.values.first ?? nil { holds = false }
      return [.tensor(importer.constant(Constant(.bool, [], [holds ? 1 : 0 as UInt8]), call))]
    },
    "SequenceAt": { (importer, call, _) throws(ImportError) in
      let ids = try sequence(0, call)
      return [.tensor(ids[try position(1, in: ids.count, importer, call)])]
    },
    "SequenceConstruct": { (_, call, _) throws(ImportError) in [.sequence(try call.variadic())] },
    "SequenceEmpty": { (_, call, _) throws(ImportError) in
      call.ignore("dtype")
      return [.sequence([])]
    },
    "SequenceErase": { (importer, call, _) throws(ImportError) in
      var ids = try sequence(0, call)
      let at = call.optional(1) == nil ? ids.count - 1 : try position(1, in: ids.count, importer, call)
      guard ids.indices.contains(at) else { throw call.fail(.invalid("the sequence is empty")) }
      ids.remove(at: at)
      return [.sequence(ids)]
    },
    "SequenceInsert": { (importer, call, _) throws(ImportError) in
      var ids = try sequence(0, call)
      // One place more than there are tensors; a negative one counts from the end of the old sequence.
      let count = ids.count
      var at = count
      if let operand = call.optional(2) { at = try importer.knownInt(operand, "a position", call) }
      if at < 0 { at += count }
      guard at >= 0, at <= count else { throw call.fail(.invalid("position \(at) in a sequence of \(count)")) }
      ids.insert(try call.operand(1), at: at)
      return [.sequence(ids)]
    },
    "SequenceLength": { (importer, call, _) throws(ImportError) in
      [.tensor(importer.constant(Constant(.i64, [], [Int64(try sequence(0, call).count)]), call))]
    },
    "ConcatFromSequence": { (importer, call, _) throws(ImportError) in
      let ids = try sequence(0, call)
      guard let first = ids.first, let axis = try call.int("axis") else {
        throw call.fail(.invalid("the sequence is empty, or attribute \"axis\" is missing"))
      }
      let isNew = try call.bool("new_axis", false)
      let rank = importer.shape(of: first).rank + (isNew ? 1 : 0)
      let at = try importer.axis(axis, rank: rank, call)
      if isNew { return [.tensor(try importer.stacked(ids, axis: at, call))] }
      return [.tensor(ids.count == 1 ? first : try importer.emitAll(.concat(axis: at), ids, for: call)[0])]
    },
    "SequenceMap": sequenceMap,
    "SplitToSequence": splitToSequence,
  ]

  private static func sequence(_ index: Int, _ call: Call) throws(ImportError) -> [ValueID] {
    switch try call.value(index) {
    case .sequence(let ids), .optional(.sequence(let ids)?): return ids
    case .tensor, .optional: throw call.fail(.invalid("operand \(index) is not a sequence"))
    }
  }

  /// A place among `count` tensors.
  private static func position(
    _ index: Int, in count: Int, _ importer: Importer, _ call: Call,
  ) throws(ImportError) -> Int {
    let at = try importer.knownInt(try call.operand(index), "a position", call)
    guard at >= -count, at < count else { throw call.fail(.invalid("position \(at) in a sequence of \(count)")) }
    return at < 0 ? at + count : at
  }

  /// The body once for every tensor of the first sequence; further sequences have its length, tensors are passed on.
  private static let sequenceMap: StructuralConversion = { (importer, call, scope) throws(ImportError) in
    let body = try call.body("body")
    let count = try sequence(0, call).count
    var results = [[ValueID]](repeating: [], count: body.outputs.count)
    for round in 0..<count {
      var arguments: [Imported] = []
      for index in call.values.indices {
        let value = try call.value(index)
        guard case .sequence(let ids) = value else {
          arguments.append(value)
          continue
        }
        guard ids.count == count else { throw call.fail(.invalid("sequences of \(count) and \(ids.count) tensors")) }
        arguments.append(.tensor(ids[round]))
      }
      for (at, value) in try importer.run(body, arguments, in: scope, call).enumerated() {
        results[at].append(try importer.tensor(value, call))
      }
    }
    return results.map { .sequence($0) }
  }

  /// Parts of one length (the last may be shorter), of given lengths, or of length 1 whose axis may go away.
  private static let splitToSequence: StructuralConversion = { (importer, call, _) throws(ImportError) in
    let x = try call.operand(0)
    let shape = importer.shape(of: x)
    let axis = try importer.axis(try call.int("axis", 0), rank: shape.rank, call)
    let keeps = try call.bool("keepdims", true)
    guard let size = shape[axis].constant, size <= maximumRounds else {
      throw call.fail(.unsupported("axis \(axis) of \(shape), which must be fixed and at most \(maximumRounds)"))
    }
    var lengths = [Int](repeating: 1, count: size)
    if let operand = call.optional(1) {
      let given = try importer.knownInts(operand, "split", call)
      if importer.shape(of: operand).rank == 0 {
        guard given[0] > 0 else { throw call.fail(.invalid("parts of \(given[0])")) }
        lengths = stride(from: 0, to: size, by: given[0]).map { min(given[0], size - $0) }
      } else {
        lengths = given
      }
    }
    guard lengths.allSatisfy({ $0 >= 0 && $0 <= size }), lengths.reduce(0, +) == size else {
      throw call.fail(.invalid("parts \(lengths) of \(size)"))
    }
    var parts: [ValueID] = []
    var start = 0
    for length in lengths {
      if call.optional(1) == nil, !keeps {
        parts.append(try importer.part(start, of: x, axis: axis, call))
      } else {
        parts.append(
          try importer.emit(.slice(axis: axis, start: Dim(start), length: Dim(length), step: 1), x, for: call))
      }
      start += length
    }
    return [.sequence(parts)]
  }
}
