import ServeSema
import TensorTypes

extension TypedModule {
  /// The checked module as text, one declaration a paragraph: what `servec dump --stage types` prints.
  var dump: String {
    var lines: [String] = []
    for dim in dims { lines.append("dim \(dim.name) = \(dim.minimum)...\(dim.maximum)") }
    for declaration in enums {
      lines.append("enum \(declaration.name) { \(declaration.cases.joined(separator: ", ")) }")
    }
    for record in records {
      lines.append("record \(record.name)")
      lines += record.fields.map { "  \($0.name) : \($0.type.text)" }
    }
    for model in models {
      lines.append("model \(model.name)\(model.batches ? " (batches)" : "")")
      lines += model.signature.inputs.map { "  in  \($0.name) : \($0.type)" }
      lines += model.signature.outputs.map { "  out \($0.name) : \($0.type)" }
      lines += model.versions.map { "  version \($0.name) sha256:\($0.digest)\($0.weights.text)" }
    }
    for store in stores { lines.append("store \(store.name) : sqlite") }
    for group in features {
      lines.append(
        "features \(group.name) from \(group.store).\(group.table) by \(group.keyColumn): \(group.keyElement)")
      lines += group.fields.map { "  \($0.name) : \($0.element)\($0.shape.isEmpty ? "" : "\($0.shape)")" }
    }
    for pipeline in pipelines {
      lines.append(
        "pipeline \(pipeline.name)(\(pipeline.requestName): \(pipeline.request.name)) -> \(pipeline.response.name)")
      lines += pipeline.bindings.map { "  \($0.name) : \($0.value.type.text)" }
      lines += zip(pipeline.response.fields, pipeline.results).map { "  return \($0.name) : \($1.type.text)" }
    }
    for environment in environments { lines += environment.dump }
    return lines.joined(separator: "\n")
  }
}

extension Environment {
  fileprivate var dump: [String] {
    var lines = ["env \(name)\(isProtected ? " (protected)" : "")"]
    if let cluster { lines.append("  cluster \(cluster.name)") }
    for service in services {
      let scale = service.scale
      lines.append("  service \(service.name) on port \(service.httpPort)")
      lines.append(
        "    replicas \(scale.minimum)...\(scale.maximum), cpu target \(scale.cpuTargetPercent.map { "\($0)%" } ?? "none")"
      )
      lines.append("    pool \(service.placement.pool?.name ?? "any"), cpu \(service.placement.milliCPU)m")
      lines.append("    startup \(service.startup / 1_000_000) ms, drain \(service.drain / 1_000_000) ms")
      lines.append(
        "    batching \(service.batching.maximumSize), wait \(service.batching.maximumWait / 1000) us, queue \(service.batching.queue)"
      )
      if let experiment = service.experiment {
        let arms = experiment.arms.map { "\($0.name) \(Double($0.basisPoints) / 100)% \($0.version)" }
        lines.append("    experiment \(experiment.name) by \(experiment.keyField): \(arms.joined(separator: ", "))")
      }
    }
    return lines
  }
}

extension FieldType {
  fileprivate var text: String {
    let name: String =
      switch scalar {
      case .element(let element): element.name
      case .enumeration(let name): name
      }
    return name + (shape.rank == 0 ? "" : shape.description) + (isOptional ? "?" : "")
  }
}

extension PipelineType {
  fileprivate var text: String {
    switch self {
    case .tensor(let type): type.description
    case .enumeration(let name, let shape): name + (shape.rank == 0 ? "" : shape.description)
    case .optional(let type): type.text + "?"
    case .row(let features, let keyShape): "\(features) row\(keyShape.rank == 0 ? "" : " per \(keyShape)")"
    case .outputs(let ports): "{ " + ports.map { "\($0.name): \($0.type)" }.joined(separator: ", ") + " }"
    }
  }
}

extension ModelDeclaration.Weights {
  fileprivate var text: String { format == .f32 ? "" : " \(format.rawValue), max_drift \(maximumDrift)" }
}
