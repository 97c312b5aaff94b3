import InferenceIR
import TensorTypes

/// Which values get memory, and which nodes share a kernel.
struct FusionPlan {
  /// A product with a constant matrix, and what is applied to it before it is stored.
  struct Gemm {
    var node: Int
    /// Bias row that starts the sums.
    var bias: ValueID?
    /// The elementwise nodes behind the product, in order; the first one adds the bias where there is one.
    var chain: [Int]
    /// What is stored: the product, or the last chain node's result.
    var result: ValueID

    /// What is applied in registers.
    var epilogue: ArraySlice<Int> { bias == nil ? chain[...] : chain.dropFirst() }
  }

  /// `gather(reshape(x · xᵀ), constant pairs)`: dot products of chosen pairs of rows.
  struct PairwiseDots {
    var rows: ValueID
    /// For every column of the result the two rows.
    var pairs: [(Int, Int)]
    var result: ValueID
  }

  /// Keyed by the node that makes the stored result.
  var gemms: [Int: Gemm] = [:]
  var convolutions: [Int: ConvolutionGroup] = [:]
  var pairwiseDots: [Int: PairwiseDots] = [:]
  var searches: [Int: Search] = [:]
  /// Nodes whose results live only inside another node's kernel.
  var absorbed: Set<Int> = []
  /// Values with memory of their own, or a place in another value's.
  var materialised: Set<ValueID> = []

  init(_ graph: Graph, _ layout: ImageLayout) {
    let readers = graph.readers
    let definitions = graph.definitions
    for at in graph.nodes.indices {
      if let dots = Self.pairwiseDots(at, graph, readers, definitions) {
        pairwiseDots[at] = dots.group
        absorbed.formUnion(dots.absorbed)
      }
      if let search = Self.search(at, graph, readers, definitions) {
        searches[at] = search.group
        absorbed.formUnion(search.absorbed)
      }
    }
    // A node that adds two products belongs to the first of them.
    var taken = absorbed
    for at in graph.nodes.indices where !taken.contains(at) {
      if let gemm = Self.gemm(at, graph, readers, taken, layout), let last = definitions[gemm.result] {
        gemms[last] = gemm
        taken.formUnion([at] + gemm.chain)
        absorbed.formUnion(([at] + gemm.chain).filter { $0 != last })
      }
    }
    for at in graph.nodes.indices where !taken.contains(at) {
      if let group = Self.convolution(at, graph, readers, taken, layout), let last = definitions[group.result] {
        convolutions[last] = group
        taken.formUnion([at] + group.chain)
        absorbed.formUnion(([at] + group.chain).filter { $0 != last })
      }
    }
    materialise(graph, readers)
  }

  private mutating func materialise(_ graph: Graph, _ readers: [ValueID: [Int]]) {
    let outputs = Set(graph.outputs)
    var demanded = outputs
    for gemm in gemms.values { demanded.formUnion(gemm.chain.flatMap { graph.nodes[$0].inputs }) }
    for group in convolutions.values { demanded.formUnion(group.chain.flatMap { graph.nodes[$0].inputs }) }
    for dots in pairwiseDots.values { demanded.insert(dots.rows) }
    for search in searches.values { demanded.insert(search.queries) }
    // How often a value is evaluated, and whether some reader repeats it.
    var evaluations: [ValueID: Int] = [:]
    var repeated: Set<ValueID> = []
    for at in graph.nodes.indices.reversed() {
      let node = graph.nodes[at]
      let role = graph.role(of: node)
      let isRoot = gemms[at] != nil || convolutions[at] != nil || pairwiseDots[at] != nil
      for id in node.outputs {
        let hasMemory: Bool =
          switch role {
          case .anchor, .concat, .alias: true
          case .movement: demanded.contains(id)
          case .computed:
            demanded.contains(id) || isRoot || evaluations[id, default: 0] > 1 || repeated.contains(id)
          }
        if hasMemory && !absorbed.contains(at) { materialised.insert(id) }
      }
      let slots = graph.demandedSlots(of: node)
      let inlined = role == .movement && !materialised.contains(node.outputs[0])
      for (slot, id) in node.inputs.enumerated() {
        if slots.contains(slot) && !absorbed.contains(at) && pairwiseDots[at] == nil { demanded.insert(id) }
        evaluations[id, default: 0] += inlined ? evaluations[node.outputs[0], default: 0] : 1
        if graph.broadcasts(node, slot: slot) || (inlined && repeated.contains(node.outputs[0])) {
          repeated.insert(id)
        }
      }
      if let node = gemms[at]?.node ?? convolutions[at]?.node { demanded.insert(graph.nodes[node].inputs[0]) }
    }
  }
}

extension Graph {
  /// Nodes that read each value, once per operand slot.
  var readers: [ValueID: [Int]] {
    var result: [ValueID: [Int]] = [:]
    for (at, node) in nodes.enumerated() {
      for id in node.inputs { result[id, default: []].append(at) }
    }
    return result
  }
}
