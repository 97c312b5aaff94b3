import InferenceIR
import PlanFormat

extension LoweredUnit {
  /// Buffers and steps, one a line: `3 gemm_512x256_bias_relu  [arena 0, weights panels %w1] -> [arena 4096]`.
  func dump(_ symbols: [Symbol]) throws(CompileError) -> String {
    let layout = try layout(symbols)
    var text = "program \(unit.name) (arena \(layout.byteCount) bytes)\n"
    for (at, buffer) in schedule.buffers.enumerated() {
      text +=
        "  buffer \(at) \(buffer.role) \(buffer.element)[\(buffer.count)] at \(layout.offsets[at])\(loops.local[at] == nil ? "" : " of the request"): \(buffer.name)\n"
    }
    for (at, kernel) in (kernels.first ?? []).enumerated() {
      if let loop = loops.loop(of: at), loop.lowerBound == at {
        text += "  request by request to step \(loop.upperBound - 1)\n"
      }
      let reads = kernel.arguments.filter { !$0.isWritten }.map { describe($0) }.joined(separator: ", ")
      let writes = kernel.arguments.filter(\.isWritten).map { describe($0) }.joined(separator: ", ")
      text += "  step \(at) \(kernel.name) (\(reads)) -> (\(writes))  # \(schedule.dispatches[at].origin)\n"
    }
    return text
  }

  private func describe(_ argument: KernelArgument) -> String {
    switch argument.memory {
    case .buffer(let at, let offset): return offset == 0 ? "buffer \(at)" : "buffer \(at)+\(offset)"
    case .scratch(_, let bytes): return "scratch \(bytes)"
    case .weights(.raw(let id)): return "%\(schedule.graph[id].name)"
    case .weights(.panels(let id, _, let format)):
      return "panels\(format == .f32 ? "" : " \(format)") %\(schedule.graph[id].name)"
    case .weights(.gates(let id, _)): return "gates %\(schedule.graph[id].name)"
    case .weights(.panelScales(let id, _)): return "scales %\(schedule.graph[id].name)"
    case .weights(.pairs(let id, _)): return "pairs %\(schedule.graph[id].name)"
    case .weights(.rows(let id, _)): return "rows %\(schedule.graph[id].name)"
    case .weights(.codes(let id, _)): return "codes %\(schedule.graph[id].name)"
    case .weights(.scales(let id, _)): return "scales %\(schedule.graph[id].name)"
    case .weights(.convolution(let id, _)), .weights(.depthwise(let id)): return "windows %\(schedule.graph[id].name)"
    case .weights(.zeros(let count)): return "zeros \(count)"
    case .weights(.trees(_, let part)): return "trees.\(part)"
    case .weights(.ranked(_, let part)): return "ranked.\(part)"
    case .weights(.scorer(_, let part)): return "scorer.\(part)"
    }
  }
}
