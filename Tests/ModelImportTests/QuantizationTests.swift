import InferenceIR
import ModelImport
import TensorTypes
import Testing

@Suite struct QuantizationTests {
  /// Runs a model of one node over f32 inputs and other constants.
  private func run(
    _ operation: String, domain: String = "", opset: Int64 = 25, inputs: [HostTensor?],
    _ attributes: [(String, ModelBuilder.Attribute)] = [], outputs: [String] = ["y"],
  ) throws -> [HostTensor] {
    var builder = ModelBuilder()
    builder.opsets = [("", opset), ("com.microsoft", 1)]
    var names: [String] = []
    for (at, tensor) in inputs.enumerated() {
      names.append(tensor == nil ? "" : "x\(at)")
      guard let tensor else { continue }
      builder.initializer { writer in
        for dim in tensor.shape { writer.int(1, Int64(dim)) }
        writer.int(2, Self.codes[tensor.element] ?? 1)
        writer.string(8, "x\(at)")
        writer.data(9, tensor.bytes)
      }
    }
    builder.node(operation, names, outputs, name: "it", domain: domain, attributes)
    for name in outputs { builder.output(name) }
    return try Interpreter.run(try importModel(builder), inputs: [])
  }

  private static let codes: [ElementType: Int64] = [
    .f32: 1, .u8: 2, .i8: 3, .i32: 6, .small(.u4): 21, .small(.i4): 22, .small(.f8e4m3fn): 17,
  ]

  private func f32(_ shape: [Int], _ values: [Float]) -> HostTensor { HostTensor(.f32, shape, values) }

  @Test func `quantising rounds halves to even, adds the zero point and saturates`() throws {
    let x = f32([7], [0, 1, 3, 5, -1000, 1000, -2])
    let y = try run("QuantizeLinear", inputs: [x, f32([], [2]), HostTensor(.u8, [], [128 as UInt8])])
    #expect(y[0].values(as: UInt8.self) == [128, 128, 130, 130, 0, 255, 127])
    let narrow = try run("QuantizeLinear", inputs: [x, f32([], [1])], [("output_dtype", .int(22))])
    #expect(narrow[0].values(as: Int8.self) == [0, 1, 3, 5, -8, 7, -2])
    let float = try run("QuantizeLinear", inputs: [x, f32([], [1])], [("output_dtype", .int(17))])
    #expect(Constant(float[0]).doubles == [0, 1, 3, 5, -448, 448, -2])
  }

  @Test func `scales belong to slices of an axis, or to blocks of them`() throws {
    let x = HostTensor(.i8, [2, 3], [1, 2, 3, 4, 5, 6] as [Int8])
    let columns = try run("DequantizeLinear", inputs: [x, f32([3], [1, 10, 100])])
    #expect(columns[0].values(as: Float.self) == [1, 20, 300, 4, 50, 600])
    let zeros = HostTensor(.i8, [2, 2], [0, 3, 0, 0] as [Int8])
    let blocks = try run(
      "DequantizeLinear", inputs: [x, f32([2, 2], [1, 10, 100, 1000]), zeros], [("block_size", .int(2))])
    #expect(blocks[0].values(as: Float.self) == [1, 2, 0, 400, 500, 6000])
  }

  @Test func `packed elements are read from the lowest bits`() throws {
    let x = HostTensor(element: .small(.i4), shape: [3], bytes: [0x8F, 0x07])
    let y = try run("DequantizeLinear", inputs: [x, f32([], [0.5])])
    #expect(y[0].values(as: Float.self) == [-0.5, -4, 3.5])
    #expect(throws: ImportError.self) {
      try run(
        "DequantizeLinear", inputs: [HostTensor(element: .small(.i4), shape: [3], bytes: [1]), f32([], [1])])
    }
  }

  @Test func `integer products subtract zero points of rows and columns`() throws {
    let a = HostTensor(.u8, [2, 2], [1, 2, 3, 4] as [UInt8])
    let b = HostTensor(.i8, [2, 2], [1, -1, 2, 5] as [Int8])
    let y = try run(
      "MatMulInteger",
      inputs: [a, b, HostTensor(.u8, [2], [1, 0] as [UInt8]), HostTensor(.i8, [2], [0, 1] as [Int8])])
    #expect(y[0].values(as: Int32.self) == [2, 4, 11, 10])
  }

  @Test func `the range of the values gives scale and zero point`() throws {
    let y = try run(
      "DynamicQuantizeLinear", inputs: [f32([3], [-1, 0, 4.1])], outputs: ["y", "scale", "zero"])
    #expect(y[0].values(as: UInt8.self) == [0, 50, 255] && y[2].values(as: UInt8.self) == [50])
    #expect(abs(y[1].values(as: Float.self)[0] - 0.02) < 1e-8)
    #expect(
      try run("DynamicQuantizeLinear", inputs: [f32([2], [0, 0])], outputs: ["y", "s", "z"])[0].bytes == [0, 0])
  }

  @Test func `a product of dequantised matrices is one of integers`() throws {
    var builder = ModelBuilder()
    builder.opsets = [("", 21)]
    builder.input("x", ["n", "3"], element: 2)
    builder.floats("s", [], [0.5])
    builder.floats("c", [2], [2, 10])
    for (name, element, dims, bytes) in [
      ("z", 2, [], [3]), ("w", 3, [3, 2], [1, 2, 0xFF, 4, 5, 6]), ("v", 3, [2], [0, 1]),
    ] as [(String, Int64, [Int64], [UInt8])] {
      builder.initializer { writer in
        for dim in dims { writer.int(1, dim) }
        writer.int(2, element)
        writer.string(8, name)
        writer.data(9, bytes)
      }
    }
    builder.node("DequantizeLinear", ["x", "s", "z"], ["a"])
    builder.node("DequantizeLinear", ["w", "c", "v"], ["b"], [("axis", .int(1))])
    builder.node("MatMul", ["a", "b"], ["y"])
    builder.output("y")
    let graph = try importModel(builder)
    #expect(graph.nodes.contains { $0.op == .matmul(transposeA: false, transposeB: false) })
    #expect(graph.values.contains { $0.constant?.type == TensorType(.i16, [3, 2]) })
    let y = try Interpreter.run(graph, inputs: [HostTensor(.u8, [1, 3], [4, 5, 3] as [UInt8])])
    // (1, 2, 0) / 2 times ((1, 1), (-1, 3), (5, 5)) times (2, 10).
    #expect(y[0].values(as: Float.self) == [-1, 35])
  }

  @Test func `weights of four bits are unpacked by blocks`() throws {
    // Two columns of 17 elements in blocks of 16; the nibbles of column c and block b are all 8 + c + 2b.
    let bytes = [0x88, 0xAA, 0x99, 0xBB].flatMap { [UInt8](repeating: $0, count: 8) }
    let b = HostTensor(.u8, [2, 2, 8], bytes)
    let a = f32([1, 17], [Float](repeating: 1, count: 17))
    let y = try run(
      "MatMulNBits", domain: "com.microsoft", inputs: [a, b, f32([4], [1, 2, 1, 2])],
      [("K", .int(17)), ("N", .int(2)), ("bits", .int(4)), ("block_size", .int(16))])
    #expect(y[0].values(as: Float.self) == [4, 16 + 6])
  }
}
