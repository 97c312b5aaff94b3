import InferenceIR
import TensorTypes

extension OperatorTable {
  /// Operators that read elements at indices.
  static let indexing: [String: Conversion] = [
    "Gather": { (importer, call) throws(ImportError) in
      let data = try call.operand(0)
      let axis = try importer.axis(try call.int("axis", 0), rank: importer.shape(of: data).rank, call)
      return [try importer.emit(.gather(axis: axis, negative: .fromEnd), data, try call.operand(1), for: call)]
    },
    "GatherElements": { (importer, call) throws(ImportError) in
      let data = try call.operand(0)
      let axis = try importer.axis(try call.int("axis", 0), rank: importer.shape(of: data).rank, call)
      return [try importer.emit(.gatherElements(axis: axis), data, try call.operand(1), for: call)]
    },
    "GatherND": { (importer, call) throws(ImportError) in
      let batchDims = try call.int("batch_dims", 0)
      return [try importer.emit(.gatherND(batchDims: batchDims), try call.operand(0), try call.operand(1), for: call)]
    },
    "OneHot": oneHot,
  ]

  private static let oneHot: Conversion = { (importer, call) throws(ImportError) in
    let indices = try call.operand(0)
    let rank = importer.shape(of: indices).rank
    let axis = try importer.axis(try call.int("axis", -1), rank: rank + 1, call)
    let depths = try importer.knownNumbers(try call.operand(1), "a depth", call)
    guard depths.count == 1, let depth = Int(exactly: depths[0].rounded(.towardZero)), depth >= 0, depth < 1 << 40
    else { throw call.fail(.invalid("a depth of \(depths)")) }
    let values = try call.operand(2)
    guard importer.shape(of: values) == [2] else { throw call.fail(.shape("values are \(importer.type(of: values))")) }
    var ends: [ValueID] = []
    for at in 0..<2 {
      let part = try importer.emit(.slice(axis: 0, start: Dim(at), length: 1, step: 1), values, for: call)
      ends.append(try importer.reshaped(part, .scalar, call))
    }
    let element = importer.element(of: indices)
    let whole = element == .i32 ? indices : try importer.converted(indices, to: .i64, call)
    return [try importer.emit(.oneHot(depth: depth, axis: axis), whole, ends[0], ends[1], for: call)]
  }
}
