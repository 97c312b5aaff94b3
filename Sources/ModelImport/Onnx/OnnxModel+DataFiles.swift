extension OnnxModel {
  /// Names of the files that hold weights of it, relative to its folder, each once and sorted.
  package var dataFiles: [String] {
    let found = graph.dataFiles + functions.flatMap { $0.nodes.flatMap(\.dataFiles) + $0.defaults.flatMap(\.dataFiles) }
    return Set(found).sorted()
  }
}

extension GraphProto {
  fileprivate var dataFiles: [String] { initializers.flatMap(\.dataFiles) + nodes.flatMap(\.dataFiles) }
}

extension NodeProto {
  fileprivate var dataFiles: [String] { attributes.flatMap(\.dataFiles) }
}

extension AttributeProto {
  fileprivate var dataFiles: [String] { (tensor?.dataFiles ?? []) + graphs.flatMap(\.dataFiles) }
}

extension TensorProto {
  fileprivate var dataFiles: [String] { external.filter { $0.key == "location" }.map(\.value) }
}
