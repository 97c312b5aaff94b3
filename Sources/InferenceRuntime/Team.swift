import CTeam
import Glibc
import PlanFormat
import TensorTypes

/// The threads that run parts of split steps. One team serves all executors of a process.
///
/// Executors say when they run. A step that is worth it is split over as many more threads as the process has cores
/// that no executor and no helper uses at that moment: there are never more threads running than cores.
package final class Team: Sendable {
  nonisolated(unsafe) let handle: OpaquePointer
  /// Most threads of one step.
  let cores: Int

  /// Nil where nothing would be split: on one core, or when no step of the plan ever takes long enough and none runs
  /// request by request.
  package init?(_ plan: LoadedPlan, cores: Int) throws(RuntimeError) {
    let definition = plan.plan
    let largest = Dictionary(uniqueKeysWithValues: definition.symbols.map { ($0.name, $0.maximum) })
    let steps = definition.programs.flatMap(\.steps).filter { step in
      step.isSplit && (step.cost.evaluate(largest) ?? 0) >= Program.Step.leastSplitCost
    }
    let loops = definition.programs.flatMap { program in program.requestLoops.map { program.steps[$0] } }
    if cores < 2 || (steps.isEmpty && loops.isEmpty) { return nil }
    let scratch = definition.programs.map(\.scratchBytes).max() ?? 0
    let tables = loops.map { $0.reduce(0) { $0 + $1.arguments.count } }
    let buffers = (steps.map(\.arguments.count) + tables).max() ?? 0
    guard let handle = serve_team_create(Int32(clamping: cores), Int(scratch), UInt32(buffers)) else {
      throw .memory(bytes: Int(clamping: scratch) * (cores - 1), code: errno == 0 ? EAGAIN : errno)
    }
    self.handle = handle
    self.cores = cores
  }

  deinit { serve_team_destroy(handle) }
}

/// One step with its pointers, as the team takes it.
struct TeamStep {
  private let step: UnsafeMutablePointer<serve_step>
  private let scratchBuffers: UnsafeMutableBufferPointer<UInt32>
  private let cost: CompiledDim

  /// - Parameter scratch: where the executor's scratch begins.
  init(
    _ step: Program.Step, _ kernel: @escaping CodeLibrary.Kernel,
    _ buffers: UnsafePointer<UnsafeMutableRawPointer?>, scratch: UnsafeMutableRawPointer?, symbols: [Symbol],
  ) {
    let places = step.arguments.indices.filter { at in
      if case .scratch = step.arguments[at] { return true }
      return false
    }
    scratchBuffers = .allocate(capacity: max(1, places.count))
    scratchBuffers.initialize(repeating: 0)
    for (index, place) in places.enumerated() { scratchBuffers[index] = UInt32(place) }
    self.step = .allocate(capacity: 1)
    self.step.initialize(
      to: serve_step(
        run: kernel, buffers: buffers, buffer_count: UInt32(step.arguments.count),
        scratch_count: UInt32(places.count), scratch_buffers: UnsafePointer(scratchBuffers.baseAddress),
        scratch: scratch?.assumingMemoryBound(to: UInt8.self)))
    cost = CompiledDim(step.cost, symbols: symbols)
  }

  func deallocate() {
    step.deallocate()
    scratchBuffers.deallocate()
  }

  /// Picoseconds on one thread, at these dimensions.
  func cost(_ dims: UnsafePointer<Int64>) -> Int { cost.value(dims) }

  func run(_ team: Team, _ dims: UnsafePointer<Int64>, threads: Int, wakes: Bool) {
    _ = serve_team_run(team.handle, step, dims, Int32(clamping: threads), wakes ? 1 : 0)
  }
}

/// What is left in a run for the threads of the team.
struct SharedWork {
  private var picoseconds = 0
  /// Whether a run like this one ended a moment ago: a thread that is woken now stays awake for the runs that follow.
  private var isOneOfMany = false

  /// Picoseconds of work from which waking a thread pays: the call takes 2 to 4 microseconds, and the thread comes 7 to
  /// 14 microseconds later.
  private static let leastToWake = 50_000_000
  /// A plan file may give any number as an estimate: one of 18 minutes is as good as the largest.
  private static let longest = 1 << 50

  static let much = SharedWork(picoseconds: longest << 10)

  init(picoseconds: Int = 0) { self.picoseconds = picoseconds }

  /// Threads that a step is worth: each has half of the least cost to split, at least.
  static func threads(_ cost: Int) -> Int { max(1, cost / (Program.Step.leastSplitCost / 2)) }

  /// Most nanoseconds between runs that follow each other: half of what a thread without work stays awake.
  static let shortPause: UInt64 = 25_000

  var isWorthWaking: Bool { isOneOfMany || picoseconds >= Self.leastToWake }

  /// Whether it pays to wake a thread for several such runs and not for one.
  var isSmall: Bool { picoseconds > 0 && picoseconds < Self.leastToWake }

  /// - Parameter pause: nanoseconds since the last run that was small.
  mutating func follow(after pause: UInt64) { isOneOfMany = isSmall && pause < Self.shortPause }

  mutating func add(_ cost: Int) {
    if Self.threads(cost) > 1 { picoseconds = min(picoseconds, Self.longest << 10) + min(cost, Self.longest) }
  }

  mutating func remove(_ cost: Int) { picoseconds = max(0, picoseconds - min(cost, Self.longest)) }
}
