import ServeDiagnostics
import ServeSyntax

/// `dim cand = 1...100`, `dim width = 64`.
extension Checker {
  mutating func checkDims() {
    for declaration in declarations(.dim) {
      guard let dim = dim(declaration) else { continue }
      dims[dim.name] = dim
      module.dims.append(dim)
    }
  }

  private mutating func dim(_ declaration: AST.Declaration) -> DimDeclaration? {
    guard let expr = declaration.value else { return nil }
    let type = SettingType.integerRange(1...Int(Int32.max))
    guard let value = evaluate(expr),
      case .range(.number(let low), .number(let high))? = accept(
        value, type, name: declaration.name, at: expr.range),
      let minimum = low.integer, let maximum = high.integer
    else { return nil }
    if minimum > maximum {
      diagnostics.add(
        Diagnostic(
          .outOfRange, "`\(declaration.name)` has its bounds the wrong way round",
          at: Label(expr.range, "the minimum comes first"), values: ["\(minimum) > \(maximum)"],
          help: [Help("write `\(maximum)...\(minimum)`", replacing: expr.range, with: "\(maximum)...\(minimum)")]))
      return nil
    }
    return DimDeclaration(
      name: declaration.name.text, minimum: minimum, maximum: maximum, range: declaration.name.range)
  }
}
