internal import InferenceRuntime
internal import NIOCore
internal import NIOHTTP1
internal import OpenInferenceProtocol
internal import PlanFormat

/// One HTTP/1.1 connection: assembles requests, has them answered, and writes the answers in order.
///
/// One request is in work at a time. While it waits in a queue, what the client sends after it is kept here, and
/// then the socket is not read.
final class HTTPConnection: ChannelDuplexHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private enum Phase {
    /// Between requests.
    case idle
    /// A head came, and its body is on the way.
    case receiving
    /// The request waits for its answer.
    case answering
    /// The last answer is written; what comes is thrown away until the client closes.
    case lingering
  }

  private let loop: LoopContext
  private var context: ChannelHandlerContext?
  private var phase = Phase.idle
  /// When the phase began, monotonic nanoseconds.
  private var since = MonotonicClock.now()
  private var hasAnswered = false
  private var request: IncomingRequest?
  /// Bytes of the body that count as held on the loop.
  private var heldBytes = 0
  private var waiting: CircularBuffer<HTTPServerRequestPart> = []
  private var isReadHeld = false
  private var needsFlush = false

  init(_ loop: LoopContext) {
    self.loop = loop
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    loop.add(self)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
    releaseBody()
    loop.remove(self)
  }

  // MARK: - Reading

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let part = unwrapInboundIn(data)
    if phase == .answering {
      waiting.append(part)
    } else {
      process(part)
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    flush()
    context.fireChannelReadComplete()
  }

  func read(context: ChannelHandlerContext) {
    // Only a client that pipelines is held off: for the others it would cost two system calls a request.
    if !waiting.isEmpty || !context.channel.isWritable {
      isReadHeld = true
    } else {
      context.read()
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    resumeReading()
    context.fireChannelWritabilityChanged()
  }

  private func resumeReading() {
    guard isReadHeld, waiting.isEmpty, let context, context.channel.isWritable else { return }
    isReadHeld = false
    context.read()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard let malformed = RequestError(http: error), phase == .idle || phase == .receiving else {
      context.close(promise: nil)
      return
    }
    let head = request?.head ?? HTTPRequestHead(version: .http1_1, method: .GET, uri: "")
    request = IncomingRequest(head: head, arrival: MonotonicClock.now(), expectsContinue: false)
    refuse(malformed, mustClose: true)
  }

  private func enter(_ phase: Phase) {
    self.phase = phase
    since = MonotonicClock.now()
  }

  private func process(_ part: HTTPServerRequestPart) {
    guard phase != .lingering else { return }
    switch part {
    case .head(let head): begin(head)
    case .body(let bytes): take(bytes)
    case .end: end()
    }
  }

  private func begin(_ head: HTTPRequestHead) {
    enter(.receiving)
    let expectation = head.headers.first(name: "expect")
    var incoming = IncomingRequest(
      head: head, arrival: since, expectsContinue: expectation?.lowercased() == "100-continue")
    do throws(RequestError) {
      if expectation != nil, !incoming.expectsContinue { throw RequestError(417, "Expectation Failed") }
      incoming.route = try loop.admit(head)
    } catch {
      incoming.refusal = error
    }
    request = incoming
    if let refusal = incoming.refusal, refusal.status == 413 || incoming.expectsContinue {
      // The body is not worth receiving.
      refuse(refusal, mustClose: true)
    } else if incoming.expectsContinue, let context {
      context.writeAndFlush(
        wrapOutboundOut(context.channel.allocator.buffer(string: "HTTP/1.1 100 Continue\r\n\r\n")), promise: nil)
    }
  }

  private func take(_ bytes: ByteBuffer) {
    guard phase == .receiving else { return }
    request?.bodyBytes += bytes.readableBytes
    if request?.bodyBytes ?? 0 > loop.maxRequestBytes {
      refuse(loop.tooLarge, mustClose: true)
    } else if request?.refusal == nil {
      guard loop.hold(bytes.readableBytes) else { return refuse(loop.tooManyBodies, mustClose: true) }
      heldBytes += bytes.readableBytes
      request?.append(bytes)
    }
  }

  private func releaseBody() {
    request?.body = nil
    loop.release(heldBytes)
    heldBytes = 0
  }

  private func end() {
    guard phase == .receiving, let incoming = request else { return }
    enter(.answering)
    if let refusal = incoming.refusal {
      refuse(refusal, mustClose: false)
    } else if let route = incoming.route {
      answer(route, incoming)
    }
  }

  // MARK: - Answering

  private func answer(_ route: Route, _ incoming: IncomingRequest) {
    switch route {
    case .typed: infer(.typed, incoming)
    case .infer(let version): infer(.inference(version: version), incoming)
    case .modelMetadata, .modelReady, .models, .serverMetadata, .serverLive, .serverReady, .openAPI, .metrics, .live,
      .ready:
      let (status, contentType) = loop.writeDocument(route)
      write(AnswerHead(status: status, contentType: contentType, isKeepAlive: true), loop.body.bytes)
    }
  }

  private func infer(_ form: InferenceCall.Form, _ incoming: IncomingRequest) {
    guard let serving = loop.serving else {
      refuse(RequestError(503, "not ready"), mustClose: false)
      return
    }
    serving.shard.inFlight(1)
    let call = InferenceCall(form: form, received: since, deadline: loop.deadline(of: incoming.arrival))
    let answer =
      if let body = incoming.body {
        body.withUnsafeReadableBytes { serving.admit(call, $0, for: self) }
      } else {
        serving.admit(call, UnsafeRawBufferPointer(start: nil, count: 0), for: self)
      }
    // It was read; while the request waits, its inputs are all that is kept.
    releaseBody()
    if let answer { finish(answer, serving) }
  }

  private func finish(_ answer: InferenceAnswer, _ serving: ServingLoop) {
    let length = serving.body.bytes.count
    serving.shard.inFlight(-1)
    serving.shard.request(program: answer.program, code: answer.status)
    let received = since
    log(answer, length)
    write(AnswerHead(status: answer.status, lines: answer.lines, isKeepAlive: true), serving.body.bytes)
    if let program = answer.program {
      serving.shard.observe(.request, nanoseconds: MonotonicClock.now() - received, program: program)
    }
  }

  /// Answers with an error. A connection whose request was not read to its end cannot be used again.
  private func refuse(_ error: RequestError, mustClose: Bool) {
    loop.body.removeAll()
    error.write(to: &loop.body)
    loop.serving?.shard.request(program: nil, code: error.status)
    log(InferenceAnswer(status: error.status, error: error), loop.body.bytes.count)
    var head = AnswerHead(status: error.status, isKeepAlive: !mustClose)
    if error.status == 405 { head.allow = loop.allowedMethods(request?.head.uri ?? "") }
    write(head, loop.body.bytes)
  }

  /// Writes an answer and goes on with what came after its request.
  private func write(_ head: AnswerHead, _ body: UnsafeRawBufferPointer) {
    guard let context, let incoming = request else { return }
    var head = head
    head.isKeepAlive = head.isKeepAlive && incoming.head.isKeepAlive && loop.state.phase != .draining
    head.isVersion1_0 = incoming.head.version == .http1_0
    loop.out.removeAll()
    head.write(to: &loop.out, length: body.count, date: loop.date)
    if incoming.head.method != .HEAD { loop.out.append(body.bindMemory(to: UInt8.self)) }
    loop.buffer.clear()
    loop.buffer.writeBytes(loop.out.bytes)
    context.write(wrapOutboundOut(loop.buffer), promise: nil)
    needsFlush = true
    hasAnswered = true
    releaseBody()
    request = nil
    if head.isKeepAlive {
      enter(.idle)
    } else {
      enter(.lingering)
      flush()
      context.close(mode: .output, promise: nil)
    }
  }

  private func flush() {
    guard needsFlush, let context else { return }
    needsFlush = false
    context.flush()
  }

  private func log(_ answer: InferenceAnswer, _ length: Int) {
    let now = MonotonicClock.now()
    guard loop.requestLog.admits(status: answer.status, now: now), let incoming = request else { return }
    let service = loop.serving?.service
    let served = answer.program.flatMap { service?.programs[$0] }
    RequestLog.write(
      RequestLog.Entry(
        head: incoming.head, status: answer.status, nanoseconds: now - min(now, incoming.arrival),
        requestBytes: incoming.bodyBytes, responseBytes: length,
        remoteAddress: context?.remoteAddress?.ipAddress, service: service?.name ?? "", arm: served?.arm,
        version: served?.version, error: answer.error))
  }

  // MARK: - Time

  /// Closes the connection when its phase has lasted too long.
  func checkTime(_ now: UInt64) {
    let seconds = (now - min(now, since)) / 1_000_000_000
    switch phase {
    case .idle: if seconds >= (hasAnswered ? loop.limits.idle : loop.limits.head) { close() }
    case .receiving:
      if seconds >= loop.limits.body { refuse(RequestError(408, "the body did not arrive in time"), mustClose: true) }
    case .answering: break
    case .lingering: if seconds >= loop.limits.linger { close() }
    }
  }

  /// Closes the connection if no request is in work.
  func closeIfIdle() {
    if phase == .idle { close() }
  }

  private func close() { context?.close(promise: nil) }
}

