/// A layer of recurrent cells that runs over a sequence in one direction.
///
/// What does not depend on the state stands outside: the operand x holds the products of all inputs with their
/// weights, biases added. Gates stand in ONNX's order: LSTM i o f c, GRU z r h.
///
/// Operands: x `[S, B, G*H]`, weights of the state `[G*H, H]`, first state `[B, H]`; then, where there is one, the
/// LSTM's first cell `[B, H]`, the bias `[H]` of a GRU that resets after its product, peepholes `[3*H]` (i o f), and
/// lengths `[B]` (integers). Results: all states `[S, B, H]`, zero beyond a sequence's length, the last state
/// `[B, H]`, and an LSTM's last cell `[B, H]`.
package struct Recurrence: Hashable, Sendable {
  package enum Cell: String, Hashable, Sendable, CaseIterable {
    /// `h' = f(x + h Rᵀ)`.
    case simple
    /// Cho et al., arXiv 1406.1078.
    case gru
    /// Hochreiter and Schmidhuber 1997, with a forget gate.
    case lstm
  }

  package var cell: Cell
  /// Elements of a state.
  package var hidden: Int
  /// Of the cell's functions in ONNX's order: simple f, GRU f g, LSTM f g h.
  package var activations: [UnaryOp]
  /// Bounds what goes into the gates' functions.
  package var clip: Double?
  /// Runs from a sequence's last element to its first.
  package var reverse: Bool
  /// GRU: the reset gate scales the product with the state, and not the state (`linear_before_reset`).
  package var resetsAfter: Bool
  /// LSTM: the forget gate is one minus the input gate (`input_forget`).
  package var couplesGates: Bool
  /// LSTM: the gates see the cell.
  package var hasPeepholes: Bool
  package var hasLengths: Bool

  package init(
    cell: Cell, hidden: Int, activations: [UnaryOp], clip: Double? = nil, reverse: Bool = false,
    resetsAfter: Bool = false, couplesGates: Bool = false, hasPeepholes: Bool = false, hasLengths: Bool = false,
  ) {
    self.cell = cell
    self.hidden = hidden
    self.activations = activations
    self.clip = clip
    self.reverse = reverse
    self.resetsAfter = resetsAfter
    self.couplesGates = couplesGates
    self.hasPeepholes = hasPeepholes
    self.hasLengths = hasLengths
  }

  package var gateCount: Int {
    switch cell {
    case .simple: 1
    case .gru: 3
    case .lstm: 4
    }
  }

  /// How many functions the cell has.
  package var activationCount: Int {
    switch cell {
    case .simple: 1
    case .gru: 2
    case .lstm: 3
    }
  }

  /// What each operand is, in order.
  package enum Operand: Hashable, Sendable { case inputs, weights, state, cell, resetBias, peepholes, lengths }

  package var operands: [Operand] {
    [.inputs, .weights, .state] + (cell == .lstm ? [.cell] : []) + (cell == .gru && resetsAfter ? [.resetBias] : [])
      + (hasPeepholes ? [.peepholes] : []) + (hasLengths ? [.lengths] : [])
  }

  /// The function of this name; nil for one that no cell uses.
  package static func activation(_ name: String, _ parameters: [Double] = []) -> UnaryOp? {
    switch (name, parameters.count) {
    case ("tanh", 0): .tanh
    case ("sigmoid", 0): .sigmoid
    case ("relu", 0): .relu
    case ("softsign", 0): .softsign
    case ("softplus", 0): .softplus
    case ("leakyRelu", 1): .leakyRelu(parameters[0])
    case ("elu", 1): .elu(parameters[0])
    case ("hardSigmoid", 2): .hardSigmoid(alpha: parameters[0], beta: parameters[1])
    default: nil
    }
  }

  /// The names in the textual form.
  static let words = Set(
    Cell.allCases.map(\.rawValue)
      + ["tanh", "sigmoid", "relu", "softsign", "softplus", "leakyRelu", "elu", "hardSigmoid"])
}
