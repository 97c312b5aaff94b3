/// The one place that turns the C tree into text.
struct CPrinter {
  private var output = ""
  private var depth = 0

  static func text(_ statements: [CStatement]) -> String {
    var printer = CPrinter()
    for statement in statements { printer.statement(statement) }
    return printer.output
  }

  static func text(_ function: CFunction) -> String {
    var printer = CPrinter()
    let parameters = function.parameters.map { "\($0.type) \($0.name)" }.joined(separator: ", ")
    printer.block("\(function.attributes) void \(function.name)(\(parameters))", function.body)
    return printer.output
  }

  private mutating func line(_ text: String) {
    output += String(repeating: "  ", count: depth) + text + "\n"
  }

  private mutating func block(_ head: String, _ body: [CStatement], tail: String = "}") {
    line(head.isEmpty ? "{" : head + " {")
    depth += 1
    for statement in body { self.statement(statement) }
    depth -= 1
    line(tail)
  }

  private mutating func statement(_ statement: CStatement) {
    switch statement {
    case .declare(let type, let name, nil): line("\(type) \(name);")
    case .declare(let type, let name, let value?): line("\(type) \(name) = \(Self.text(value, outer: true));")
    case .table(let type, let name, let values):
      line("static const \(type) \(name)[] = {\(values.map { Self.text($0, outer: true) }.joined(separator: ", "))};")
    case .assign(let target, let value):
      line("\(Self.text(target)) = \(Self.text(value, outer: true));")
    case .expression(let value): line("\(Self.text(value, outer: true));")
    case .loop(let variable, let from, let below, let step, _, let body):
      let advance = step == .integer(1) ? "\(variable)++" : "\(variable) += \(Self.text(step))"
      block("for (i64 \(variable) = \(Self.text(from)); \(variable) < \(Self.text(below)); \(advance))", body)
    case .branch(let condition, let then, let otherwise):
      block("if (\(Self.text(condition, outer: true)))", then, tail: otherwise.isEmpty ? "}" : "} else {")
      if !otherwise.isEmpty {
        depth += 1
        for statement in otherwise { self.statement(statement) }
        depth -= 1
        line("}")
      }
    case .whileLoop(let condition, let body): block("while (\(Self.text(condition, outer: true)))", body)
    case .select(let value, let cases):
      line("switch (\(Self.text(value, outer: true))) {")
      for (value, body) in cases { block("case \(value):", body, tail: "} break;") }
      line("}")
    case .block(let body), .once(let body): block("", body)
    }
  }

  static func text(_ expression: CExpression, outer: Bool = false) -> String {
    func wrapped(_ text: String) -> String { outer ? text : "(\(text))" }
    switch expression {
    case .name(let name): return name
    case .integer(let value): return integer(value)
    case .float(let value): return float(value)
    case .double(let value): return double(value)
    case .unary(let sign, let value): return wrapped(sign + text(value))
    case .binary(let a, let sign, let b): return wrapped("\(text(a)) \(sign) \(text(b))")
    case .call(let function, let arguments):
      return "\(function)(\(arguments.map { text($0, outer: true) }.joined(separator: ", ")))"
    case .subscripted(let base, let index): return "\(text(base))[\(text(index, outer: true))]"
    case .cast(let type, let value): return "(\(type))\(text(value))"
    case .conditional(let condition, let a, let b): return wrapped("\(text(condition)) ? \(text(a)) : \(text(b))")
    case .load(let type, let pointer): return "*(\(type) *)(\(text(pointer, outer: true)))"
    }
  }

  private static func integer(_ value: Int) -> String {
    if value == Int.min { return "(-9223372036854775807L - 1)" }
    let suffix = value.magnitude > 0x7FFF_FFFF ? "L" : ""
    return value < 0 ? "(\(value)\(suffix))" : "\(value)\(suffix)"
  }

  private static func float(_ value: Float) -> String {
    if value.isNaN { return "__builtin_nanf(\"\")" }
    if value.isInfinite { return value < 0 ? "(-__builtin_inff())" : "__builtin_inff()" }
    return value.sign == .minus ? "(\(value)f)" : "\(value)f"
  }

  private static func double(_ value: Double) -> String {
    if value.isNaN { return "__builtin_nan(\"\")" }
    if value.isInfinite { return value < 0 ? "(-__builtin_inf())" : "__builtin_inf()" }
    return value.sign == .minus ? "(\(value))" : "\(value)"
  }
}
