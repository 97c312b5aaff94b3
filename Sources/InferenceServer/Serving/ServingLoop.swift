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

/// Takes the answer to a call that waited in a queue.
protocol InferenceWaiter: AnyObject {
  func deliver(_ answer: InferenceAnswer)
}

/// Serves inference on one event loop: it owns an executor, its store handles, and a queue for each program.
///
/// A call is read at once and queued; at the end of the loop's turn, when all that was readable is admitted, the queues
/// are run on the loop. Longer than that a call waits only where the settings ask for batching.
final class ServingLoop {
  let service: Service
  let shard: Metrics.Shard
  /// The body of the answer at hand.
  var body = ByteWriter(capacity: 16 << 10)

  let eventLoop: any EventLoop
  let runner: CallRunner
  /// By program.
  var queues: [Batcher<WaitingCall>]
  var isDrainScheduled = false
  /// Calls that run by themselves so far.
  var loners: UInt64 = 0
  private let staging: ResponseStaging
  private var frames: [RequestFrame] = []

  /// Most requests in one call of the Open Inference Protocol: longer ones would hold up the loop.
  private static let maximumRows = 1024

  /// Reserves memory and opens stores for the thread number `index` of `threads`.
  init(_ service: Service, index: Int, of threads: Int, on eventLoop: any EventLoop) throws {
    self.service = service
    self.eventLoop = eventLoop
    shard = service.metrics.shard(index)
    runner = try CallRunner(service, shard: shard)
    staging = ResponseStaging(service.response)
    queues = service.programs.indices.map { Batcher(limits: service.limits(of: $0, threads: threads)) }
  }

  /// Reads a call and queues it: `waiter` gets the answer later. What cannot be queued is answered at once.
  func admit(
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
      try enqueue(
        WaitingCall(call: call, request: request, pinned: pinned, frame: frame, waiter: waiter), for: first)
      return nil
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

  /// Runs a call by itself.
  func run(_ waiting: WaitingCall, _ program: Int) {
    do throws(RequestError) {
      runner.forgetTexts()
      let answer =
        if let request = waiting.request, waiting.frame.rows > 1 {
          try runRows(waiting, request)
        } else {
          try runOne(waiting, program)
        }
      finish(waiting, answer)
    } catch {
      finish(waiting, failure(error, program))
    }
  }

  private func runOne(_ waiting: WaitingCall, _ program: Int) throws(RequestError) -> InferenceAnswer {
    let frame = waiting.frame
    try runner.begin(program, frame, count: 1)
    try runner.load(program, frame, rows: 0..<1, at: 0)
    try checkDeadline(waiting.call)
    runner.run(program, count: 1)
    runner.takeFoundDims(program, into: frame)
    try checkDeadline(waiting.call)
    let values = ResponseValues(fields: runner.values(program, request: 0), dims: frame.dims, rows: 1)
    return try encode(values, waiting.request, [program])
  }

  /// Runs the requests of one call in order, those that follow each other and share a program together.
  private func runRows(
    _ waiting: WaitingCall, _ request: InferenceRequest,
  ) throws(RequestError) -> InferenceAnswer {
    let frame = waiting.frame
    guard service.programs.allSatisfy(\.foundSymbols.isEmpty) else {
      throw RequestError(
        400,
        "the size of an answer depends on the data, so that \(frame.rows) answers are no tensor: one request a call")
    }
    staging.reserve(rows: frame.rows, dims: frame.dims)
    var programs: [Int] = []
    var row = 0
    while row < frame.rows {
      let program = waiting.pinned ?? runner.route(frame, row: row)
      let limit = min(frame.rows, row + (service.programs[program].batch?.maximum ?? 1))
      var end = row + 1
      while end < limit, waiting.pinned != nil || runner.route(frame, row: end) == program { end += 1 }
      try runner.begin(program, frame, count: end - row)
      try runner.load(program, frame, rows: row..<end, at: 0)
      try checkDeadline(waiting.call)
      runner.run(program, count: end - row)
      for index in row..<end {
        staging.set(row: index, from: runner.values(program, request: index - row), dims: frame.dims)
      }
      if !programs.contains(program) { programs.append(program) }
      row = end
    }
    try checkDeadline(waiting.call)
    return try encode(staging.values(rows: frame.rows, dims: frame.dims), request, programs)
  }

  func checkDeadline(_ call: InferenceCall) throws(RequestError) {
    if call.deadline != .max, MonotonicClock.now() > call.deadline { throw .deadline }
  }

  /// Writes the body for the values of one call, which `programs` computed.
  func encode(
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

  func failure(_ error: RequestError, _ program: Int?) -> InferenceAnswer {
    body.removeAll()
    error.write(to: &body)
    return InferenceAnswer(
      status: error.status, program: program, lines: program.map { service.programs[$0].armHeader } ?? [],
      error: error)
  }

  /// Hands out the answer and takes the frame back.
  func finish(_ waiting: WaitingCall, _ answer: InferenceAnswer) {
    waiting.waiter.deliver(answer)
    frames.append(waiting.frame)
  }
}

extension RequestError {
  static let deadline = RequestError(504, "the deadline passed")
}
