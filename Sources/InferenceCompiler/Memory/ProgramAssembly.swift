import InferenceIR
import PlanFormat
import TensorTypes

/// A unit's schedule with its kernels for every target, before memory is laid out.
struct LoweredUnit {
  let unit: CompilationUnit
  let schedule: Schedule
  /// By target, then by dispatch.
  let kernels: [[Kernel]]
  /// By dispatch.
  let work: [StepWork]
  let trees: [Int: TreeTables]
  let loops: RequestLoops
}

extension LoweredUnit {
  /// - Parameter leastSplitCost: kernels that may take this many picoseconds can be run by several threads.
  init(
    _ unit: CompilationUnit, symbols: [Symbol], targets: [Target], leastSplitCost: Int = Program.Step.leastSplitCost,
    leastLoopBytes: Int = CompilerOptions.leastLoopBytes,
  ) throws(CompileError) {
    self.unit = unit
    try Self.check(unit, symbols)
    let graph = try GraphPass.optimize(unit.graph)
    schedule = try Schedule(graph)
    var trees: [Int: TreeTables] = [:]
    for (at, node) in graph.nodes.enumerated() {
      if case .treeEnsemble(let ensemble) = node.op { trees[at] = try TreeTables(ensemble, origin: node.origin) }
    }
    self.trees = trees
    let names = Dictionary(uniqueKeysWithValues: symbols.enumerated().map { ($1.name, $0) })
    var kernels: [[Kernel]] = []
    for target in targets {
      let lowering = Lowering(schedule: schedule, target: target, symbols: names, trees: trees, numerics: unit.numerics)
      var all: [Kernel] = []
      for dispatch in schedule.dispatches { all.append(try lowering.kernel(for: dispatch)) }
      kernels.append(all)
    }
    try Self.checkFoundDims(schedule, kernels.first ?? [], batch: unit.batch)
    let largest = Dictionary(uniqueKeysWithValues: symbols.map { ($0.name, $0.maximum) })
    let estimate = WorkEstimate(schedule: schedule)
    work = schedule.dispatches.enumerated().map { at, dispatch in
      guard let kernel = kernels.first?[at] else { return StepWork(cost: 0, isSplit: false) }
      let cost = estimate.picoseconds(dispatch, kernel)
      // Without a bound that a plan can hold there is no estimate.
      guard let most = cost.evaluate(largest), cost.terms.count <= 32 else { return StepWork(cost: 0, isSplit: false) }
      let bodies = kernels.compactMap { Splitting.split($0[at].body) }
      guard most >= leastSplitCost, bodies.count == kernels.count else { return StepWork(cost: cost, isSplit: false) }
      for (target, body) in bodies.enumerated() { kernels[target][at].body = body }
      return StepWork(cost: cost, isSplit: true)
    }
    self.kernels = kernels
    let isBatched = unit.batch.map { (largest[$0] ?? 1) > 1 } ?? false
    loops = RequestLoops(
      schedule, kernels.first ?? [], batch: isBatched ? unit.batch : nil, leastBytes: leastLoopBytes)
  }

  /// Refuses what would otherwise read a dimension or a port that does not exist.
  private static func check(_ unit: CompilationUnit, _ symbols: [Symbol]) throws(CompileError) {
    let known = Set(symbols.map(\.name))
    for value in unit.graph.values {
      for name in value.type.shape.dims.flatMap(\.symbols) where !known.contains(name) {
        throw CompileError(origin: unit.name, message: "\"\(value.name)\" has the unknown dimension \(name)")
      }
    }
    guard unit.inputs.count == unit.graph.inputs.count, unit.outputs.count == unit.graph.outputs.count else {
      throw CompileError(
        origin: unit.name,
        message: "\(unit.inputs.count) input and \(unit.outputs.count) output ports do not match the graph")
    }
  }

  /// Where every buffer and scratch piece stands, for the largest dimensions. Buffers share the arena of an executor;
  /// scratch is memory of the thread, since several may run parts of one step. Behind it in the same memory stands what
  /// lives inside a request loop.
  struct Layout {
    /// By buffer: in the arena, or in scratch of those that live inside a loop.
    var offsets: [Int]
    /// By dispatch and scratch index.
    var scratch: [Int: [Int: Int]]
    var byteCount: Int
    /// Of one thread's scratch.
    var scratchBytes: Int
  }

