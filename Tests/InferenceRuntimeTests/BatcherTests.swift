import InferenceRuntime
import Testing

@Suite struct BatcherTests {
  private typealias Limits = Batcher<Int>.Limits

  private func batcher(size: Int = 4, wait: UInt64 = 0, queue: Int = 8) -> Batcher<Int> {
    Batcher(limits: Limits(size: size, wait: wait, queue: queue))
  }

  @Test func `an empty queue is idle`() {
    var batcher = batcher()
    #expect(batcher.next(now: 5) == .idle)
    #expect(batcher.take() == nil)
  }

  @Test func `without a wait whatever is there runs at once, oldest first`() {
    var batcher = batcher()
    for request in 1...3 { #expect(batcher.admit(request, now: UInt64(request)) == .queued) }
    #expect(batcher.next(now: 3) == .run(count: 3))
    #expect((1...3).map { _ in batcher.take()?.request } == [1, 2, 3])
    #expect(batcher.next(now: 3) == .idle)
  }

  @Test func `a run has at most the largest size`() {
    var batcher = batcher(size: 2)
    for request in 1...5 { _ = batcher.admit(request, now: 0) }
    #expect(batcher.next(now: 0) == .run(count: 2))
  }

  @Test func `the oldest waits for company until its patience ends`() {
    var batcher = batcher(size: 4, wait: 100)
    _ = batcher.admit(1, now: 1000)
    #expect(batcher.next(now: 1000) == .wait(until: 1100))
    _ = batcher.admit(2, now: 1090)
    #expect(batcher.next(now: 1099) == .wait(until: 1100))
    #expect(batcher.next(now: 1100) == .run(count: 2))
  }

  @Test func `a full batch does not wait`() {
    var batcher = batcher(size: 2, wait: 100)
    _ = batcher.admit(1, now: 0)
    _ = batcher.admit(2, now: 1)
    #expect(batcher.next(now: 1) == .run(count: 2))
  }

  @Test func `requests of other dimensions are never in one run, and end the wait of those before them`() {
    var batcher = batcher(size: 4, wait: 100)
    _ = batcher.admit(1, group: 50, now: 0)
    _ = batcher.admit(2, group: 50, now: 0)
    _ = batcher.admit(3, group: 60, now: 0)
    _ = batcher.admit(4, group: 50, now: 0)
    #expect(batcher.next(now: 0) == .run(count: 2))
    _ = (batcher.take(), batcher.take())
    #expect(batcher.next(now: 0) == .run(count: 1))
    _ = batcher.take()
    #expect(batcher.next(now: 0) == .wait(until: 100))
  }

  @Test func `a full queue sheds, and takes again when there is room`() {
    var batcher = batcher(size: 1, queue: 2)
    #expect(batcher.admit(1, now: 0) == .queued)
    #expect(batcher.admit(2, now: 0) == .queued)
    #expect(batcher.admit(3, now: 0) == .shed)
    #expect(batcher.count == 2)
    #expect(batcher.take()?.request == 1)
    #expect(batcher.admit(4, now: 0) == .queued)
    #expect(batcher.take()?.request == 2)
    #expect(batcher.take()?.request == 4)
  }

  @Test func `requests past their deadline are expired before anything runs`() {
    var batcher = batcher(size: 4)
    _ = batcher.admit(1, now: 0, deadline: 50)
    _ = batcher.admit(2, now: 10, deadline: 60)
    _ = batcher.admit(3, now: 20, deadline: 70)
    #expect(batcher.next(now: 60) == .expire(count: 2))
    _ = (batcher.take(), batcher.take())
    #expect(batcher.next(now: 60) == .run(count: 1))
  }

  @Test func `a wait never reaches past the oldest deadline`() {
    var batcher = batcher(size: 4, wait: 1000)
    _ = batcher.admit(1, now: 0, deadline: 50)
    #expect(batcher.next(now: 0) == .wait(until: 50))
    #expect(batcher.next(now: 50) == .expire(count: 1))
  }

  @Test func `endless patience waits until the deadline or a full batch`() {
    var batcher = batcher(size: 2, wait: .max)
    _ = batcher.admit(1, now: 7)
    #expect(batcher.next(now: 8) == .wait(until: .max))
    _ = batcher.admit(2, now: 9)
    #expect(batcher.next(now: 9) == .run(count: 2))
  }

  @Test func `every request leaves exactly once, in order, whatever the times`() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<200 {
      var batcher = batcher(size: .random(in: 1...4), wait: .random(in: 0...20), queue: .random(in: 1...6))
      var (now, next, admitted, left) = (UInt64(0), 0, [Int](), [Int]())
      for _ in 0..<60 {
        now += UInt64.random(in: 0...5, using: &random)
        if Bool.random() {
          let admission = batcher.admit(next, group: UInt64(next % 2), now: now, deadline: now + 30)
          if admission == .queued { admitted.append(next) }
          next += 1
        }
        switch batcher.next(now: now) {
        case .idle: #expect(batcher.count == 0)
        case .wait(let until): #expect(until > now)
        case .expire(let count), .run(let count):
          #expect(count >= 1)
          for _ in 0..<count { if let taken = batcher.take() { left.append(taken.request) } }
        }
      }
      while let taken = batcher.take() { left.append(taken.request) }
      #expect(left == admitted)
    }
  }
}
