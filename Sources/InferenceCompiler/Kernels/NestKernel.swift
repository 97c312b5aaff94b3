import InferenceIR
import TensorTypes

extension Emitter {
  /// Loops over every element of each part and stores it.
  mutating func nest(_ parts: [NestPart]) throws(EmitFailure) {
    for part in parts {
      let type = schedule.type(of: part.value)
      var strides = schedule.memoryOperands(part.value, applied: part.source.isComputed, shape: type.shape)?
        .map(\.strides)
      if case .shown(let view) = part.source { strides = [view.strides] }
      strides?.append(part.target.alignedStrides(type.shape, to: type.shape))
      let plan = LoopPlan(type.shape, strides: strides, order: part.target.loopOrder(type.shape))
      guard let (variable, pieces) = paddedPieces(part, plan) else {
        try loops(plan.loops, .independent) { emitter throws(EmitFailure) in
          try emitter.element(part, plan.indices)
        }
        continue
      }
      try loops(Array(plan.loops.dropLast()), .independent) { emitter throws(EmitFailure) in
        let level = emitter.levels.count - 1
        for piece in pieces {
          emitter.levels.append([])
          emitter.declare(variable: variable, level: level + 1)
          emitter.ranges[variable] = piece
          try emitter.element(part, plan.indices)
          let body = emitter.levels.removeLast()
          emitter.closeLoops(to: level)
          emitter.levels[level].append(
            .loop(
              variable: variable, from: .integer(piece.lowerBound), below: .integer(piece.upperBound), step: 1, body))
        }
        emitter.ranges[variable] = nil
      }
    }
    levels[0] = mergingLoops(levels[0])
  }

  private mutating func element(_ part: NestPart, _ indices: [Affine]) throws(EmitFailure) {
    let element = schedule.type(of: part.value).element
    let operand: Operand =
      switch part.source {
      case .computed: try applied(part.value, at: indices)
      case .copied: try value(part.value, at: indices)
      case .shown(let view): try load(view, indices, element)
      }
    store(operand, element, to: part.target, at: indices)
  }

  /// The innermost loop of a padded copy in pieces: before what is copied, along it, and behind it.
  private func paddedPieces(_ part: NestPart, _ plan: LoopPlan) -> (variable: String, pieces: [Range<Int>])? {
    guard part.source.isComputed, let node = schedule.node(defining: part.value), case .pad(let before, _) = node.op,
      let loop = plan.loops.last, let end = loop.extent.constant,
      let axis = plan.indices.firstIndex(where: { $0 == Affine(variable: loop.variable) }),
      schedule.shape(of: part.value)[axis].constant == end,
      let count = schedule.shape(of: node.inputs[0])[axis].constant, count > 0, count < end, before[axis] >= 0,
      before[axis] + count <= end
    else { return nil }
    let places = [0, before[axis], before[axis] + count, end]
    return (loop.variable, zip(places, places.dropFirst()).map { $0..<$1 }.filter { !$0.isEmpty })
  }

  /// Opens loops, runs `inner` at their innermost level, and closes them into the level where they began.
  mutating func loops(
    _ loops: [LoopPlan.Loop], _ kind: LoopKind = .sequential, _ inner: (inout Emitter) throws(EmitFailure) -> Void,
  ) throws(EmitFailure) {
    let start = levels.count - 1
    for (at, loop) in loops.enumerated() {
      levels.append([])
      declare(variable: loop.variable, level: start + at + 1)
    }
    try inner(&self)
    for (at, loop) in loops.enumerated().reversed() {
      let body = levels[start + at + 1]
      levels[start + at].append(
        .loop(variable: loop.variable, from: 0, below: c(loop.extent), step: 1, kind: kind, body))
      levels.removeLast()
      closeLoops(to: start + at)
    }
  }

  /// Joins neighbouring loops over the same outer range: rows of many tables are then gathered together, and their
  /// cache misses overlap. Innermost loops stay apart, where each vectorises by itself.
  func mergingLoops(_ statements: [CStatement]) -> [CStatement] {
    var merged: [CStatement] = []
    var pending: [CStatement] = []
    for statement in statements {
      guard case .loop(let variable, let from, let below, let step, let kind, let body) = statement else {
        // Declarations move before a loop that they may separate; they depend on nothing that loops write.
        pending.append(statement)
        continue
      }
      if let at = merged.indices.last, case .loop(variable, from, below, step, kind, let earlier) = merged[at],
        earlier.contains(where: \.isLoop), body.contains(where: \.isLoop)
      {
        merged.insert(contentsOf: pending, at: at)
        merged[at + pending.count] = .loop(
          variable: variable, from: from, below: below, step: step, kind: kind, earlier + body)
      } else {
        merged += pending + [statement]
      }
      pending = []
    }
    return merged + pending
  }
}

extension NestPart.Source {
  fileprivate var isComputed: Bool {
    if case .computed = self { return true }
    return false
  }
}

extension CStatement {
  var isLoop: Bool {
    if case .loop = self { return true }
    return false
  }
}
