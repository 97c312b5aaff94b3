import ServeDiagnostics

/// `batching { … }` and `deadline`.
extension Checker {
  /// How many requests a pass carries when nothing is said and the models can.
  private static let usualBatch = 32
  private static let usualQueue = 512

  mutating func batching(_ section: Section, _ models: [CheckedModel], deadline: Int64?) -> Service.Batching {
    let limit = batchLimit(models)
    let batches = !models.isEmpty && models.allSatisfy(\.declaration.batches)
    let size = section.integer("max_size") ?? min(batches ? Self.usualBatch : 1, limit?.size ?? Self.usualBatch)
    let wait = section.amount("max_wait") ?? 0
    if let limit, size > limit.size {
      diagnostics.add(
        Diagnostic(
          .fixedBatch, "a batch of \(size) does not fit the model",
          at: Label(section.range("max_size"), "at most \(limit.size)"),
          secondary: [limit.label], values: ["\(size) > \(limit.size)"],
          notes: ["the first full batch would fail for every request in it"],
          help: [Help("write `max_size = \(limit.size)`", replacing: section.range("max_size"), with: "\(limit.size)")])
      )
    }
    if let deadline, wait >= deadline {
      diagnostics.add(
        Diagnostic(
          .lateByConstruction, "a request may wait longer than it may take",
          at: Label(section.range("max_wait"), Amounts.duration(wait)),
          values: ["\(Amounts.duration(wait)) waiting >= \(Amounts.duration(deadline)) deadline"],
          notes: ["whoever waits for a full batch is answered with 504"]))
    }
    if wait > 0, size == 1 {
      diagnostics.add(
        Diagnostic(
          .uselessWindow, "a batch of one waits for nothing", at: Label(section.range("max_wait"), "adds latency only"),
          help: [Help("drop `max_wait`, or raise `max_size`")]))
    }
    return Service.Batching(maximumSize: size, maximumWait: wait, queue: section.integer("queue") ?? Self.usualQueue)
  }

  /// The largest batch that models and `dim batch` allow.
  private mutating func batchLimit(_ models: [CheckedModel]) -> (size: Int, label: Label)? {
    var result: (size: Int, label: Label)?
    for model in models {
      guard let maximum = model.declaration.maximumBatch, maximum < result?.size ?? .max,
        let version = model.declaration.versions.first
      else { continue }
      result = (maximum, Label(version.range, "this file has a fixed batch of \(maximum)"))
    }
    if let dim = dims[FileSignature.batch] { used.insert(dim.range) }
    if let dim = dims[FileSignature.batch], dim.maximum < result?.size ?? .max {
      result = (dim.maximum, Label(dim.range, "declared \(dim.minimum)...\(dim.maximum)"))
    }
    return result
  }
}
