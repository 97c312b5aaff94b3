import Foundation
import InferenceRuntime
import PlanFormat
import TensorTypes
import Testing

/// Executors that share a team, as event loops of a pod do.
@Suite struct TeamTests {
  /// The plan of `TestPlan` with its step split, whatever it costs.
  private func load() throws -> LoadedPlan {
    var plan = TestPlan.plan
    for index in plan.programs.indices {
      plan.programs[index].steps[0].isSplit = true
      plan.programs[index].steps[0].cost = Dim(8 * 150_000_000)
    }
    return try TestPlan.load(plan)
  }

  @Test func `a plan without long steps and a pod of one core need no team`() throws {
    #expect(try Team(TestPlan.load(), cores: 4) == nil)
    #expect(try Team(load(), cores: 1) == nil)
    #expect(try Team(load(), cores: 2) != nil)
  }

  @Test(arguments: [2, 3, 4]) func `parts on any threads give what one thread gives`(cores: Int) throws {
    let loaded = try load()
    let team = try Team(loaded, cores: cores)
    let wrong = Faults()
    DispatchQueue.concurrentPerform(iterations: 4) { thread in
      guard let executor = try? Executor(loaded, team: team) else { return wrong.add() }
      for turn in 0..<2000 {
        let count = 1 + (turn + thread) % 16
        guard (try? executor.setDim(1, to: count)) != nil else { return wrong.add() }
        let numbers = (0..<count).map { Float($0 + turn + thread * 100_000) }
        executor.input(0, of: 0).copyBytes(from: TestPlan.bytes(numbers))
        executor.run(0)
        if Array(executor.output(0, of: 0)) != TestPlan.bytes(numbers.map { $0 * TestPlan.weight }) { wrong.add() }
      }
    }
    #expect(wrong.count == 0)
  }

  /// Two steps request by request, the first of which leaves its numbers in the thread's scratch.
  private func loadLoop() throws -> LoadedPlan {
    var plan = TestPlan.plan
    plan.symbols[1].minimum = 16
    plan.golden = []
    let request = UInt64(16 * 4)
    for index in plan.programs.indices {
      let weight = Program.Argument.weights(offset: 0)
      plan.programs[index].steps = [
        .init(
          kernel: 0, arguments: [.request(offset: 0, stride: request), weight, .local(offset: 64)], label: "first"),
        .init(
          kernel: 0, arguments: [.local(offset: 64), weight, .request(offset: 256, stride: request)], label: "second"),
      ]
      plan.programs[index].requestLoops = [0..<2]
      plan.programs[index].scratchBytes = 64 + request
    }
    return try TestPlan.load(plan)
  }

  @Test(arguments: [1, 2, 3, 4]) func `requests on any threads give what one thread gives`(cores: Int) throws {
    let loaded = try loadLoop()
    let team = try Team(loaded, cores: cores)
    #expect((team == nil) == (cores == 1))
    let wrong = Faults()
    DispatchQueue.concurrentPerform(iterations: 3) { thread in
      guard let executor = try? Executor(loaded, team: team) else { return wrong.add() }
      for turn in 0..<1000 {
        let requests = 1 + (turn + thread) % 4
        guard (try? executor.setDim(0, to: requests)) != nil else { return wrong.add() }
        let numbers = (0..<requests * 16).map { Float($0 + turn + thread * 1000) }
        let expected = numbers.map { $0 * TestPlan.weight * TestPlan.weight }
        for request in 0..<requests {
          let part = Array(numbers[request * 16..<request * 16 + 16])
          executor.input(0, of: 0, request: request).copyBytes(from: TestPlan.bytes(part))
        }
        executor.run(0)
        let found = (0..<requests).flatMap { Array(executor.output(0, of: 0, request: $0)) }
        if found != TestPlan.bytes(expected) { wrong.add() }
      }
    }
    #expect(wrong.count == 0)
  }
}

private final class Faults: @unchecked Sendable {
  private let lock = NSLock()
  private var faults = 0
  func add() { lock.withLock { faults += 1 } }
  var count: Int { lock.withLock { faults } }
}