  /// - Parameter apart: gives every buffer memory of its own, and a gap behind it.
  func layout(_ symbols: [Symbol], apart: Bool = false) throws(CompileError) -> Layout {
    let largest = Dictionary(uniqueKeysWithValues: symbols.map { ($0.name, $0.maximum) })
    func bytes(_ count: Dim, _ each: Int) throws(CompileError) -> Int {
      guard let number = count.evaluate(largest), !number.multipliedReportingOverflow(by: each).overflow else {
        throw CompileError(origin: unit.name, message: "a buffer of \(count) elements has no known largest size")
      }
      return number * each
    }
    let last = max(schedule.dispatches.count - 1, 0)
    var lives: [ClosedRange<Int>?] = schedule.buffers.map { buffer in
      switch buffer.role {
      case .input: 0...0
      case .output: last...last
      case .temporary: nil
      }
    }
    let steps = kernels.first ?? []
    for (at, kernel) in steps.enumerated() {
      for argument in kernel.arguments {
        guard case .buffer(let buffer, _) = argument.memory else { continue }
        // All of a loop's steps run between two requests.
        let loop = loops.local[buffer] == nil ? loops.loop(of: at) : nil
        let touched = (loop?.lowerBound ?? at)...(loop.map { $0.upperBound - 1 } ?? at)
        let life = lives[buffer] ?? touched
        lives[buffer] = min(life.lowerBound, touched.lowerBound)...max(life.upperBound, touched.upperBound)
      }
    }
    func blocks(_ chosen: [Int]) throws(CompileError) -> [ArenaPlan.Block] {
      var blocks: [ArenaPlan.Block] = []
      for at in chosen {
        let buffer = schedule.buffers[at]
        let count = loops.local[at] == nil ? buffer.count : Dim(loops.requestCounts[at] ?? 0)
        let size = try bytes(count, buffer.element.byteCount)
        blocks.append(
          apart
            ? .init(byteCount: size + ArenaPlan.alignment, life: 0...last)
            : .init(byteCount: size, life: lives[at] ?? 0...0))
      }
      return blocks
    }
    var scratch: [Int: [Int: Int]] = [:]
    var scratchBytes = 0
    for (at, kernel) in steps.enumerated() {
      var offset = 0
      for argument in kernel.arguments {
        guard case .scratch(let index, let count) = argument.memory else { continue }
        scratch[at, default: [:]][index] = offset
        offset += ArenaPlan.rounded(try bytes(count, 1))
      }
      scratchBytes = max(scratchBytes, offset)
    }
    var offsets = [Int](repeating: 0, count: schedule.buffers.count)
    let shared = offsets.indices.filter { loops.local[$0] == nil }
    let arena = ArenaPlan(try blocks(shared))
    for (at, offset) in zip(shared, arena.offsets) { offsets[at] = offset }
    let behind = scratchBytes
    for loop in loops.loops.indices {
      let chosen = offsets.indices.filter { loops.local[$0] == loop }
      let plan = ArenaPlan(try blocks(chosen))
      for (at, offset) in zip(chosen, plan.offsets) { offsets[at] = behind + offset }
      scratchBytes = max(scratchBytes, behind + plan.byteCount)
    }
    return Layout(offsets: offsets, scratch: scratch, byteCount: arena.byteCount, scratchBytes: scratchBytes)
  }

  /// The program with its steps; kernels and weights get their places in what all programs share.
  func program(
    symbols: [Symbol], functions: inout FunctionTable, weights: inout WeightStore, apart: Bool = false,
  ) throws(CompileError) -> (Program, ProgramReport) {
    let layout = try layout(symbols, apart: apart)
    var steps: [Program.Step] = []
    var weightBytes: [UInt64: Int] = [:]
    for (at, dispatch) in schedule.dispatches.enumerated() {
      let variants = kernels.map { $0[at] }
      guard let kernel = variants.first else { continue }
      var arguments: [Program.Argument] = []
      for argument in kernel.arguments {
        switch argument.memory {
        case .buffer(let buffer, let offset):
          let each = schedule.buffers[buffer].element.byteCount
          let start = UInt64(layout.offsets[buffer] + offset * each)
          if loops.local[buffer] != nil {
            arguments.append(.local(offset: start))
          } else if loops.loop(of: at) != nil, let count = loops.requestCounts[buffer] {
            arguments.append(.request(offset: start, stride: UInt64(count * each)))
          } else {
            arguments.append(.arena(offset: start))
          }
        case .weights(let key):
          let (offset, count) = try weights.offset(of: key, in: schedule.graph, trees)
          weightBytes[offset] = count
          arguments.append(.weights(offset: offset))
        case .scratch(let index, _):
          arguments.append(.scratch(offset: UInt64(layout.scratch[at]?[index] ?? 0)))
        }
      }
      steps.append(
        Program.Step(
          kernel: functions.index(of: variants), arguments: arguments, label: "\(kernel.name) \(dispatch.origin)",
          cost: work[at].cost, isSplit: work[at].isSplit))
    }
    let program = Program(
      name: unit.name, version: unit.version,
      batch: unit.batch.flatMap { name in symbols.firstIndex { $0.name == name } },
      inputs: try bindings(schedule.graph.inputs, unit.inputs, layout),
      outputs: try bindings(schedule.graph.outputs, unit.outputs, layout), literals: unit.literals, steps: steps,
      requestLoops: loops.loops, foundDims: foundDims(symbols, layout), arenaBytes: UInt64(layout.byteCount),
      scratchBytes: UInt64(layout.scratchBytes))
    let report = ProgramReport(
      name: unit.name, steps: steps.count, arenaBytes: UInt64(layout.byteCount),
      weightBytes: UInt64(weightBytes.values.reduce(0, +)),
      buffers: schedule.buffers.enumerated().filter { loops.local[$0.offset] == nil }.map { at, buffer in
        .init(offset: layout.offsets[at], byteCount: buffer.count * Dim(buffer.element.byteCount))
      })
    return (program, report)
  }

  private func bindings(
    _ ids: [ValueID], _ ports: [Program.Port], _ layout: Layout,
  ) throws(CompileError) -> [Program.Binding] {
    var bindings: [Program.Binding] = []
    for (id, port) in zip(ids, ports) {
      guard case .buffer(let buffer) = schedule.views[id]?.root else {
        throw CompileError(origin: schedule.graph[id].name, message: "has no place in the arena")
      }
      let type = schedule.type(of: id)
      var shape = type.shape
      if let batch = unit.batch {
        guard shape.dims.first == Dim(symbol: batch) else {
          throw CompileError(
            origin: schedule.graph[id].name, message: "has shape \(shape), which does not begin with \(batch)")
        }
        shape.dims.removeFirst()
      }
      bindings.append(
        Program.Binding(port: port, element: type.element, shape: shape, offset: UInt64(layout.offsets[buffer])))
    }
    return bindings
  }
}
