import InferenceIR
import TensorTypes

extension OperatorTable {
  static let recurrent: [String: Conversion] = [
    "GRU": { (importer, call) throws(ImportError) in try RecurrentImport(.gru, importer, &call).convert(&importer) },
    "LSTM": { (importer, call) throws(ImportError) in try RecurrentImport(.lstm, importer, &call).convert(&importer) },
    "RNN": { (importer, call) throws(ImportError) in try RecurrentImport(.simple, importer, &call).convert(&importer) },
  ]
}

/// An ONNX RNN, GRU or LSTM: for every direction one product of all inputs with their weights and one recurrent layer
/// over it.
private struct RecurrentImport {
  private let call: Call
  private let cell: Recurrence.Cell
  private let hidden: Int
  private let directions: [Bool]
  private let functions: [UnaryOp]
  private let clip: Double?
  private let batchFirst: Bool
  private let resetsAfter: Bool
  private let couplesGates: Bool

  init(_ cell: Recurrence.Cell, _ importer: Importer, _ call: inout Call) throws(ImportError) {
    self.cell = cell
    let weights = importer.shape(of: try call.operand(2))
    guard weights.rank == 3, let width = weights[2].constant else {
      throw call.fail(.shape("R has shape \(weights), and its last dimension must be known"))
    }
    hidden = width
    if let given = try call.int("hidden_size"), given != width {
      throw call.fail(.invalid("hidden_size is \(given), and R has \(width)"))
    }
    let direction = try call.string("direction", "forward")
    switch direction {
    case "forward": directions = [false]
    case "reverse": directions = [true]
    case "bidirectional": directions = [false, true]
    default: throw call.fail(.invalid("direction is \"\(direction)\""))
    }
    clip = try call.float("clip").map { Double($0) }
    batchFirst = try call.bool("layout", false)
    resetsAfter = cell == .gru ? try call.bool("linear_before_reset", false) : false
    couplesGates = cell == .lstm ? try call.bool("input_forget", false) : false
    functions = try Self.functions(cell, directions.count, &call)
    self.call = call
  }

  /// The functions of all directions, one direction after the other.
  private static func functions(
    _ cell: Recurrence.Cell, _ directions: Int, _ call: inout Call,
  ) throws(ImportError) -> [UnaryOp] {
    let usual: [UnaryOp] =
      switch cell {
      case .simple: [.tanh]
      case .gru: [.sigmoid, .tanh]
      case .lstm: [.sigmoid, .tanh, .tanh]
      }
    var alphas = (try call.floats("activation_alpha") ?? []).map { Double($0) }[...]
    var betas = (try call.floats("activation_beta") ?? []).map { Double($0) }[...]
    guard let names = try call.strings("activations"), !names.isEmpty else {
      return (0..<directions).flatMap { _ in usual }
    }
    guard names.count == usual.count * directions else {
      throw call.fail(.invalid("\(names.count) activations for \(usual.count * directions) functions"))
    }
    var functions: [UnaryOp] = []
    for name in names {
      let name = String(decoding: name, as: UTF8.self)
      switch name.lowercased() {
      case "relu": functions.append(.relu)
      case "tanh": functions.append(.tanh)
      case "sigmoid": functions.append(.sigmoid)
      case "softsign": functions.append(.softsign)
      case "softplus": functions.append(.softplus)
      case "leakyrelu": functions.append(.leakyRelu(alphas.popFirst() ?? 0.01))
      case "elu": functions.append(.elu(alphas.popFirst() ?? 1))
      case "hardsigmoid":
        functions.append(.hardSigmoid(alpha: alphas.popFirst() ?? 0.2, beta: betas.popFirst() ?? 0.5))
      default: throw call.fail(.unsupportedAttribute("the activation \(name)"))
      }
    }
    return functions
  }

  func convert(_ importer: inout Importer) throws(ImportError) -> [ValueID] {
    var x = try call.operand(0)
    guard importer.shape(of: x).rank == 3 else {
      throw call.fail(.shape("X has shape \(importer.shape(of: x)), and needs 3 axes"))
    }
    if batchFirst { x = try importer.emit(.transpose([1, 0, 2]), x, for: call) }
    let batch = importer.shape(of: x)[1]
    var layers: [[ValueID]] = []
    for (index, reverse) in directions.enumerated() {
      layers.append(try layer(x, index, reverse: reverse, batch, &importer))
    }
    // Y is [S, D, B, H], the states [D, B, H]; batch first they are [B, S, D, H] and [B, D, H].
    let all = try joined(layers.map { $0[0] }, axis: batchFirst ? 2 : 1, turn: batchFirst ? [1, 0, 2] : nil, &importer)
    var results = [all]
    for state in 1..<layers[0].count {
      results.append(try joined(layers.map { $0[state] }, axis: batchFirst ? 1 : 0, turn: nil, &importer))
    }
    return results
  }

