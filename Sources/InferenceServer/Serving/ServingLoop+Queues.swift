internal import InferenceRuntime
internal import NIOCore
internal import OpenInferenceProtocol
internal import PlanFormat

/// A call that was read and waits to be run.
struct WaitingCall {
  let call: InferenceCall
  /// Nil for the typed endpoint.
  let request: InferenceRequest?
  /// The program of a version that the path names.
  let pinned: Int?
  let frame: RequestFrame
  let waiter: any InferenceWaiter
}

extension Service {
  /// What the settings allow one thread's queue of a program.
  func limits(of program: Int, threads: Int) -> BatchLimits {
    let batching = settings.batching
    let size = min(batching.maxSize, programs[program].batch?.maximum ?? 1)
    return BatchLimits(
      size: size, wait: size > 1 ? UInt64(max(0, batching.maxWaitMicroseconds)) * 1000 : 0,
      queue: max(1, batching.queue / threads))
  }
}

extension ServingLoop {
  /// Queues a call; throws 429 when the queue is full.
  func enqueue(_ waiting: WaitingCall, for program: Int) throws(RequestError) {
    let admission = queues[program].admit(
      waiting, group: group(of: waiting.frame, program), now: MonotonicClock.now(), deadline: waiting.call.deadline)
    guard admission == .queued else { throw RequestError(429, "the queue is full") }
    shard.queued(1)
    if isDrainScheduled { return }
    isDrainScheduled = true
    eventLoop.assumeIsolated().execute { self.drain() }
  }

  /// What calls that may run together have in common: the values of all symbols but the batch's, as FNV-1a. A call of
  /// several requests runs by itself.
  private func group(of frame: RequestFrame, _ program: Int) -> UInt64 {
    if frame.rows > 1 {
      loners += 1
      return loners
    }
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for symbol in service.request.symbols.indices where symbol != service.programs[program].batch?.symbol {
      hash = (hash ^ UInt64(bitPattern: frame.dims[symbol])) &* 0x100_0000_01B3
    }
    return hash
  }

  private func drain() {
    isDrainScheduled = false
    for program in queues.indices { drain(program) }
  }

  private func drain(_ program: Int) {
    while true {
      switch queues[program].next(now: MonotonicClock.now()) {
      case .idle: return
      case .wait(let time):
        let now = MonotonicClock.now()
        let delay = TimeAmount.nanoseconds(Int64(clamping: time - min(now, time)))
        eventLoop.assumeIsolated().scheduleTask(in: delay) { self.drain(program) }
        return
      case .expire(let count):
        for _ in 0..<count { if let waiting = take(program) { finish(waiting, failure(.deadline, program)) } }
      case .run(let count):
        if count == 1 {
          if let waiting = take(program) { run(waiting, program) }
        } else {
          run((0..<count).compactMap { _ in take(program) }, program)
        }
      }
    }
  }

  private func take(_ program: Int) -> WaitingCall? {
    guard let (waiting, _) = queues[program].take() else { return nil }
    shard.queued(-1)
    let now = MonotonicClock.now()
    shard.observe(.queue, nanoseconds: now - min(now, waiting.call.received), program: program)
    return waiting
  }

  /// Runs calls of equal dimensions as one.
  private func run(_ members: [WaitingCall], _ program: Int) {
    var members = members
    while let failed = load(&members, program) { finish(failed.call, failure(failed.error, program)) }
    if members.isEmpty { return }
    runner.run(program, count: members.count)
    for (index, member) in members.enumerated() {
      let answer: InferenceAnswer
      do throws(RequestError) {
        try checkDeadline(member.call)
        runner.takeFoundDims(program, into: member.frame)
        let fields = runner.values(program, request: index)
        answer = try encode(
          ResponseValues(fields: fields, dims: member.frame.dims, rows: 1), member.request, [program])
      } catch {
        answer = failure(error, program)
      }
      finish(member, answer)
    }
  }

  /// Loads all members, or takes out the first that cannot be loaded: the others must not suffer from it.
  private func load(
    _ members: inout [WaitingCall], _ program: Int,
  ) -> (call: WaitingCall, error: RequestError)? {
    runner.forgetTexts()
    for (index, member) in members.enumerated() {
      do throws(RequestError) {
        guard sharesDims(member.frame, members[0].frame, program) else {
          throw RequestError(500, "requests of different dimensions were put together")
        }
        if index == 0 { try runner.begin(program, member.frame, count: members.count) }
        try runner.load(program, member.frame, rows: 0..<1, at: index)
      } catch {
        members.remove(at: index)
        return (member, error)
      }
    }
    return nil
  }

  private func sharesDims(_ a: RequestFrame, _ b: RequestFrame, _ program: Int) -> Bool {
    a.rows == 1
      && service.request.symbols.indices.allSatisfy {
        $0 == service.programs[program].batch?.symbol || a.dims[$0] == b.dims[$0]
      }
  }
}
