import ModelImport
import Testing

@Suite struct SpecificationTests {
  /// The operators in the first column of the tables of `specs/onnx.md`, before those that tests write.
  static let documented: [String] = {
    let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    guard let file = try? MappedFile(path: "\(root)/specs/onnx.md") else { return [] }
    // The tables of conformance further down name more.
    let lines = String(decoding: file.bytes, as: UTF8.self).split(separator: "\n")
    let rows = lines.prefix { $0 != "## Conformance" }.filter { $0.hasPrefix("| `") }
    return rows.flatMap { row in
      row.split(separator: "|")[0].split(separator: " ").map { String($0.filter { $0 != "`" }) }
    }
  }()

  @Test func `the specification lists every operator that is imported, once`() {
    #expect(Self.documented.sorted() == OnnxModel.supportedOperators.map(\.name).sorted())
  }
}
