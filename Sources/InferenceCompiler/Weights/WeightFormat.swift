package import InferenceIR
import TensorTypes

/// The precision of a model's weights that a spec chooses. Only matrices that products read are rounded: they are what
/// small batches spend their time on.
package enum WeightFormat: String, CaseIterable, Sendable {
  case f32, f16, bf16, int8

  /// The graph, optimised, with the constant right operands of its products rounded.
  ///
  /// The results stay f32 constants, which packing then stores narrowly; the interpreter computes with the same numbers.
  /// A matrix that the format cannot hold in range keeps its own.
  package func rounding(_ graph: Graph) throws(CompileError) -> Graph {
    if self == .f32 { return graph }
    var graph = try GraphPass.optimize(graph)
    var known: [Rounded: ValueID] = [:]
    for at in graph.nodes.indices {
      guard case .matmul(_, let isTransposed) = graph.nodes[at].op else { continue }
      let id = graph.nodes[at].inputs[1]
      guard let constant = graph[id].constant, constant.element == .f32, constant.shape.count == 2,
        constant.shape[isTransposed ? 0 : 1] >= GemmKernel.fewColumns
      else { continue }
      let key = Rounded(id: id, isTransposed: isTransposed)
      if known[key] == nil, let values = rounded(constant, isTransposed: isTransposed) {
        known[key] = graph.addConstant("\(graph[id].name).\(rawValue)", Constant(.f32, constant.shape, values))
      }
      if let found = known[key] { graph.nodes[at].inputs[1] = found }
    }
    return graph
  }

  private struct Rounded: Hashable {
    var id: ValueID
    var isTransposed: Bool
  }

  /// Nil where an element is out of range.
  private func rounded(_ constant: Constant, isTransposed: Bool) -> [Float]? {
    let values = constant.values(as: Float.self)
    switch self {
    case .f32: return values
    case .f16:
      let halves = values.map { Float(Float16($0)) }
      return halves.allSatisfy(\.isFinite) ? halves : nil
    case .bf16:
      let halves = values.map { Float(bitPattern: Self.toNearestEven($0.bitPattern)) }
      return halves.allSatisfy(\.isFinite) ? halves : nil
    case .int8:
      let columns = ColumnScales(constant, isTransposed: isTransposed)
      guard columns.canScale, values.allSatisfy(\.isFinite) else { return nil }
      let scales = columns.scales
      let width = constant.shape[1]
      return values.enumerated().map { at, value in
        let scale = scales[isTransposed ? at / width : at % width]
        return (value / scale).rounded(.toNearestOrEven) * scale
      }
    }
  }

  /// The 16 high bits of an f32, rounded.
  private static func toNearestEven(_ bits: UInt32) -> UInt32 {
    (bits &+ 0x7FFF &+ (bits >> 16 & 1)) & 0xFFFF_0000
  }
}
