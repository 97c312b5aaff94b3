import CTeam
import PlanFormat
import TensorTypes

/// Runs the programs of a plan in an arena of its own; one per thread. Nothing here allocates once it is made.
///
/// A call is: set the dimensions, fill the inputs, `run`, read the outputs. Memory of one call is overwritten by the
/// next, and inputs may be overwritten by the run itself.
package final class Executor {
  package let plan: LoadedPlan
  private let arenaMemory: Arena
  private let scratchMemory: Arena
  private let team: Team?
  private let dims: UnsafeMutableBufferPointer<Int64>
  private let programs: [ExecutableProgram]
  private let symbols: [Symbol]

  /// Reserves an arena for the largest program at its largest dimensions.
  /// - Parameter team: runs parts of long steps on other threads; without one the calling thread does everything.
  package init(_ plan: LoadedPlan, team: Team? = nil) throws(RuntimeError) {
    let definition = plan.plan
    arenaMemory = try Arena(byteCount: Int(definition.programs.map(\.arenaBytes).max() ?? 0))
    scratchMemory = try Arena(byteCount: Int(definition.programs.map(\.scratchBytes).max() ?? 0))
    self.plan = plan
    self.team = team
    symbols = definition.symbols
    dims = .allocate(capacity: max(1, definition.symbols.count))
    dims.initialize(repeating: 0)
    for (index, symbol) in symbols.enumerated() { dims[index] = Int64(symbol.minimum) }
    let (arena, scratch) = (arenaMemory.memory, scratchMemory.memory)
    programs = definition.programs.map { ExecutableProgram($0, of: plan, arena: arena, scratch: scratch) }
  }

  deinit { dims.deallocate() }

  /// All of the arena, where `Program.Binding.offset` counts from.
  package var arena: UnsafeMutableRawBufferPointer { arenaMemory.memory }

  /// The value that a dimension has in the next run; the smallest admissible one until it is set.
  package func dim(_ symbol: Int) -> Int { Int(dims[symbol]) }

  /// Sets a dimension, by its index in `Plan.symbols`.
  package func setDim(_ symbol: Int, to value: Int) throws(RuntimeError) {
    let range = symbols[symbol]
    guard value >= range.minimum, value <= range.maximum else {
      throw .dimension(symbol: range.name, value: value, minimum: range.minimum, maximum: range.maximum)
    }
    dims[symbol] = Int64(value)
  }

  /// The bytes of one request's part of input `index` (its place in `Program.inputs`), at the current dimensions.
  package func input(_ index: Int, of program: Int, request: Int = 0) -> UnsafeMutableRawBufferPointer {
    programs[program].inputs[index].bytes(in: arena, dims: dimPointer, request: request)
  }

  /// The bytes of one request's part of output `index` (its place in `Program.outputs`), at the current dimensions.
  package func output(_ index: Int, of program: Int, request: Int = 0) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(programs[program].outputs[index].bytes(in: arena, dims: dimPointer, request: request))
  }

  /// One dimension of an output's shape (of one request), at the current dimensions.
  package func extent(_ axis: Int, ofOutput index: Int, of program: Int) -> Int {
    programs[program].outputs[index].extents[axis].value(dimPointer)
  }

  /// One dimension of an input's shape (of one request), at the current dimensions.
  package func extent(_ axis: Int, ofInput index: Int, of program: Int) -> Int {
    programs[program].inputs[index].extents[axis].value(dimPointer)
  }

  /// Runs every step of a program over the arena. The result has the same bits whatever the team does.
  package func run(_ program: Int) {
    guard let team else {
      for call in programs[program].calls { call.kernel(call.arguments, dimPointer, 0, 1) }
      return
    }
    serve_team_enter(team.handle)
    for call in programs[program].calls { run(call, team) }
    serve_team_leave(team.handle)
  }

  private func run(_ call: ExecutableProgram.Call, _ team: Team) {
    if let step = call.split, case let threads = step.threads(dimPointer), threads > 1 {
      step.run(team, dimPointer, threads: threads)
    } else {
      call.kernel(call.arguments, dimPointer, 0, 1)
    }
  }

  /// The same, with each step's duration added to `nanoseconds` (as many as the program has steps).
  package func run(_ program: Int, timingInto nanoseconds: inout [UInt64]) {
    if let team { serve_team_enter(team.handle) }
    defer { if let team { serve_team_leave(team.handle) } }
    var before = MonotonicClock.now()
    for (index, call) in programs[program].calls.enumerated() {
      if let team { run(call, team) } else { call.kernel(call.arguments, dimPointer, 0, 1) }
      let after = MonotonicClock.now()
      nanoseconds[index] += after - before
      before = after
    }
  }

  private var dimPointer: UnsafePointer<Int64> {
    UnsafePointer(dims.baseAddress.unsafelyUnwrapped)
  }
}

