import InferenceIR

/// What a name of a model stands for.
///
/// Sequences and optionals exist during import only: which tensors they hold is known there, so nothing of them is
/// left in a graph.
indirect enum Imported {
  case tensor(ValueID)
  case sequence([ValueID])
  case optional(Imported?)

  var tensor: ValueID? {
    if case .tensor(let id) = self { return id }
    return nil
  }

  /// The tensors inside, in order.
  var tensors: [ValueID] {
    switch self {
    case .tensor(let id): [id]
    case .sequence(let ids): ids
    case .optional(let content): content?.tensors ?? []
    }
  }

  /// What it is, for errors.
  var kind: String {
    switch self {
    case .tensor: "a tensor"
    case .sequence: "a sequence"
    case .optional: "an optional"
    }
  }
}

/// The names that the nodes of a graph, a function or a body may use, and what gives those nodes their meaning.
struct Scope {
  var values: [String: Imported] = [:]
  /// The version of each domain.
  var opsets: [String: Int]
  /// Attributes of the function call that is being expanded.
  var arguments: [String: AttributeProto] = [:]
  /// Calls and bodies around it.
  var depth = 0
}
