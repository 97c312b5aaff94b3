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
  /// The same with a batch of one, for the steps of request loops.
  private let dimsOfOne: UnsafeMutableBufferPointer<Int64>
  private let programs: [ExecutableProgram]
  private let symbols: [Symbol]
  /// When a run ended that had a little work for the team.
  private var lastSmallRun: UInt64 = 0

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
    dimsOfOne = .allocate(capacity: max(1, definition.symbols.count))
    dimsOfOne.initialize(repeating: 0)
    for (index, symbol) in symbols.enumerated() { dims[index] = Int64(symbol.minimum) }
    let (arena, scratch) = (arenaMemory.memory, scratchMemory.memory)
    programs = definition.programs.map { ExecutableProgram($0, of: plan, arena: arena, scratch: scratch) }
  }

  deinit {
    dims.deallocate()
    dimsOfOne.deallocate()
  }

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
    var work = begin(program)
    let wasSmall = work.isSmall
    defer { end(wasSmall: wasSmall) }
    for stretch in programs[program].stretches {
      switch stretch {
      case .calls(let calls): for call in calls { run(call, dimPointer, &work) }
      case .requests(let loop): run(loop)
      case .dims(let found): for dim in found { read(dim) }
      }
    }
  }

  /// Takes over a dimension that a step has found. Nothing that a kernel does may lead out of the arena.
  private func read(_ dim: Program.FoundDim) {
    let symbol = symbols[dim.symbol]
    let found = arena.load(fromByteOffset: Int(dim.offset), as: Int64.self)
    dims[dim.symbol] = min(max(found, Int64(symbol.minimum)), Int64(symbol.maximum))
  }

  /// Enters the team and adds up what there is for it.
  private func begin(_ program: Int) -> SharedWork {
    guard let team else { return SharedWork() }
    serve_team_enter(team.handle)
    var work = SharedWork()
    for case .calls(let calls) in programs[program].stretches {
      for call in calls { if let step = call.split { work.add(step.cost(dimPointer)) } }
    }
    if work.isSmall { work.follow(after: MonotonicClock.now() &- lastSmallRun) }
    return work
  }

  /// Leaves the team.
  private func end(wasSmall: Bool) {
    guard let team else { return }
    serve_team_leave(team.handle)
    if wasSmall { lastSmallRun = MonotonicClock.now() }
  }

  private func run(_ call: StepCall, _ dims: UnsafePointer<Int64>, _ work: inout SharedWork) {
    if let team, let step = call.split, case let cost = step.cost(dims), SharedWork.threads(cost) > 1 {
      step.run(team, dims, threads: SharedWork.threads(cost), wakes: work.isWorthWaking)
      work.remove(cost)
    } else {
      call.kernel(call.arguments, dims, 0, 1)
    }
  }

  /// Gives whole requests to the threads of the team; what they cannot share evenly they run together, step by step.
  private func run(_ loop: RequestLoop) {
    let requests = loop.setOne(dims, dimsOfOne)
    let one = UnsafePointer(dimsOfOne.baseAddress.unsafelyUnwrapped)
    let shared = team.map { loop.run($0, one, requests: requests) } ?? 0
    for request in shared..<requests {
      loop.point(to: request)
      var work = SharedWork.much
      for call in loop.calls { run(call, one, &work) }
    }
  }

  /// The same, with each step's duration added to `nanoseconds` (as many as the program has steps), request by request.
  package func run(_ program: Int, timingInto nanoseconds: inout [UInt64]) {
    var work = begin(program)
    let wasSmall = work.isSmall
    defer { end(wasSmall: wasSmall) }
    var before = MonotonicClock.now()
    func time(_ step: Int, _ call: StepCall, _ dims: UnsafePointer<Int64>, _ work: inout SharedWork) {
      run(call, dims, &work)
      let after = MonotonicClock.now()
      nanoseconds[step] += after - before
      before = after
    }
    var first = 0
    for stretch in programs[program].stretches {
      switch stretch {
      case .calls(let calls):
        for (at, call) in calls.enumerated() { time(first + at, call, dimPointer, &work) }
        first += calls.count
      case .requests(let loop):
        let requests = loop.setOne(dims, dimsOfOne)
        for request in 0..<requests {
          loop.point(to: request)
          var much = SharedWork.much
          for (at, call) in loop.calls.enumerated() {
            time(first + at, call, UnsafePointer(dimsOfOne.baseAddress.unsafelyUnwrapped), &much)
          }
        }
        first += loop.calls.count
      case .dims(let found): for dim in found { read(dim) }
      }
    }
  }

  private var dimPointer: UnsafePointer<Int64> {
    UnsafePointer(dims.baseAddress.unsafelyUnwrapped)
  }
}
