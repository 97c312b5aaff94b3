import InferenceIR
import ModelImport
import TensorTypes
import Testing

@Suite struct WireTests {
  /// A small sound model with most kinds of fields.
  static var sound: ModelBuilder {
    var builder = ModelBuilder()
    builder.input("x", ["batch", "4"])
    builder.floats("w", [4, 2], [1, 2, 3, 4, 5, 6, 7, 8])
    builder.ints("shape", [2], [-1, 1])
    builder.node("Gemm", ["x", "w"], ["h"], name: "fc", [("alpha", .float(2)), ("transA", .int(0))])
    builder.node("Softmax", ["h"], ["p"], [("axis", .int(-1))])
    builder.node("Reshape", ["p", "shape"], ["y"])
    builder.output("y", ["rows", "1"])
    return builder
  }

  @Test func `the sound model imports`() throws {
    let graph = try importModel(Self.sound)
    #expect(graph.outputs.map { graph.type(of: $0).description } == ["f32[2*batch, 1]"])
  }

  @Test func `a file cut anywhere is refused or still whole, never trapped on`() {
    let bytes = Self.sound.bytes
    var refused = 0
    for length in 0..<bytes.count where refusal(Array(bytes[..<length])) != nil { refused += 1 }
    // Cuts between the last fields of the model leave a shorter one that is well-formed.
    #expect(refused > bytes.count - 8)
  }

  @Test func `every single flipped bit is survived`() {
    let bytes = Self.sound.bytes
    for bit in 0..<bytes.count * 8 {
      var damaged = bytes
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      _ = refusal(damaged)
    }
  }

  @Test func `a damaged file is refused with the byte and the fields that lead there`() {
    var model = ProtoWriter()
    model.message(7) { graph in
      graph.message(1) { $0.string(4, "Relu") }
      graph.message(1) { node in
        node.tag(5, 2)
        node.varint(1000)
      }
    }
    let error = refusal(model.bytes)
    #expect(error?.place == .offset(13, field: "graph.node[1]"))
    #expect(error?.reason.hasSuffix("1000 bytes are announced and only 0 are left") == true)
  }

  @Test(
    arguments: [
      ([0x0B], "wire type 3"), ([0x00, 0x00], "field number 0"),
      ([0x08] + [UInt8](repeating: 0xFF, count: 11), "64 bits"),
      ([0x08], "past the end"), ([0x38, 0x01], "expected bytes"),
    ] as [([UInt8], String)])
  func `malformed primitives are named`(bytes: [UInt8], text: String) {
    #expect(refusal(bytes)?.reason.contains(text) == true, "\(String(describing: refusal(bytes)))")
  }

  @Test func `unknown fields are skipped`() throws {
    var extra = ProtoWriter()
    extra.int(900, 7)
    extra.string(901, "later")
    extra.float(902, 1)
    _ = try open(extra.bytes + Self.sound.bytes).importGraph()
  }

  @Test func `an empty file and a folder are refused`() {
    #expect(refusal([])?.kind == .malformed("it holds no graph"))
    #expect(throws: ImportError(file: "/tmp", .file, .unreadable(reason: "it is not a regular file"))) {
      try OnnxModel.open("/tmp")
    }
  }

  @Test func `packed and loose repeated numbers are the same`() throws {
    func model(_ tensor: (inout ProtoWriter) -> Void) throws -> [Float] {
      var builder = ModelBuilder()
      builder.initializer(tensor)
      builder.node("Identity", ["c"], ["y"])
      builder.output("y")
      let graph = try importModel(builder)
      return graph[graph.nodes[0].inputs[0]].constant?.values(as: Float.self) ?? []
    }
    let packed = try model { tensor in
      tensor.data(1, [2])
      tensor.int(2, 1)
      tensor.string(8, "c")
      tensor.data(4, [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40])
    }
    let loose = try model { tensor in
      tensor.int(1, 2)
      tensor.int(2, 1)
      tensor.string(8, "c")
      tensor.float(4, 1)
      tensor.float(4, 2)
    }
    #expect(packed == [1, 2] && loose == [1, 2])
  }
}