  /// Results of all directions side by side along a new axis.
  private func joined(
    _ parts: [ValueID], axis: Int, turn: [Int]?, _ importer: inout Importer,
  ) throws(ImportError) -> ValueID {
    var columns: [ValueID] = []
    for part in parts {
      let turned = try turn.map { order throws(ImportError) in try importer.emit(.transpose(order), part, for: call) }
      let value = turned ?? part
      var shape = importer.shape(of: value)
      shape.dims.insert(1, at: axis)
      columns.append(try importer.reshaped(value, shape, call))
    }
    return columns.count == 1 ? columns[0] : try importer.emitAll(.concat(axis: axis), columns, for: call)[0]
  }

  private func layer(
    _ x: ValueID, _ index: Int, reverse: Bool, _ batch: Dim, _ importer: inout Importer,
  ) throws(ImportError) -> [ValueID] {
    let per = functions.count / directions.count
    let recurrence = Recurrence(
      cell: cell, hidden: hidden, activations: Array(functions[index * per..<(index + 1) * per]), clip: clip,
      reverse: reverse, resetsAfter: resetsAfter, couplesGates: couplesGates,
      hasPeepholes: cell == .lstm && call.optional(7) != nil, hasLengths: call.optional(4) != nil)
    let gates = recurrence.gateCount * hidden
    let element = importer.element(of: x)
    func part(_ id: ValueID, _ expected: Shape) throws(ImportError) -> ValueID {
      try direction(id, index, axis: 0, expected, &importer)
    }
    let inputs = importer.shape(of: x)[2]
    let w = try part(try call.operand(1), [Dim(gates), inputs])
    let r = try part(try call.operand(2), [Dim(gates), Dim(hidden)])
    var sums = try importer.emit(.matmul(transposeA: false, transposeB: true), x, w, for: call)
    var resetBias: ValueID?
    if let bias = call.optional(3) {
      let both = try part(bias, [Dim(2 * gates)])
      let ofInputs = try slice(both, 0, gates, &importer)
      var ofState = try slice(both, gates, gates, &importer)
      if resetsAfter {
        resetBias = try slice(ofState, 2 * hidden, hidden, &importer)
        let none = importer.constant(
          Constant(element, [hidden], rounding: [Double](repeating: 0, count: hidden)), call)
        let rest = try slice(ofState, 0, 2 * hidden, &importer)
        ofState = try importer.emit(.concat(axis: 0), rest, none, for: call)
      }
      sums = try importer.binary(.add, sums, try importer.binary(.add, ofInputs, ofState, call), call)
    }
    var operands: [ValueID] = []
    for operand in recurrence.operands {
      switch operand {
      case .inputs: operands.append(sums)
      case .weights: operands.append(r)
      case .state: operands.append(try state(5, index, batch, element, &importer))
      case .cell: operands.append(try state(6, index, batch, element, &importer))
      case .resetBias:
        let none = Constant(element, [hidden], rounding: [Double](repeating: 0, count: hidden))
        operands.append(resetBias ?? importer.constant(none, call))
      case .peepholes: operands.append(try part(try call.operand(7), [Dim(3 * hidden)]))
      case .lengths: operands.append(try call.operand(4))
      }
    }
    return try importer.emitAll(.recurrent(recurrence), operands, for: call)
  }

  /// A direction's first state, zero where none is given.
  private func state(
    _ operand: Int, _ index: Int, _ batch: Dim, _ element: ElementType, _ importer: inout Importer,
  ) throws(ImportError) -> ValueID {
    let shape: Shape = [batch, Dim(hidden)]
    guard let given = call.optional(operand) else {
      return try importer.expanded(importer.scalar(0, element, call), shape, call)
    }
    return try direction(given, index, axis: batchFirst ? 1 : 0, shape, &importer)
  }

  /// The part of one direction, without the axis of directions.
  private func direction(
    _ id: ValueID, _ index: Int, axis: Int, _ expected: Shape, _ importer: inout Importer,
  ) throws(ImportError) -> ValueID {
    var whole = expected
    whole.dims.insert(Dim(directions.count), at: axis)
    guard importer.shape(of: id) == whole else {
      throw call.fail(.shape("\"\(importer.graph[id].name)\" has shape \(importer.shape(of: id)), expected \(whole)"))
    }
    let part = try importer.emit(.slice(axis: axis, start: Dim(index), length: 1, step: 1), id, for: call)
    return try importer.reshaped(part, expected, call)
  }

  private func slice(
    _ id: ValueID, _ start: Int, _ length: Int, _ importer: inout Importer
  ) throws(ImportError) -> ValueID {
    try importer.emit(.slice(axis: 0, start: Dim(start), length: Dim(length), step: 1), id, for: call)
  }
}
