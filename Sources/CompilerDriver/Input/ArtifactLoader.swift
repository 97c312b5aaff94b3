import Foundation
import InferenceIR
import ModelImport
import PlanFormat
import ServeSema

/// Looks at the files that a program names, so that the checker need not.
struct ArtifactLoader {
  func load(_ references: [ArtifactReference]) -> Artifacts {
    var artifacts = Artifacts()
    for reference in references {
      switch reference.kind {
      case .model where artifacts.models[reference.path] == nil:
        artifacts.models[reference.path] = model(reference.path)
      case .stats where artifacts.stats[reference.path] == nil:
        artifacts.stats[reference.path] = stats(reference.path)
      case .model, .stats, .store:
        break
      }
    }
    return artifacts
  }

  /// SHA-256 of every model, of the files that hold its weights, and of statistics, in the order in which they are named;
  /// a file that cannot be read has none.
  static func digests(_ references: [ArtifactReference], _ artifacts: Artifacts) -> [String] {
    references.flatMap { reference -> [String] in
      switch reference.kind {
      case .model:
        let folder = URL(fileURLWithPath: reference.path).deletingLastPathComponent()
        let beside = (try? OnnxModel.open(reference.path).dataFiles) ?? []
        return [(try? artifacts.models[reference.path]?.get().digest) ?? ""]
          + beside.map { (try? FileDigest.sha256(folder.appendingPathComponent($0).path)) ?? "" }
      case .stats: return [(try? FileDigest.sha256(reference.path)) ?? ""]
      case .store: return []
      }
    }
  }

  /// Head and digest of a model file.
  private func model(_ path: String) -> Result<Artifacts.Model, Artifacts.Failure> {
    do {
      let model = try OnnxModel.open(path)
      let signature = try model.signature
      var result = Artifacts.Model(
        signature: signature, format: "onnx opset \(model.opset)", digest: try FileDigest.sha256(path))
      lookInside(model, &result)
      return .success(result)
    } catch {
      return .failure(Artifacts.Failure(message: "\(error)"))
    }
  }

  /// The first node that cannot be imported, else the rows of the tables that inputs are indices of; every other problem
  /// shows when the signature is read.
  private func lookInside(_ model: OnnxModel, _ result: inout Artifacts.Model) {
    do {
      let graph = try model.importGraph()
      let bounds = IndexBounds.of(graph, throughSelection: false)
      for id in graph.inputs { result.rows[graph[id].name] = bounds[id] }
    } catch {
      result.unsupported = ["\(error.placeText) \(error.reason)"]
    }
  }

  /// `{"mean": [...], "std": [...]}`.
  private func stats(_ path: String) -> Result<Artifacts.Stats, Artifacts.Failure> {
    struct File: Decodable {
      var mean: [Double]
      var std: [Double]
    }
    guard let data = FileManager.default.contents(atPath: path) else {
      return .failure(Artifacts.Failure(message: "\(path) cannot be read"))
    }
    do {
      let file = try JSONDecoder().decode(File.self, from: data)
      return .success(Artifacts.Stats(mean: file.mean, std: file.std))
    } catch {
      return .failure(
        Artifacts.Failure(message: "\(path) is not `{\"mean\": [numbers], \"std\": [numbers]}`"))
    }
  }
}

/// Digests of whole files.
enum FileDigest {
  static func sha256(_ path: String) throws -> String {
    let data = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
    return data.withUnsafeBytes { Digest.hex(Digest.sha256($0)) }
  }
}
