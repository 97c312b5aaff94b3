import Glibc
import InferenceIR

/// Files beside a model that hold the bytes of its tensors; each is mapped once.
struct ExternalData {
  private let modelPath: String
  private let folder: String
  private var files: [String: MappedFile] = [:]

  init(modelPath: String) {
    self.modelPath = modelPath
    folder = modelPath.lastIndex(of: "/").map { String(modelPath[...$0]) } ?? "./"
  }

  /// The bytes that a tensor's `external_data` names.
  mutating func bytes(of tensor: TensorProto) throws(ImportError) -> ConstantBytes {
    func fail(_ text: String) -> ImportError {
      ImportError(file: modelPath, .tensor(tensor.name), .invalid(text))
    }
    var location: String?
    var (offset, length) = (0, nil as Int?)
    for (key, value) in tensor.external {
      switch key {
      case "location": location = value
      case "offset":
        guard let number = Int(value), number >= 0 else { throw fail("external offset \"\(value)\" is not a number") }
        offset = number
      case "length":
        guard let number = Int(value), number >= 0 else { throw fail("external length \"\(value)\" is not a number") }
        length = number
      default: break
      }
    }
    guard let location else { throw fail("its external data has no location") }
    let file: MappedFile
    if let known = files[location] {
      file = known
    } else {
      file = try open(location, fail)
      files[location] = file
    }
    let available = file.bytes.count - offset
    guard available >= 0, (length ?? 0) <= available else {
      throw fail(
        "external data ends at byte \(offset) + \(length ?? 0), and \"\(location)\" has \(file.bytes.count)")
    }
    let range = offset..<(offset + (length ?? available))
    return ConstantBytes(borrowing: UnsafeRawBufferPointer(rebasing: file.bytes[range]), from: file)
  }

  private func open(
    _ location: String, _ fail: (String) -> ImportError,
  ) throws(ImportError) -> MappedFile {
    let parts = location.split(separator: "/", omittingEmptySubsequences: false)
    guard !location.hasPrefix("/"), !location.isEmpty, !parts.contains(".."), !location.utf8.contains(0) else {
      throw fail("external location \"\(location)\" leaves the model's folder")
    }
    // A symbolic link may point anywhere: what counts is where the path really ends.
    guard let root = Self.realPath(folder), let target = Self.realPath(folder + location) else {
      throw fail("external file \"\(location)\" cannot be found")
    }
    guard target.hasPrefix(root.hasSuffix("/") ? root : root + "/") else {
      throw fail("external location \"\(location)\" leaves the model's folder")
    }
    return try MappedFile(path: target)
  }

  private static func realPath(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}
