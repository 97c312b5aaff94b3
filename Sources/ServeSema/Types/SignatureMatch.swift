import ServeDiagnostics
import TensorTypes

/// Signatures of files that declare nothing about batches.
enum FileSignature {
  /// The one dimension that batching fills.
  static let batch = "batch"

  /// A file's signature with its leading dimension named `batch`, where all inputs and outputs share one symbol there,
  /// or a fixed 1. A symbol that stands elsewhere too is a size of the model's own.
  static func batched(_ signature: ModelSignature) -> ModelSignature {
    let ports = signature.inputs + signature.outputs
    let leading = ports.map { $0.type.shape.dims.first }
    guard let first = leading.first, let dim = first, leading.allSatisfy({ $0 == dim }) else { return signature }
    if let symbol = dim.symbol {
      let isElsewhere = ports.contains { $0.type.shape.dims.dropFirst().contains { $0.symbols.contains(symbol) } }
      return isElsewhere ? signature : signature.substituting([symbol: Dim(symbol: batch)])
    }
    guard dim.constant == 1 else { return signature }
    var result = signature
    for index in result.inputs.indices { result.inputs[index].type.shape.dims[0] = Dim(symbol: batch) }
    for index in result.outputs.indices { result.outputs[index].type.shape.dims[0] = Dim(symbol: batch) }
    return result
  }
}

/// Holds a file's signature against the declared one, port by port.
///
/// A declared symbol that is no dim of the program stands for whatever the file has: a number, which becomes its size,
/// or a symbol of the file's. A symbol of the file's stands for what is declared in its place, the same everywhere.
struct SignatureMatch {
  struct Difference {
    let port: String
    /// `input dense f32[batch, 77]`
    let expected: String
    /// `says: input dense f64[N, 77]`
    let found: String
    var isMissingOutput = false
    var help: String?
  }

  let declared: ModelSignature
  let file: ModelSignature
  /// Dims of the program: they stay symbols.
  let rigid: Set<String>

  private(set) var differences: [Difference] = []
  /// Numbers that the file has where symbols are declared.
  private(set) var sizes: [String: Int] = [:]
  /// The file has 1 where `batch` leads.
  private(set) var hasFixedBatch = false

  private var fileSymbols: [String: Dim] = [:]

  init(declared: ModelSignature, file: ModelSignature, rigid: Set<String>) {
    self.declared = declared
    self.file = file
    self.rigid = rigid
  }

  mutating func run() {
    match("input", declared.inputs, file.inputs)
    match("output", declared.outputs, file.outputs)
  }

  private mutating func match(_ kind: String, _ declared: [ModelSignature.Port], _ found: [ModelSignature.Port]) {
    var spare = found.filter { port in !declared.contains { $0.name == port.name } }
    for port in declared {
      guard let other = found.first(where: { $0.name == port.name }) else {
        differences.append(missing(kind, port, found, &spare))
        continue
      }
      guard !fits(port.type, other.type) else { continue }
      differences.append(
        Difference(
          port: port.name, expected: "\(kind) \"\(port.name)\" \(port.type)",
          found: "says: \(kind) \"\(port.name)\" \(other.type)",
          help: port.type.element == other.type.element
            ? nil : "declare `\(other.type.element)`, or export the model in \(port.type.element)"))
    }
    // An output that is not declared is not computed; an input that is not declared would have no value.
    guard kind == "input" else { return }
    for port in spare {
      differences.append(
        Difference(
          port: port.name, expected: "no input \"\(port.name)\"", found: "says: input \"\(port.name)\" \(port.type)",
          help: "declare `in \(port.name) : \(port.type)`"))
    }
  }

  /// A port that the file does not have, or has under another name: then that one is spoken for.
  private func missing(
    _ kind: String, _ port: ModelSignature.Port, _ found: [ModelSignature.Port], _ spare: inout [ModelSignature.Port],
  ) -> Difference {
    let near = Spelling.nearest(to: port.name, among: spare.map(\.name)) ?? (spare.count == 1 ? spare[0].name : nil)
    spare.removeAll { $0.name == near }
    let keyword = kind == "input" ? "in" : "out"
    let names = found.map { "\"\($0.name)\"" }.joined(separator: ", ")
    return Difference(
      port: port.name, expected: "\(kind) \"\(port.name)\" \(port.type)",
      found: near.map { "calls it \"\($0)\"" } ?? "has no \(kind) \"\(port.name)\"", isMissingOutput: kind == "output",
      help: near.map { "write `\(keyword) \($0) : \(port.type)`" } ?? "the file's \(kind)s are \(names)")
  }

  private mutating func fits(_ declared: TensorType, _ found: TensorType) -> Bool {
    guard declared.element == found.element, declared.shape.rank == found.shape.rank else { return false }
    for (axis, (want, have)) in zip(declared.shape.dims, found.shape.dims).enumerated() {
      guard fits(want, have, axis: axis) else { return false }
    }
    return true
  }

  private mutating func fits(_ want: Dim, _ have: Dim, axis: Int) -> Bool {
    if let symbol = have.symbol {
      if let earlier = fileSymbols[symbol] { return earlier == want }
      fileSymbols[symbol] = want
      return true
    }
    guard let number = have.constant else {
      // A computed dimension of the file (`2*N`) cannot contradict a declared symbol; a number must come out equal.
      return want.constant == nil || want == have.substituting(fileSymbols)
    }
    if want == Dim(number) { return true }
    guard let symbol = want.symbol else { return false }
    if symbol == FileSignature.batch {
      guard axis == 0, number == 1 else { return false }
      hasFixedBatch = true
      return true
    }
    guard !rigid.contains(symbol) else { return false }
    if let earlier = sizes[symbol] { return earlier == number }
    sizes[symbol] = number
    return true
  }
}
