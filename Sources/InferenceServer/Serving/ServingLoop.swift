internal import InferenceRuntime
internal import NIOCore
internal import OpenInferenceProtocol
internal import PlanFormat

/// One inference request as its connection hands it over.
struct InferenceCall {
  enum Form {
    case typed
    /// The Open Inference Protocol; a version pins the program that serves it.
    case inference(version: String?)
  }

  var form: Form
  /// When its last byte was here, monotonic nanoseconds.
  var received: UInt64
  /// When nobody waits for the answer any more; `UInt64.max` for never.
  var deadline: UInt64
}

/// What an answer is, apart from its body, which stands in `ServingLoop.body`.
struct InferenceAnswer {
  var status: Int
  /// Nil where the request did not get as far as an arm.
  var program: Int?
  /// Header lines that name the arm.
  var lines: [UInt8] = []
  /// What the body says, of an answer that is an error.
  var error: RequestError?
}

/// Takes the answer to a call that had to wait.
protocol InferenceWaiter: AnyObject {
  func deliver(_ answer: InferenceAnswer)
}

/// Serves inference on one event loop: it owns an executor, its store handles, and the queues of programs that batch.
///
/// Calls run inline on the loop. Only where the settings ask for batching does a call of one request wait for others.
final class ServingLoop {
  let service: Service
  let shard: Metrics.Shard
  /// The body of the answer at hand.
  var body = ByteWriter(capacity: 16 << 10)

  private let eventLoop: any EventLoop
  private let runner: CallRunner
  private let staging: ResponseStaging
  private var frames: [RequestFrame] = []
  /// By program; nil for one that does not batch.
  private var queues: [Batcher<WaitingCall>?]
  private var isDrainScheduled = false

  /// Most requests in one call of the Open Inference Protocol: longer ones would hold up the loop.
  private static let maximumRows = 1024

  /// Reserves memory and opens stores for the thread number `index` of `threads`.
  init(_ service: Service, index: Int, of threads: Int, on eventLoop: any EventLoop) throws {
    self.service = service
    self.eventLoop = eventLoop
    shard = service.metrics.shard(index)
    runner = try CallRunner(service, shard: shard)
    staging = ResponseStaging(service.response)
    let settings = service.settings.batching
    queues = service.programs.indices.map { program in
      guard service.isBatching(program), let batch = service.programs[program].batch else { return nil }
      return Batcher<WaitingCall>(
        limits: BatchLimits(
          size: min(settings.maxSize, batch.maximum), wait: UInt64(max(0, settings.maxWaitMicroseconds)) * 1000,
          queue: max(1, settings.queue / threads)))
    }
  }

  /// Answers a call, or queues it and returns nil: then `waiter` gets the answer later.
  func answer(
    _ call: InferenceCall, _ bytes: UnsafeRawBufferPointer, for waiter: any InferenceWaiter
  ) -> InferenceAnswer? {
    let frame = frames.popLast() ?? RequestFrame(service.request)
    var program: Int?
    do throws(RequestError) {
      let started = MonotonicClock.now()
      let (request, pinned) = try read(call.form, bytes, into: frame)
      let first = pinned ?? runner.route(frame, row: 0)
      program = first
      shard.observe(.parse, nanoseconds: MonotonicClock.now() - started, program: first)
      if frame.rows == 1, queues[first] != nil {
        try enqueue(WaitingCall(call: call, request: request, frame: frame, waiter: waiter), for: first)
        return nil
      }
      shard.observe(.queue, nanoseconds: started - min(started, call.received), program: first)
      runner.forgetTexts()
      let answer =
        if let request, frame.rows > 1 {
          try runRows(call, request, frame, pinned: pinned)
        } else {
          try runOne(call, request, frame, first)
        }
      frames.append(frame)
      return answer
    } catch {
      frames.append(frame)
      return failure(error, program)
    }
  }

  /// Reads the body; typed requests have no `InferenceRequest`.
  private func read(
    _ form: InferenceCall.Form, _ bytes: UnsafeRawBufferPointer, into frame: RequestFrame,
  ) throws(RequestError) -> (request: InferenceRequest?, pinned: Int?) {
    switch form {
    case .typed:
      try TypedRequestReader.read(bytes, into: frame)
      return (nil, nil)
    case .inference(let version):
      var pinned: Int?
      if let version {
        pinned = service.programs.firstIndex { $0.version == version }
        guard pinned != nil else {
          throw RequestError(404, "Request for unknown model: '\(service.name)' version \(version) is not found")
        }
      }
      var reader = InferenceRequestReader(
        model: service.name, frame: frame, response: service.response, maximumRows: Self.maximumRows)
      return (try reader.read(bytes), pinned)
    }
  }

  private func runOne(
    _ call: InferenceCall, _ request: InferenceRequest?, _ frame: RequestFrame, _ program: Int,
  ) throws(RequestError) -> InferenceAnswer {
    try runner.begin(program, frame, count: 1)
    try runner.load(program, frame, rows: 0..<1, at: 0)
    try checkDeadline(call)
    runner.run(program, count: 1)
    try checkDeadline(call)
    let values = ResponseValues(fields: runner.values(program, request: 0), dims: frame.dims, rows: 1)
    return try encode(values, request, [program])
  }

