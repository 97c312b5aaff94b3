import Foundation
import InferenceIR
import ModelImport

/// A folder with `input_<i>.pb` and `output_<i>.pb`, one value each.
struct DataFolder {
  let path: String

  /// The values by index; there may be gaps.
  /// - Parameter kinds: what the model declares; tensors beyond them.
  func values(_ prefix: String, _ kinds: [ValueKind] = []) throws -> [Int: HostValue] {
    var values: [Int: HostValue] = [:]
    for name in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] {
      guard name.hasPrefix("\(prefix)_"), name.hasSuffix(".pb"),
        let index = Int(name.dropFirst(prefix.count + 1).dropLast(3))
      else { continue }
      values[index] = try OnnxTensorFile.read("\(path)/\(name)", kinds.indices.contains(index) ? kinds[index] : .tensor)
    }
    return values
  }

  /// The tensors of all values one after the other, as a plan has them; a gap is the place of one tensor.
  static func tensors(_ values: [Int: HostValue]) -> [Int: HostTensor] {
    var tensors: [Int: HostTensor] = [:]
    var place = 0
    for index in 0...(values.keys.max() ?? 0) {
      guard let value = values[index] else {
        place += 1
        continue
      }
      for tensor in value.tensors {
        tensors[place] = tensor
        place += 1
      }
    }
    return tensors
  }
}
