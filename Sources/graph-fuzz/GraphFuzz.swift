import ArgumentParser
import Foundation

/// Grows graphs from seeds, compiles them, many to a translation unit, and holds what they compute against the
/// interpreter, and against themselves in parts and alone.
struct GraphFuzz: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "graph-fuzz", abstract: "Compares compiled random graphs with the reference interpreter.")

  @Option(help: "How many graphs; each has the next seed.") var graphs = 2000
  @Option(help: "The first seed.") var seed = 1
  @Option(help: "Most nodes of a graph.") var nodes = 30
  @Option(help: "Graphs of one translation unit.") var unit = 50
  @Option(help: "Optimisation level of clang; kernels in plans have 2.") var optimize = 1
  @Option(help: "A file that seeds of graphs that failed are added to, and whose seeds are tried first.")
  var record: String?

  func run() throws {
    let recorded = record.flatMap { try? String(contentsOfFile: $0, encoding: .utf8) } ?? ""
    let earlier = recorded.split(whereSeparator: \.isNewline).compactMap { Int($0.prefix { $0 != " " }) }
    let seeds = earlier + Array(seed..<seed + graphs)
    let units = stride(from: 0, to: seeds.count, by: unit).map { Array(seeds[$0..<min($0 + unit, seeds.count)]) }
    let results = Results(units: units.count)
    DispatchQueue.concurrentPerform(iterations: units.count) { at in
      results.add(KernelUnit.check(units[at], nodes: nodes, optimize: optimize))
    }
    let total = results.total
    let failures = total.failures.sorted { $0.seed < $1.seed }
    for failure in failures { print(failure.text) }
    if let record, !failures.isEmpty {
      let lines = failures.filter { !earlier.contains($0.seed) }.map { "\($0.seed) \($0.title)\n" }.joined()
      try (recorded + lines).write(toFile: record, atomically: true, encoding: .utf8)
    }
    print("\(total.graphs) graphs with \(total.nodes) nodes, \(total.kernels) kernels: \(failures.count) failed")
    if !failures.isEmpty { throw ExitCode(1) }
  }
}

struct Failure: Sendable {
  var seed: Int
  var title: String
  var text: String
}

/// What a translation unit came to.
struct UnitResult: Sendable {
  var graphs = 0
  var nodes = 0
  var kernels = 0
  var failures: [Failure] = []
}

/// Sums over all threads, with a line of progress on a terminal.
private final class Results: @unchecked Sendable {
  private let lock = NSLock()
  private let units: Int
  private var done = 0
  private var sums = UnitResult()

  init(units: Int) { self.units = units }

  func add(_ result: UnitResult) {
    lock.withLock {
      done += 1
      sums.graphs += result.graphs
      sums.nodes += result.nodes
      sums.kernels += result.kernels
      sums.failures += result.failures
      if isatty(STDERR_FILENO) != 0 {
        let line = "\r\(sums.graphs) graphs, \(done) of \(units) units, \(sums.failures.count) failed "
        FileHandle.standardError.write(Data((done == units ? line + "\n" : line).utf8))
      }
    }
  }

  var total: UnitResult { lock.withLock { sums } }
}
