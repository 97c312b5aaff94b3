import InferenceIR
import TensorTypes

extension OperatorTable {
  /// Operators that move elements.
  static let movement: [String: Conversion] = [
    "Concat": { (importer, call) throws(ImportError) in
      let operands = try call.variadic()
      guard let axis = try call.int("axis") ?? (call.version < 4 ? 1 : nil) else {
        throw call.fail(.invalid("attribute \"axis\" is missing"))
      }
      let at = try importer.axis(axis, rank: importer.shape(of: operands[0]).rank, call)
      if operands.count == 1 { return operands }
      return try importer.emitAll(.concat(axis: at), operands, for: call)
    },
    "DepthToSpace": depthToSpace,
    "SpaceToDepth": spaceToDepth,
    "Tile": tile,
    "Transpose": { (importer, call) throws(ImportError) in
      let x = try call.operand(0)
      let permutation = try call.ints("perm") ?? Array((0..<importer.shape(of: x).rank).reversed())
      return [try importer.emit(.transpose(permutation), x, for: call)]
    },
  ]

  /// Repeats along each axis: every dimension d becomes [1, d], is expanded to [n, d] and merged again.
  private static let tile: Conversion = { (importer, call) throws(ImportError) in
    let x = try call.operand(0)
    let shape = importer.shape(of: x)
    guard call.version >= 6 else { throw call.fail(.unsupported("opset \(call.version), before 6")) }
    let repeats = try importer.knownDims(try call.operand(1), "repeats", call)
    guard repeats.count == shape.rank, shape.rank * 2 <= TensorLoader.maximumRank else {
      throw call.fail(.invalid("\(repeats.count) repeats for rank \(shape.rank)"))
    }
    if repeats.allSatisfy({ $0 == 1 }) { return [x] }
    let split = zip(shape.dims, repeats).flatMap { dim, _ in [Dim(1), dim] }
    let grown = zip(shape.dims, repeats).flatMap { dim, count in [count, dim] }
    let result = Shape(zip(shape.dims, repeats).map { dim, count in dim * count })
    let expanded = try importer.expanded(try importer.reshaped(x, Shape(split), call), Shape(grown), call)
    return [try importer.reshaped(expanded, result, call)]
  }

  private static let depthToSpace: Conversion = { (importer, call) throws(ImportError) in
    let x = try call.operand(0)
    let (shape, block) = try blocks(x, importer, &call)
    let mode = try call.string("mode", "DCR")
    guard let depth = shape[1].dividedExactly(by: block * block) else {
      throw call.fail(.shape("\(shape[1]) channels do not divide into blocks of \(block) x \(block)"))
    }
    let (height, width) = (shape[2], shape[3])
    let result: Shape = [shape[0], depth, height * block, width * block]
    if mode == "CRD" {
      let parts = try importer.reshaped(x, [shape[0], depth, block, block, height, width], call)
      return [try importer.reshaped(try importer.emit(.transpose([0, 1, 4, 2, 5, 3]), parts, for: call), result, call)]
    }
    guard mode == "DCR" else { throw call.fail(.invalid("mode is \"\(mode)\"")) }
    let parts = try importer.reshaped(x, [shape[0], block, block, depth, height, width], call)
    return [try importer.reshaped(try importer.emit(.transpose([0, 3, 4, 1, 5, 2]), parts, for: call), result, call)]
  }

  private static let spaceToDepth: Conversion = { (importer, call) throws(ImportError) in
    let x = try call.operand(0)
    let (shape, block) = try blocks(x, importer, &call)
    guard let height = shape[2].dividedExactly(by: block), let width = shape[3].dividedExactly(by: block) else {
      throw call.fail(.shape("\(shape) does not divide into blocks of \(block) x \(block)"))
    }
    let mode = try call.string("mode", "DCR")
    guard mode == "DCR" || mode == "CRD" else { throw call.fail(.invalid("mode is \"\(mode)\"")) }
    let parts = try importer.reshaped(x, [shape[0], shape[1], height, block, width, block], call)
    // Places in a block before channels, or behind them.
    let moved = try importer.emit(
      .transpose(mode == "DCR" ? [0, 3, 5, 1, 2, 4] : [0, 1, 3, 5, 2, 4]), parts, for: call)
    return [try importer.reshaped(moved, [shape[0], shape[1] * block * block, height, width], call)]
  }

  private static func blocks(
    _ x: ValueID, _ importer: Importer, _ call: inout Call,
  ) throws(ImportError) -> (Shape, Dim) {
    let shape = importer.shape(of: x)
    guard shape.rank == 4, let block = try call.int("blocksize"), (1..<1 << 16).contains(block) else {
      throw call.fail(.invalid("x of shape \(shape), and its block size"))
    }
    return (shape, Dim(block))
  }
}
