import InferenceCompiler
import InferenceIR
import TensorTypes

/// How far a compiled graph may be from the interpreter.
///
/// Both round every operation to its element type, but sums and elementary functions differ in their last bits before
/// that, and the wider the steps of a type are, the more a value that falls to the other side of one moves.
struct Tolerance {
  /// Largest difference over the largest reference magnitude.
  private(set) var relative = 1e-5
  /// Whether narrow integers are rounded real numbers, and may differ by a step.
  private(set) var isQuantised = false

  init(_ graph: Graph, _ numerics: Numerics = .precise) {
    // A layer of minimal filtering was seen to differ by up to 4e-6 (`specs/numerics.md`), and layers add up.
    if numerics == .fast { relative = 1e-4 }
    for node in graph.nodes {
      let results = node.outputs.map { graph.type(of: $0).element }
      for element in results { relative = max(relative, element.step) }
      guard case .cast(let element, _) = node.op, graph.type(of: node.inputs[0]).element.isFloat,
        element.isInteger || element.isSmall, element.bitWidth <= 16
      else { continue }
      isQuantised = true
      relative = max(relative, 2 / Double(1 << element.bitWidth - 1))
    }
  }

  /// Whether results of a type are held to equal bytes.
  func isExact(_ element: ElementType) -> Bool {
    !element.isFloat && !element.isSmall && !(isQuantised && element.byteCount <= 2)
  }
}

extension ElementType {
  /// The distance of 1 and the next larger number.
  var step: Double {
    switch self {
    case .f16: 0x1p-10
    case .bf16: 0x1p-7
    case .small(let small): small.format.map { 1 / Double(1 << $0.mantissa) } ?? 0
    case .bool, .u8, .u16, .u32, .u64, .i8, .i16, .i32, .i64, .f32, .f64, .string: 0
    }
  }
}
