import PlanFormat

extension Metrics {
  /// All metrics in Prometheus' text format 0.0.4.
  package func render() -> String {
    var text = ""
    for metric in Metric.all {
      text += "# HELP \(metric.name) \(metric.help)\n# TYPE \(metric.name) \(metric.kind.rawValue)\n"
      series(metric, &text)
    }
    return text
  }

  private func series(_ metric: Metric, _ text: inout String) {
    switch metric {
    case .requests: requestSeries(&text)
    case .featureRows:
      for program in plan.programs.indices {
        line(metric, labels(program), number(sum(layout.featureRows(program))), &text)
      }
    case .featureDefaults:
      for program in plan.programs.indices {
        line(metric, labels(program), number(sum(layout.featureDefaults(program))), &text)
      }
    case .batch:
      for program in plan.programs.indices {
        let bounds = Layout.batchBounds
        histogram(metric, labels(program), bounds.map { number($0) }, layout.batch(program), divisor: 1, &text)
      }
    case .inFlight: line(metric, service, number(Int64(bitPattern: sum(Layout.inFlight))), &text)
    case .queued: line(metric, service, number(Int64(bitPattern: sum(Layout.queued))), &text)
    case .plan:
      let (root, cpu) = planInfo
      line(metric, service + [("plan", root), ("cpu", cpu)], "1", &text)
    case let metric:
      if let gauge = Gauge.allCases.first(where: { $0.metric == metric }) {
        line(metric, service, number(value(gauge)), &text)
      } else if let stage = Stage.allCases.first(where: { $0.metric == metric }) {
        let bounds = Layout.bounds.map { number(Double($0) / 1e9) }
        for program in plan.programs.indices {
          histogram(metric, labels(program), bounds, layout.stage(stage, program), divisor: 1e9, &text)
        }
      }
    }
  }

  /// Codes that occurred, and 200 of every arm: a rate needs a zero to start from.
  private func requestSeries(_ text: inout String) {
    for set in 0..<layout.labelSets {
      for (index, code) in Layout.codes.enumerated() {
        let count = sum(layout.requests(set, code: index))
        if count == 0, code != 200 || set == 0 { continue }
        line(.requests, labels(set - 1) + [("code", "\(code)")], number(count), &text)
      }
    }
  }

  private func histogram(
    _ metric: Metric, _ labels: [(String, String)], _ bounds: [String], _ first: Int, divisor: Double,
    _ text: inout String,
  ) {
    var total: UInt64 = 0
    for (index, bound) in (bounds + ["+Inf"]).enumerated() {
      total += sum(first + index)
      line(metric, labels + [("le", bound)], number(total), suffix: "_bucket", &text)
    }
    line(metric, labels, number(Double(sum(first + bounds.count + 1)) / divisor), suffix: "_sum", &text)
    line(metric, labels, number(total), suffix: "_count", &text)
  }

  private var service: [(String, String)] { [("service", plan.service)] }

  /// The labels of a program; -1 is no program.
  private func labels(_ program: Int) -> [(String, String)] {
    guard plan.programs.indices.contains(program) else {
      return service + [("arm", ""), ("model", ""), ("version", "")]
    }
    let definition = plan.programs[program]
    let arm = plan.experiment?.arms.first { $0.program == program }?.name ?? ""
    let model = definition.model.isEmpty ? plan.service : definition.model
    return service + [("arm", arm), ("model", model), ("version", definition.version)]
  }

  private func line(
    _ metric: Metric, _ labels: [(String, String)], _ value: String, suffix: String = "", _ text: inout String,
  ) {
    text += metric.name + suffix + "{"
    text += labels.map { "\($0)=\"\(escaped($1))\"" }.joined(separator: ",")
    text += "} \(value)\n"
  }

  private func escaped(_ value: String) -> String {
    var text = ""
    for character in value.unicodeScalars {
      switch character {
      case "\\": text += "\\\\"
      case "\"": text += "\\\""
      case "\n": text += "\\n"
      default: text.unicodeScalars.append(character)
      }
    }
    return text
  }

  private func number(_ value: some BinaryInteger) -> String { String(value) }

  /// Whole numbers without a fraction; else the shortest text that reads back the same.
  private func number(_ value: Double) -> String {
    value == value.rounded() && value.magnitude < 1e15 ? String(Int64(value)) : String(value)
  }
}
