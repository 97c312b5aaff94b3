import CSHA256
import TensorTypes

extension Graph {
  /// The textual form, which `Graph(parsing:)` reads back.
  ///
  /// ```
  /// graph "scale"
  /// symbol batch = 1...128
  /// input %0 "x" : f32[batch, 4]
  /// constant %1 "w" : f32[4] = [1.0, 2.0, 3.0, 4.0]
  /// %2 "y" : f32[batch, 4] = multiply(%0, %1) from "model node \"Mul_0\" (Mul)"
  /// output %2
  /// ```
  /// - Parameter elideAbove: constants with more elements print as a digest, and so do tree ensembles with more
  ///   nodes; such text is read back only with their values at hand.
  package func text(elideAbove limit: Int = 16) -> String {
    var printer = GraphPrinter(graph: self, limit: limit)
    return printer.print()
  }
}

private struct GraphPrinter {
  let graph: Graph
  let limit: Int
  /// Numbers are given in the order of printing, so that equal graphs print alike.
  private var numbers: [ValueID: Int] = [:]
  private var lines: [String] = []

  init(graph: Graph, limit: Int) {
    self.graph = graph
    self.limit = limit
  }

  mutating func print() -> String {
    lines.append("graph \(quoted(graph.name))")
    for range in graph.symbols { lines.append("symbol \(range.name) = \(range.minimum)...\(range.maximum)") }
    for id in graph.inputs { lines.append("input \(declared(id))") }
    let used = graph.nodes.flatMap(\.inputs) + graph.outputs
    for id in used where numbers[id] == nil {
      guard let constant = graph[id].constant else { continue }
      let head = declared(id)
      lines.append("constant \(head) = \(literal(constant))")
    }
    for node in graph.nodes {
      let results = node.outputs.map { declared($0) }.joined(separator: ", ")
      let operands = node.inputs.map { reference($0) }.joined(separator: ", ")
      lines.append("\(results) = \(node.op.mnemonic)(\(operands))\(parameters(node.op)) from \(quoted(node.origin))")
    }
    lines.append("output " + graph.outputs.map { reference($0) }.joined(separator: ", "))
    return lines.joined(separator: "\n") + "\n"
  }

  private mutating func declared(_ id: ValueID) -> String {
    numbers[id] = numbers[id] ?? numbers.count
    return "\(reference(id)) \(quoted(graph[id].name)) : \(graph.type(of: id))"
  }

  private func reference(_ id: ValueID) -> String { numbers[id].map { "%\($0)" } ?? "%undefined" }

  private func parameters(_ op: Op) -> String {
    if case .treeEnsemble(let ensemble) = op, ensemble.nodes.count > limit {
      return " { trees: \(ensemble.roots.count), nodes: \(ensemble.nodes.count), elided }"
    }
    let list = op.parameters
    return list.isEmpty ? "" : " { " + list.map { "\($0.name): \($0.value)" }.joined(separator: ", ") + " }"
  }

  private func literal(_ constant: Constant) -> String {
    guard constant.elementCount <= limit else { return "sha256:\(constant.digest)" }
    let items: [String]
    switch constant.element {
    case .string: items = constant.strings.map { quoted(String(decoding: $0, as: UTF8.self)) }
    case .f32: items = constant.values(as: Float.self).map(\.description)
    case .f16, .bf16, .f64: items = constant.doubles.map(\.description)
    case .u64: items = constant.values(as: UInt64.self).map(\.description)
    // Small types by their bytes.
    case .bool, .u8, .u16, .u32, .i8, .i16, .i32, .i64, .small: items = constant.integers.map(\.description)
    }
    return "[" + items.joined(separator: ", ") + "]"
  }
}

extension Constant {
  /// SHA-256 of the bytes, in hexadecimal; of strings, each with its length as 8 little-endian bytes before it.
  package var digest: String {
    var context = serve_sha256_context()
    serve_sha256_init(&context)
    if element == .string {
      for string in strings {
        var length = UInt64(string.count).littleEndian
        serve_sha256_update(&context, &length, 8)
        serve_sha256_update(&context, string, string.count)
      }
    } else {
      serve_sha256_update(&context, data.bytes.baseAddress, data.bytes.count)
    }
    var digest = [UInt8](repeating: 0, count: 32)
    serve_sha256_final(&context, &digest)
    let digits = Array("0123456789abcdef")
    return String(digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }
}

/// Text in quotes; control characters, quotes and backslashes are escaped as in Swift.
func quoted(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": result += "\\\""
    case "\\": result += "\\\\"
    case "\n": result += "\\n"
    case "\u{0}"..."\u{1F}", "\u{7F}": result += "\\u{\(String(scalar.value, radix: 16))}"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}