/// A program whose kernels and arguments are pointers into this executor's arena and the plan's weights.
private final class ExecutableProgram {
  struct Call {
    let kernel: CodeLibrary.Kernel
    let arguments: UnsafePointer<UnsafeMutableRawPointer?>
    /// Of a step that the team may run.
    let split: TeamStep?
  }

  let calls: [Call]
  let inputs: [BoundTensor]
  let outputs: [BoundTensor]
  private let arguments: UnsafeMutableBufferPointer<UnsafeMutableRawPointer?>

  init(
    _ program: Program, of plan: LoadedPlan, arena: UnsafeMutableRawBufferPointer,
    scratch: UnsafeMutableRawBufferPointer,
  ) {
    let symbols = plan.plan.symbols
    let weights = plan.file.weights
    let count = program.steps.reduce(0) { $0 + $1.arguments.count }
    let arguments = UnsafeMutableBufferPointer<UnsafeMutableRawPointer?>.allocate(capacity: max(1, count))
    arguments.initialize(repeating: nil)
    var next = 0
    var calls: [Call] = []
    for step in program.steps {
      let first = next
      for argument in step.arguments {
        switch argument {
        case .arena(let offset): arguments[next] = arena.baseAddress?.advanced(by: Int(offset))
        case .weights(let offset):
          // Weights are mapped read-only, so a kernel that wrote to them would fault.
          arguments[next] = UnsafeMutableRawPointer(mutating: weights.baseAddress?.advanced(by: Int(offset)))
        case .scratch(let offset): arguments[next] = scratch.baseAddress?.advanced(by: Int(offset))
        }
        next += 1
      }
      let start = UnsafePointer(arguments.baseAddress.unsafelyUnwrapped.advanced(by: first))
      let kernel = plan.library.kernels[step.kernel]
      let split =
        step.isSplit ? TeamStep(step, kernel, start, scratch: scratch.baseAddress, symbols: symbols) : nil
      calls.append(Call(kernel: kernel, arguments: start, split: split))
    }
    self.calls = calls
    self.arguments = arguments
    inputs = program.inputs.map { BoundTensor($0, batch: program.batch, symbols: symbols) }
    outputs = program.outputs.map { BoundTensor($0, batch: program.batch, symbols: symbols) }
  }

  deinit {
    for call in calls { call.split?.deallocate() }
    arguments.deallocate()
  }
}

/// A binding whose size can be computed without allocation.
private struct BoundTensor {
  let extents: [CompiledDim]
  private let elementCount: CompiledDim
  private let elementBytes: Int
  private let offset: Int
  private let batch: Int?

  init(_ binding: Program.Binding, batch: Int?, symbols: [Symbol]) {
    extents = binding.shape.dims.map { CompiledDim($0, symbols: symbols) }
    elementCount = CompiledDim(binding.shape.elementCount, symbols: symbols)
    elementBytes = binding.element.byteCount
    offset = Int(binding.offset)
    self.batch = batch
  }

  /// Within the arena: the plan was checked at its largest dimensions, and `request` is below the batch's size.
  func bytes(
    in arena: UnsafeMutableRawBufferPointer, dims: UnsafePointer<Int64>, request: Int,
  ) -> UnsafeMutableRawBufferPointer {
    precondition(request >= 0 && request < batch.map { Int(dims[$0]) } ?? 1, "no such request in this call")
    let count = elementCount.value(dims) * elementBytes
    let start = offset + request * count
    return UnsafeMutableRawBufferPointer(rebasing: arena[start..<start + count])
  }
}
