import Glibc
import InferenceIR
import ModelImport
import Testing

@Suite struct TensorTests {
  /// A model whose one constant is written by `tensor`.
  static func model(_ tensor: (inout ProtoWriter) -> Void) -> ModelBuilder {
    var builder = ModelBuilder()
    builder.initializer { writer in
      writer.string(8, "c")
      tensor(&writer)
    }
    builder.node("Identity", ["c"], ["y"])
    builder.output("y")
    return builder
  }

  static func external(_ entries: [(String, String)]) -> [UInt8] {
    model { tensor in
      tensor.int(1, 2)
      tensor.int(2, 1)
      tensor.int(14, 1)
      for (key, value) in entries {
        tensor.message(13) {
          $0.string(1, key)
          $0.string(2, value)
        }
      }
    }.bytes
  }

  func constant(_ model: OnnxModel) throws -> Constant? {
    let graph = try model.importGraph()
    return graph[graph.nodes[0].inputs[0]].constant
  }

  @Test func `sizes that do not fit the shape are refused by tensor name`() {
    let short = refusal(
      Self.model {
        $0.int(1, 3)
        $0.int(2, 1)
        $0.data(9, [0, 0, 0, 0])
      })
    #expect(short?.place == .tensor("c"))
    #expect(short?.reason.contains("4 bytes do not fill f32[3]") == true)
  }

  @Test(arguments: [[Int64.max, Int64.max], [-1], [1 << 40, 2], [Int64](repeating: 1, count: 33)])
  func `absurd shapes are refused`(dims: [Int64]) {
    let error = refusal(
      Self.model {
        for dim in dims { $0.int(1, dim) }
        $0.int(2, 1)
      })
    #expect(error?.place == .tensor("c"))
  }

  @Test func `unsupported element types are named as ONNX does`() {
    let error = refusal(
      Self.model {
        $0.int(2, 14)
        $0.data(9, [0])
      })
    #expect(error?.kind == .unsupportedElement("COMPLEX64"))
  }

  @Test func `truth values are zero or one whatever the file holds`() throws {
    let model = try open(
      Self.model {
        $0.int(1, 3)
        $0.int(2, 9)
        $0.data(9, [0, 1, 7])
      }.bytes)
    #expect(try constant(model)?.values(as: UInt8.self) == [0, 1, 1])
  }

  @Test func `half precision arrives in the integer field`() throws {
    let model = try open(
      Self.model {
        $0.int(1, 1)
        $0.int(2, 10)
        $0.int(5, 0x3C00)
      }.bytes)
    #expect(try constant(model)?.doubles == [1])
  }

  @Test func `external data is read from its file`() throws {
    let folder = TemporaryFolder()
    _ = folder.write("weights.bin", [9, 9, 0, 0, 0x80, 0x3F, 0, 0, 0, 0x40])
    let path = folder.write(
      "m.onnx", Self.external([("location", "weights.bin"), ("offset", "2"), ("length", "8")]))
    #expect(try constant(try OnnxModel.open(path))?.doubles == [1, 2])
  }

  @Test(arguments: ["/etc/hostname", "../x.bin", "a/../../x.bin", "escape.bin", "", "missing.bin"])
  func `external data that leaves the folder is refused`(location: String) {
    let folder = TemporaryFolder()
    folder.link("escape.bin", to: "/etc/hostname")
    let path = folder.write("m.onnx", Self.external([("location", location)]))
    do throws(ImportError) {
      _ = try OnnxModel.open(path).importGraph()
      Issue.record("accepted \(location)")
    } catch {
      #expect(error.place == .tensor("c"))
    }
  }

  @Test(arguments: [("9223372036854775807", "8"), ("4", "9223372036854775807"), ("-1", "8"), ("x", "8"), ("0", "9")])
  func `external ranges outside the file are refused`(offset: String, length: String) {
    let folder = TemporaryFolder()
    _ = folder.write("w.bin", [UInt8](repeating: 0, count: 8))
    let path = folder.write(
      "m.onnx", Self.external([("location", "w.bin"), ("offset", offset), ("length", length)]))
    #expect(throws: ImportError.self) { try OnnxModel.open(path).importGraph() }
  }
}