extension HTTPConnection: InferenceWaiter {
  func deliver(_ answer: InferenceAnswer) {
    guard let serving = loop.serving else { return }
    guard phase == .answering, context != nil else {
      // The client went away.
      serving.shard.inFlight(-1)
      serving.shard.request(program: answer.program, code: 499)
      return
    }
    finish(answer, serving)
    while phase != .answering, let part = waiting.popFirst() { process(part) }
    flush()
    resumeReading()
  }
}

/// A request under assembly.
struct IncomingRequest {
  let head: HTTPRequestHead
  /// When its head was complete, monotonic nanoseconds.
  let arrival: UInt64
  let expectsContinue: Bool
  var route: Route?
  /// Why it will not be served, known before its body.
  var refusal: RequestError?
  var body: ByteBuffer?
  var bodyBytes = 0

  init(head: HTTPRequestHead, arrival: UInt64, expectsContinue: Bool) {
    self.head = head
    self.arrival = arrival
    self.expectsContinue = expectsContinue
  }

  /// Adds a piece of the body; a body of one piece is not copied.
  mutating func append(_ bytes: ByteBuffer) {
    var bytes = bytes
    if body == nil {
      body = bytes
    } else {
      body?.writeBuffer(&bytes)
    }
  }
}

extension RequestError {
  /// The answer to bytes that are no HTTP; nil for an error of the connection itself.
  init?(http error: any Error) {
    guard let error = error as? HTTPParserError else { return nil }
    switch error {
    case .headerOverflow: self.init(431, "the request's header is too large")
    case .invalidMethod: self.init(405, "Method Not Allowed")
    case .invalidVersion: self.init(505, "the request is not of HTTP/1.0 or HTTP/1.1")
    default: self.init(400, "malformed HTTP request")
    }
  }
}
