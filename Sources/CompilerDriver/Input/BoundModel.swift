import InferenceIR
import ModelImport
import TensorTypes

/// A model file imported for given inputs.
///
/// What the importer must know when it makes the graph (a shape, axes, pads, a trip count) is taken from the given
/// inputs and becomes a constant; every other input stays one. Dimensions that the file leaves open stay open unless
/// an operator needs them too.
struct BoundModel {
  let graph: Graph
  /// Inputs that became constants and dimensions that were fixed, as `name` and `name = size`.
  let bound: [String]
  /// The tensors of the graph's inputs.
  let inputs: [Int: HostTensor]

  /// - Parameters:
  ///   - values: by place among the file's inputs.
  ///   - isFixed: whether every open dimension takes its size from the inputs from the start.
  init(_ model: OnnxModel, _ values: [Int: HostValue], isFixed: Bool) throws {
    var options = ImportOptions()
    for (at, input) in model.kinds.inputs.enumerated() {
      switch input.kind {
      case .tensor: break
      case .sequence, .optional: options.contents[input.name] = values[at]?.content
      }
    }
    let ports = try model.inputs(options.contents)
    let data = DataFolder.tensors(values)
    let sizes = try Self.sizes(ports, data)
    var bound: [String] = []
    func fixDimensions() {
      options.dims = sizes.mapValues { Dim($0) }
      bound += sizes.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)" }
    }
    // Symbols start at 1.
    if isFixed || sizes.values.contains(0) { fixDimensions() }
    while true {
      do {
        let imported = try model.importGraph(options)
        // What the model says of sizes that it holds need not be so for these inputs.
        if options.dims.isEmpty, imported.symbols.contains(where: { sizes[$0.name] ?? 1 > $0.maximum }) {
          fixDimensions()
          continue
        }
        graph = imported
        break
      } catch {
        var needed: [Int] = []
        if case .neededAtImport(_, let inputs) = error.kind {
          needed = ports.indices.filter { inputs.contains(ports[$0].name) && Self.isParameter(data[$0]) }
        }
        if !needed.isEmpty {
          for at in needed { options.values[ports[at].name] = data[at].map { Constant($0) } }
          bound += needed.map { ports[$0].name }
        } else if options.dims.isEmpty, !sizes.isEmpty {
          fixDimensions()
        } else {
          throw error
        }
      }
    }
    self.bound = bound
    let kept = ports.indices.filter { options.values[ports[$0].name] == nil }
    inputs = Dictionary(
      uniqueKeysWithValues: kept.enumerated().compactMap { at, place in data[place].map { (at, $0) } })
  }

  /// Shapes, axes, counts and the like are numbers and lists of numbers; data that a shape depends on is not bound,
  /// since a plan for one set of data is of no use.
  private static func isParameter(_ tensor: HostTensor?) -> Bool { tensor.map { $0.shape.count <= 1 } ?? false }

  /// The sizes that the inputs give to the file's open dimensions.
  private static func sizes(_ ports: [ModelSignature.Port], _ data: [Int: HostTensor]) throws -> [String: Int] {
    var sizes: [String: Int] = [:]
    for (at, port) in ports.enumerated() {
      guard let shape = data[at]?.shape, shape.count == port.type.shape.rank else { continue }
      for (dim, size) in zip(port.type.shape.dims, shape) {
        if let symbol = dim.symbol, sizes[symbol] == nil { sizes[symbol] = size }
      }
    }
    return sizes
  }
}