  /// Runs the requests of one call in order, those that follow each other and share a program together.
  private func runRows(
    _ call: InferenceCall, _ request: InferenceRequest, _ frame: RequestFrame, pinned: Int?,
  ) throws(RequestError) -> InferenceAnswer {
    staging.reserve(rows: frame.rows, dims: frame.dims)
    var programs: [Int] = []
    var row = 0
    while row < frame.rows {
      let program = pinned ?? runner.route(frame, row: row)
      let limit = min(frame.rows, row + (service.programs[program].batch?.maximum ?? 1))
      var end = row + 1
      while end < limit, pinned != nil || runner.route(frame, row: end) == program { end += 1 }
      try runner.begin(program, frame, count: end - row)
      try runner.load(program, frame, rows: row..<end, at: 0)
      try checkDeadline(call)
      runner.run(program, count: end - row)
      for index in row..<end {
        staging.set(row: index, from: runner.values(program, request: index - row), dims: frame.dims)
      }
      if !programs.contains(program) { programs.append(program) }
      row = end
    }
    try checkDeadline(call)
    return try encode(staging.values(rows: frame.rows, dims: frame.dims), request, programs)
  }

  private func checkDeadline(_ call: InferenceCall) throws(RequestError) {
    if call.deadline != .max, MonotonicClock.now() > call.deadline { throw .deadline }
  }

  /// Writes the body for the values of one call, which `programs` computed.
  private func encode(
    _ values: ResponseValues, _ request: InferenceRequest?, _ programs: [Int],
  ) throws(RequestError) -> InferenceAnswer {
    let started = MonotonicClock.now()
    body.removeAll()
    if let request {
      // Requests of one call may be on different arms; the answer names each version once.
      let version = programs.map { service.programs[$0].version }.joined(separator: ",")
      try service.response.writeInference(values, to: request, model: service.name, version: version, into: &body)
    } else {
      try service.response.writeTyped(values, to: &body)
    }
    shard.observe(.encode, nanoseconds: MonotonicClock.now() - started, program: programs[0])
    let lines =
      programs.count == 1
      ? service.programs[programs[0]].armHeader : programs.flatMap { service.programs[$0].armHeader }
    return InferenceAnswer(status: 200, program: programs[0], lines: lines)
  }

  private func failure(_ error: RequestError, _ program: Int?) -> InferenceAnswer {
    body.removeAll()
    error.write(to: &body)
    return InferenceAnswer(
      status: error.status, program: program, lines: program.map { service.programs[$0].armHeader } ?? [],
      error: error)
  }
}

// MARK: - Batching

/// A call that waits for others of its dimensions.
private struct WaitingCall {
  let call: InferenceCall
  let request: InferenceRequest?
  let frame: RequestFrame
  let waiter: any InferenceWaiter
}

extension ServingLoop {
  private func enqueue(_ waiting: WaitingCall, for program: Int) throws(RequestError) {
    let admission = queues[program]?.admit(
      waiting, group: dimsHash(waiting.frame, program), now: MonotonicClock.now(), deadline: waiting.call.deadline)
    guard admission == .queued else { throw RequestError(429, "the queue is full") }
    shard.queued(1)
    if isDrainScheduled { return }
    isDrainScheduled = true
    // Everything that was readable in this turn of the loop is admitted first.
    eventLoop.assumeIsolated().execute { self.drain() }
  }

  /// FNV-1a over the values of the symbols that requests of one call share.
  private func dimsHash(_ frame: RequestFrame, _ program: Int) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for symbol in service.request.symbols.indices where symbol != service.programs[program].batch?.symbol {
      hash = (hash ^ UInt64(bitPattern: frame.dims[symbol])) &* 0x100_0000_01B3
    }
    return hash
  }

  private func drain() {
    isDrainScheduled = false
    for program in queues.indices where queues[program] != nil { drain(program) }
  }

  private func drain(_ program: Int) {
    while let action = queues[program]?.next(now: MonotonicClock.now()) {
      switch action {
      case .idle: return
      case .wait(let time):
        let now = MonotonicClock.now()
        let delay = TimeAmount.nanoseconds(Int64(clamping: time - min(now, time)))
        _ = eventLoop.assumeIsolated().scheduleTask(in: delay) { self.drain(program) }
        return
      case .expire(let count):
        for waiting in take(count, program) { finish(waiting, failure(.deadline, program)) }
      case .run(let count):
        run(take(count, program), program)
      }
    }
  }

  private func take(_ count: Int, _ program: Int) -> [WaitingCall] {
    var taken: [WaitingCall] = []
    let now = MonotonicClock.now()
    while taken.count < count, let (waiting, _) = queues[program]?.take() {
      shard.observe(.queue, nanoseconds: now - min(now, waiting.call.received), program: program)
      taken.append(waiting)
    }
    shard.queued(-taken.count)
    return taken
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
    service.request.symbols.indices.allSatisfy {
      $0 == service.programs[program].batch?.symbol || a.dims[$0] == b.dims[$0]
    }
  }

  private func finish(_ waiting: WaitingCall, _ answer: InferenceAnswer) {
    waiting.waiter.deliver(answer)
    frames.append(waiting.frame)
  }
}

extension RequestError {
  static let deadline = RequestError(504, "the deadline passed")
}
