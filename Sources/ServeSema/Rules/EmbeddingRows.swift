import ServeDiagnostics
import ServeSyntax
import TensorTypes

/// SV0405: what a pipeline computes as an index stays below the rows of the model's table.
extension Checker {
  mutating func refuseBeyondRows(
    _ argument: AST.Expr, _ value: TypedExpression, _ port: ModelSignature.Port, _ model: CheckedModel,
    _ scope: PipelineScope,
  ) -> Bool {
    guard let rows = model.rows[port.name], let count = indexCount(value, scope), count > rows else { return false }
    let place = model.portRanges[port.name] ?? model.declaration.range
    diagnostics.add(
      Diagnostic(
        .beyondRows, "`\(port.name)` may be \(count - 1), its table has \(rows) rows",
        at: Label(argument.range, "0...\(count - 1)"), secondary: [Label(place, "looks rows 0...\(rows - 1) up")],
        values: ["\(count) > \(rows)"],
        notes: ["a row that is not there cannot be served: such a request is refused, whoever sends it"],
        help: [Help("use the number that the model was trained with: at most \(rows)")]))
    return true
  }

  /// How many values an index can have, from 0, where the pipeline itself makes it.
  private func indexCount(_ value: TypedExpression, _ scope: PipelineScope) -> Int? {
    switch value.kind {
    case .local(let name): return scope.local(name)?.value.flatMap { indexCount($0, scope) }
    case .call(let function, let operands):
      switch function {
      case .hashBucket(let count): return count
      case .bucketize(let bounds): return bounds.count + 1
      case .cast:
        if case .enumeration(let name, _)? = operands.first?.type { return enums[name]?.cases.count }
        return operands.first.flatMap { indexCount($0, scope) }
      case .reshape, .expand, .gather: return operands.first.flatMap { indexCount($0, scope) }
      case .concat: return operands.compactMap { indexCount($0, scope) }.max()
      case .select: return operands.dropFirst().compactMap { indexCount($0, scope) }.max()
      case .normalize, .clip, .softmax, .topK, .reduce, .unary, .binary, .compare: return nil
      }
    case .requestField, .integer, .float, .boolean, .string, .enumCase, .lookup, .member, .modelCall, .modelVersion,
      .coalesce:
      return nil
    }
  }
}
