import ServeSyntax
import TensorTypes

/// Finds what the symbols of a model's signature stand for in one call.
///
/// First order: a symbol that stands alone takes the argument's dimension; one inside of a sum or product is solved for
/// where it is the only unknown. Dims of the program stand for themselves, unless the signature is a file's own, whose
/// symbols mean nothing outside of it.
struct CallUnifier {
  struct Problem {
    let port: ModelSignature.Port
    let argument: AST.Expr
    /// As given, per request.
    let given: TensorType
    /// As wanted, per request, with what is known of its symbols.
    let wanted: TensorType
    /// As given, seen as the model sees it.
    let shown: TensorType
    let detail: [String]
  }

  private let model: CheckedModel
  private let rigid: Set<String>
  private var arguments: [(port: ModelSignature.Port, given: TensorType, expr: AST.Expr)] = []
  private var bindings: [String: Dim] = [:]
  /// Which port bound a symbol.
  private var origins: [String: String] = [:]

  init(model: CheckedModel, rigid: Set<String>) {
    self.model = model
    self.rigid = model.portRanges.isEmpty ? [] : rigid
  }

  mutating func add(_ port: ModelSignature.Port, _ given: TensorType, _ expr: AST.Expr) {
    arguments.append((port, given, expr))
  }

  /// What does not fit, by argument.
  mutating func problems() -> [Problem] {
    bindLoneSymbols()
    solveSums()
    return arguments.compactMap { argument in
      let wanted = perRequest(argument.port.type)
      let expected = wanted.substituting(bindings)
      if expected == argument.given { return nil }
      var shown = argument.given
      if model.declaration.batches { shown.shape.dims.insert(Dim(symbol: FileSignature.batch), at: 0) }
      let symbols = wanted.shape.dims.flatMap(\.symbols)
      let detail = symbols.sorted().compactMap { symbol -> String? in
        guard let value = bindings[symbol], let port = origins[symbol], port != argument.port.name else { return nil }
        return "\(symbol) = \(value) by `\(port)`"
      }
      return Problem(
        port: argument.port, argument: argument.expr, given: argument.given, wanted: expected, shown: shown,
        detail: detail)
    }
  }

  /// The model's outputs in this call, per request.
  func outputs() -> [ModelSignature.Port] {
    model.declaration.signature.outputs.map {
      ModelSignature.Port($0.name, perRequest($0.type).substituting(bindings))
    }
  }

  /// A symbol of an output that no input told the size of.
  func undetermined(_ shape: Shape) -> String? {
    let known = Set(bindings.values.flatMap(\.symbols)).union(rigid)
    return shape.dims.flatMap(\.symbols).sorted().first { !known.contains($0) }
  }

  private func perRequest(_ type: TensorType) -> TensorType {
    model.declaration.batches ? TensorType(type.element, Shape(Array(type.shape.dims.dropFirst()))) : type
  }

  private var pairs: [(want: Dim, have: Dim, port: String)] {
    arguments.flatMap { argument -> [(Dim, Dim, String)] in
      let wanted = perRequest(argument.port.type).shape.dims
      guard wanted.count == argument.given.shape.rank else { return [] }
      return zip(wanted, argument.given.shape.dims).map { ($0, $1, argument.port.name) }
    }
  }

  private mutating func bindLoneSymbols() {
    for (want, have, port) in pairs {
      guard let symbol = want.symbol, !rigid.contains(symbol), bindings[symbol] == nil else { continue }
      bindings[symbol] = have
      origins[symbol] = port
    }
  }

  private mutating func solveSums() {
    for (want, have, port) in pairs where want.symbol == nil {
      let unknown = want.symbols.filter { !rigid.contains($0) && bindings[$0] == nil }
      guard unknown.count == 1, let symbol = unknown.first else { continue }
      // want = k * symbol + rest
      let rest = want.substituting(bindings.merging([symbol: Dim(0)]) { $1 })
      let factor = want.substituting(bindings.merging([symbol: Dim(1)]) { $1 }) - rest
      guard let value = (have - rest).dividedExactly(by: factor),
        want.substituting(bindings.merging([symbol: value]) { $1 }) == have
      else { continue }
      bindings[symbol] = value
      origins[symbol] = port
    }
  }
}
