import Glibc
import InferenceIR
import PlanFormat
import TensorTypes

/// Collects the weights of all programs; equal bytes in equal form are stored once.
struct WeightStore {
  private struct Entry {
    var offset: UInt64
    var byteCount: Int
    var form: Form
  }

  /// What a segment holds, apart from which program asked for it.
  private enum Form {
    case constant(Constant, Packing)
    case bytes([UInt8])
  }

  private enum Packing: Hashable {
    case raw, panels(Bool, PanelFormat), panelScales(Bool), pairs(Bool), rows(Bool), codes(Bool), scales(Bool)
    case gates(Int), convolution(ConvolutionPacking), depthwise
  }

  private var entries: [Entry] = []
  /// Entries by their size, to find equal ones.
  private var bySize: [Int: [Int]] = [:]
  private var byteCount: UInt64 = 0

  /// Bytes of the section: a cache line more than what is stored, because kernels read the last vector of a constant
  /// row in full.
  var sectionBytes: UInt64 { byteCount == 0 ? 0 : byteCount + 64 }

  /// The offset of a form of a constant, and the bytes it takes.
  mutating func offset(
    of key: WeightKey, in graph: Graph, _ trees: [Int: TreeTables],
  ) throws(CompileError) -> (offset: UInt64, byteCount: Int) {
    switch key {
    case .raw(let id): return add(try constant(id, graph), .raw)
    case .panels(let id, let transposed, let format): return add(try constant(id, graph), .panels(transposed, format))
    case .gates(let id, let count): return add(try constant(id, graph), .gates(count))
    case .panelScales(let id, let transposed): return add(try constant(id, graph), .panelScales(transposed))
    case .pairs(let id, let transposed): return add(try constant(id, graph), .pairs(transposed))
    case .rows(let id, let transposed): return add(try constant(id, graph), .rows(transposed))
    case .codes(let id, let transposed): return add(try constant(id, graph), .codes(transposed))
    case .scales(let id, let transposed): return add(try constant(id, graph), .scales(transposed))
    case .convolution(let id, let packing): return add(try constant(id, graph), .convolution(packing))
    case .depthwise(let id): return add(try constant(id, graph), .depthwise)
    case .zeros(let count): return add(bytes: [UInt8](repeating: 0, count: count * 4))
    case .trees(let node, let part):
      guard let tables = trees[node] else {
        throw CompileError(origin: graph.nodes[node].origin, message: "has no tree tables")
      }
      return add(bytes: tables.bytes(part))
    case .ranked(let node, let part):
      guard let tables = trees[node]?.ranked else {
        throw CompileError(origin: graph.nodes[node].origin, message: "has no tables of ranks")
      }
      return add(bytes: tables.bytes(part))
    case .scorer(let node, let part):
      guard let tables = trees[node]?.scorer else {
        throw CompileError(origin: graph.nodes[node].origin, message: "has no scorer tables")
      }
      return add(bytes: tables.bytes(part))
    }
  }

  private func constant(_ id: ValueID, _ graph: Graph) throws(CompileError) -> Constant {
    guard let constant = graph[id].constant, constant.element != .string else {
      throw CompileError(origin: graph[id].name, message: "a string constant cannot be read from memory")
    }
    return constant
  }

  private mutating func add(_ constant: Constant, _ packing: Packing) -> (offset: UInt64, byteCount: Int) {
    let size =
      switch packing {
      case .raw: constant.data.bytes.count
      case .panels(let transposed, let format):
        PanelPacking(constant, isTransposed: transposed, format: format).byteCount
      case .gates(let count): GatePacking(constant, count: count).byteCount
      case .panelScales(let transposed): ColumnScales(constant, isTransposed: transposed).byteCount
      case .pairs(let transposed): PairPacking(constant, isTransposed: transposed).byteCount
      case .rows(let transposed): RowPacking(constant, isTransposed: transposed).byteCount
      case .codes(let transposed): CompressedRows(constant, isTransposed: transposed).codeBytes
      case .scales(let transposed): CompressedRows(constant, isTransposed: transposed).scaleBytes
      case .convolution(let packing): packing.byteCount
      case .depthwise: DepthwisePacking(constant: constant).byteCount
      }
    return add(size, .constant(constant, packing))
  }

  private mutating func add(bytes: [UInt8]) -> (offset: UInt64, byteCount: Int) { add(bytes.count, .bytes(bytes)) }

  private mutating func add(_ size: Int, _ form: Form) -> (offset: UInt64, byteCount: Int) {
    for at in bySize[size] ?? [] where Self.areEqual(entries[at].form, form) { return (entries[at].offset, size) }
    let offset = byteCount
    bySize[size, default: []].append(entries.count)
    entries.append(Entry(offset: offset, byteCount: size, form: form))
    byteCount += (UInt64(size) + 63) / 64 * 64
    return (offset, size)
  }

  private static func areEqual(_ a: Form, _ b: Form) -> Bool {
    switch (a, b) {
    case (.bytes(let x), .bytes(let y)): return x == y
    case (.constant(let x, let p), .constant(let y, let q)):
      guard p == q, x.shape == y.shape, x.element == y.element else { return false }
      let (u, v) = (x.data.bytes, y.data.bytes)
      guard u.count == v.count else { return false }
      guard let s = u.baseAddress, let t = v.baseAddress else { return true }
      return s == t || memcmp(s, t, u.count) == 0
    case (.bytes, .constant), (.constant, .bytes): return false
    }
  }

  /// Everything to write, in order of first use.
  var segments: [WeightSegment] {
    entries.map { entry in
      let form = entry.form
      return WeightSegment(offset: entry.offset, byteCount: entry.byteCount) { target in
        switch form {
        case .bytes(let bytes): target.copyBytes(from: bytes)
        case .constant(let constant, .raw): target.copyMemory(from: constant.data.bytes)
        case .constant(let constant, .panels(let transposed, let format)):
          PanelPacking(constant, isTransposed: transposed, format: format).fill(target)
        case .constant(let constant, .gates(let count)): GatePacking(constant, count: count).fill(target)
        case .constant(let constant, .panelScales(let transposed)):
          ColumnScales(constant, isTransposed: transposed).fill(target)
        case .constant(let constant, .pairs(let transposed)):
          PairPacking(constant, isTransposed: transposed).fill(target)
        case .constant(let constant, .rows(let transposed)):
          RowPacking(constant, isTransposed: transposed).fill(target)
        case .constant(let constant, .codes(let transposed)):
          CompressedRows(constant, isTransposed: transposed).fillCodes(target)
        case .constant(let constant, .scales(let transposed)):
          CompressedRows(constant, isTransposed: transposed).fillScales(target)
        case .constant(let constant, .convolution(let packing)): packing.fill(target, from: constant)
        case .constant(let constant, .depthwise): DepthwisePacking(constant: constant).fill(target)
        }
      }
    }
  }
}
