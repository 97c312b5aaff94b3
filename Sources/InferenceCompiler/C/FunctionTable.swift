/// The functions of the code objects: one for every distinct kernel text.
///
/// A kernel has one variant for each target; two kernels are the same function when all their variants are.
struct FunctionTable {
  private(set) var names: [String] = []
  /// By function, then by target.
  private var bodies: [[[CStatement]]] = []
  private var byText: [[String]: Int] = [:]
  private var uses: [String: Int] = [:]

  mutating func index(of variants: [Kernel]) -> Int {
    let text = variants.map { CPrinter.text($0.body) }
    if let known = byText[text] { return known }
    let base = variants.first?.name ?? "kernel"
    let use = uses[base, default: 0]
    uses[base] = use + 1
    byText[text] = names.count
    names.append(use == 0 ? base : "\(base)_\(use + 1)")
    bodies.append(variants.map(\.body))
    return names.count - 1
  }

  /// The translation unit for one target.
  func source(target: Int) -> String {
    var text = MathLibrary.prelude
    let parameters = [
      CParameter(type: "void *const *", name: "buffers"), CParameter(type: "const i64 *", name: "dims"),
      CParameter(type: "i64", name: "part"), CParameter(type: "i64", name: "parts"),
    ]
    for (name, variants) in zip(names, bodies) {
      text += "\n"
      text += CPrinter.text(
        CFunction(name: "k_\(name)", attributes: "static", parameters: parameters, body: variants[target]))
    }
    let entries = names.map { "k_\($0)" }.joined(separator: ",\n  ")
    text += "\n__attribute__((visibility(\"default\"))) const kernel serve_kernels[] = {\n  \(entries)\n};\n"
    return text
  }
}
