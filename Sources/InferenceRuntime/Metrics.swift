package import PlanFormat
import Synchronization

/// Counts and times of one service. Each thread writes cells of its own, without locks and without allocation;
/// `render` adds them up.
package final class Metrics: Sendable {
  /// Where each value stands in a shard's cells.
  struct Layout: Sendable {
    /// Upper bounds in nanoseconds, from a kernel call to a slow request; one more bucket has no bound.
    static let bounds: [UInt64] = [
      1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
      10_000_000, 25_000_000, 50_000_000, 100_000_000, 250_000_000, 500_000_000, 1_000_000_000, 2_500_000_000,
    ]
    static let batchBounds: [UInt64] = [1, 2, 4, 8, 16, 32, 64, 128, 256]
    /// Codes with a cell of their own; every other is counted as the 500 that it then is.
    static let codes = [200, 400, 404, 405, 408, 411, 413, 415, 429, 431, 499, 500, 501, 503, 504]

    let programs: Int
    /// Label set 0 is "no program yet"; program p has p + 1.
    var labelSets: Int { programs + 1 }
    static let histogram = bounds.count + 2
    static let batchHistogram = batchBounds.count + 2

    static let inFlight = 0
    static let queued = 1
    func requests(_ set: Int, code: Int) -> Int { 2 + set * Self.codes.count + code }
    private var rowsAt: Int { 2 + labelSets * Self.codes.count }
    func featureRows(_ program: Int) -> Int { rowsAt + 2 * program }
    func featureDefaults(_ program: Int) -> Int { rowsAt + 2 * program + 1 }
    private var stagesAt: Int { rowsAt + 2 * programs }
    func stage(_ stage: Stage, _ program: Int) -> Int {
      stagesAt + (program * Stage.allCases.count + stage.rawValue) * Self.histogram
    }
    private var batchesAt: Int { stagesAt + programs * Stage.allCases.count * Self.histogram }
    func batch(_ program: Int) -> Int { batchesAt + program * Self.batchHistogram }
    var count: Int { batchesAt + programs * Self.batchHistogram }
  }

  typealias Cells = UnsafeMutablePointer<Atomic<UInt64>>

  let plan: Plan
  let layout: Layout
  /// The shards' cells one after the other, each beginning on a cache line of its own.
  private nonisolated(unsafe) let cells: Cells
  private let stride: Int
  private let shards: Int
  private nonisolated(unsafe) let gauges: Cells
  private let info: Mutex<(root: String, cpu: String)>

  /// One shard per thread that will write.
  package init(plan: Plan, shards: Int) {
    self.plan = plan
    self.shards = max(1, shards)
    layout = Layout(programs: plan.programs.count)
    stride = (layout.count + 15) / 8 * 8
    let total = stride * self.shards
    let memory = UnsafeMutableRawPointer.allocate(byteCount: total * 8, alignment: 64)
    cells = memory.bindMemory(to: Atomic<UInt64>.self, capacity: total)
    for index in 0..<total { (cells + index).initialize(to: Atomic(0)) }
    gauges = .allocate(capacity: Gauge.allCases.count)
    for index in Gauge.allCases.indices { (gauges + index).initialize(to: Atomic(0)) }
    info = Mutex(("", ""))
  }

  deinit {
    cells.deinitialize(count: stride * shards)
    UnsafeMutableRawPointer(cells).deallocate()
    gauges.deinitialize(count: Gauge.allCases.count)
    gauges.deallocate()
  }

  /// The cells of one thread. Two threads must not write to one shard; reading is always safe.
  package func shard(_ index: Int) -> Shard {
    precondition(index >= 0 && index < shards, "there is no such shard")
    return Shard(owner: self, cells: cells + index * stride, layout: layout)
  }

  package func set(_ gauge: Gauge, to value: Double) {
    gauges[gauge.rawValue].store(value.bitPattern, ordering: .relaxed)
  }

  /// What `serve_plan_info` says.
  package func describe(_ plan: LoadedPlan) {
    info.withLock { $0 = (plan.root, plan.family.name) }
    set(.planBytes, to: Double(plan.file.byteCount))
  }

  func value(_ gauge: Gauge) -> Double { Double(bitPattern: gauges[gauge.rawValue].load(ordering: .relaxed)) }

  var planInfo: (root: String, cpu: String) { info.withLock { $0 } }

  /// The sum over the shards; a gauge's shares wrap around zero and come out right in the sum.
  func sum(_ cell: Int) -> UInt64 {
    var total: UInt64 = 0
    for shard in 0..<shards { total &+= cells[shard * stride + cell].load(ordering: .relaxed) }
    return total
  }

  /// The metrics of one thread.
  package struct Shard {
    private let owner: Metrics
    private let cells: Cells
    private let layout: Layout

    init(owner: Metrics, cells: Cells, layout: Layout) {
      self.owner = owner
      self.cells = cells
      self.layout = layout
    }

    /// Counts an answer; `program` is nil where the request did not get as far as an arm.
    package func request(program: Int?, code: Int) {
      let known = Layout.codes.firstIndex(of: code) ?? Layout.codes.firstIndex(of: 500) ?? 0
      add(1, to: layout.requests(program.map { $0 + 1 } ?? 0, code: known))
    }

    package func observe(_ stage: Stage, nanoseconds: UInt64, program: Int) {
      observe(nanoseconds, Layout.bounds, at: layout.stage(stage, program))
    }

    /// Counts one call of a program for `size` requests.
    package func batch(size: Int, program: Int) {
      observe(UInt64(size), Layout.batchBounds, at: layout.batch(program))
    }

    package func features(rows: Int, defaults: Int, program: Int) {
      add(UInt64(rows), to: layout.featureRows(program))
      add(UInt64(defaults), to: layout.featureDefaults(program))
    }

    /// +1 when a request arrives, -1 when its answer is written.
    package func inFlight(_ change: Int) { add(UInt64(bitPattern: Int64(change)), to: Layout.inFlight) }

    /// +1 when a request is queued, -1 when it leaves the queue.
    package func queued(_ change: Int) { add(UInt64(bitPattern: Int64(change)), to: Layout.queued) }

    private func observe(_ value: UInt64, _ bounds: [UInt64], at first: Int) {
      var bucket = 0
      while bucket < bounds.count, value > bounds[bucket] { bucket += 1 }
      add(1, to: first + bucket)
      add(value, to: first + bounds.count + 1)
    }

    /// One writer per shard, so a load and a store do; no locked instruction is needed.
    private func add(_ value: UInt64, to cell: Int) {
      let old = cells[cell].load(ordering: .relaxed)
      cells[cell].store(old &+ value, ordering: .relaxed)
    }
  }
}
