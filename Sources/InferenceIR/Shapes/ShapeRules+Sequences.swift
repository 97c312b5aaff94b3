import TensorTypes

extension ShapeRules {
  static func rmsNorm(_ axis: Int, _ operands: (TensorType, TensorType)) throws(Misfit) -> TensorType {
    try layerNorm(axis, [operands.0, operands.1])
  }

  static func attention(_ types: [TensorType]) throws(Misfit) -> TensorType {
    try require(types.count == 3 || types.count == 4, "takes 3 or 4 operands, found \(types.count)")
    let (q, k, v) = (types[0], types[1], types[2])
    try require(q.element.isFloat, "needs floating-point numbers, found \(q.element)")
    for type in types.dropFirst() { try requireSameElement(q, type) }
    for type in types.prefix(3) {
      try require(type.shape.rank >= 2, "operands need rank 2 or more, found \(type.shape)")
    }
    func last(_ type: TensorType, _ back: Int) -> Dim { type.shape[type.shape.rank - back] }
    try require(last(q, 1) == last(k, 1), "queries of \(last(q, 1)) and keys of \(last(k, 1)) elements differ")
    try require(last(k, 2) == last(v, 2), "\(last(k, 2)) keys and \(last(v, 2)) values differ")
    func leading(_ type: TensorType) -> Shape { Shape(Array(type.shape.dims.dropLast(2))) }
    let outer = try broadcast(try broadcast(leading(q), leading(k)), leading(v))
    if types.count > 3 {
      let scores = Shape(outer.dims + [last(q, 2), last(k, 2)])
      try require(
        try broadcast(scores, types[3].shape) == scores,
        "a mask of shape \(types[3].shape) does not broadcast to \(scores)")
    }
    return TensorType(q.element, Shape(outer.dims + [last(q, 2), last(v, 1)]))
  }

  static func recurrent(_ recurrence: Recurrence, _ types: [TensorType]) throws(Misfit) -> [TensorType] {
    try require(recurrence.hidden > 0, "hidden is \(recurrence.hidden)")
    try require(
      recurrence.activations.count == recurrence.activationCount,
      "\(recurrence.activations.count) activations for \(recurrence.activationCount) functions")
    try require(!recurrence.hasPeepholes || recurrence.cell == .lstm, "only an LSTM has peepholes")
    let operands = recurrence.operands
    try require(types.count == operands.count, "takes \(operands.count) operands, found \(types.count)")
    let x = types[0]
    try require(x.element.isFloat, "needs floating-point numbers, found \(x.element)")
    try require(x.shape.rank == 3, "inputs have rank 3, found \(x.shape)")
    let (hidden, batch) = (Dim(recurrence.hidden), x.shape[1])
    let gates = Dim(recurrence.gateCount) * hidden
    for (operand, type) in zip(operands, types) {
      let expected: Shape =
        switch operand {
        case .inputs: [x.shape[0], batch, gates]
        case .weights: [gates, hidden]
        case .state, .cell: [batch, hidden]
        case .resetBias: [hidden]
        case .peepholes: [hidden * 3]
        case .lengths: [batch]
        }
      try require(type.shape == expected, "\(operand) have shape \(type.shape), expected \(expected)")
      if operand == .lengths {
        try require(type.element == .i32 || type.element == .i64, "lengths are \(type.element)")
      } else {
        try requireSameElement(x, type)
      }
    }
    let state = TensorType(x.element, [batch, hidden])
    let all = TensorType(x.element, [x.shape[0], batch, hidden])
    return [all, state] + (recurrence.cell == .lstm ? [state] : [])
  }
}
