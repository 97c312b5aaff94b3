import InferenceIR

/// Lets a matrix product read a transposed operand in place: the product takes it as stored.
@Sendable func absorbTransposes(_ graph: inout Graph) throws(CompileError) {
  let definitions = graph.definitions
  let nodes = graph.nodes
  for at in graph.nodes.indices {
    guard case .matmul(var transposeA, var transposeB) = graph.nodes[at].op else { continue }
    func source(_ id: ValueID) -> ValueID? {
      guard let definition = definitions[id], case .transpose(let permutation) = nodes[definition].op else {
        return nil
      }
      let rank = permutation.count
      let swap = Array(0..<rank).dropLast(2) + [rank - 1, rank - 2]
      return rank >= 2 && permutation == Array(swap) ? nodes[definition].inputs[0] : nil
    }
    if let x = source(graph.nodes[at].inputs[0]) {
      graph.nodes[at].inputs[0] = x
      transposeA.toggle()
    }
    if let x = source(graph.nodes[at].inputs[1]) {
      graph.nodes[at].inputs[1] = x
      transposeB.toggle()
    }
    graph.nodes[at].op = .matmul(transposeA: transposeA, transposeB: transposeB)
  }
}
