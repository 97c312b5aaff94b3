package import FeatureStores
package import InferenceRuntime
internal import OpenInferenceProtocol
package import PlanFormat
internal import Synchronization

/// One loaded plan and what all threads share of serving it: schemas, documents, routing, metrics.
package final class Service: Sendable {
  package let loaded: LoadedPlan
  package let metrics: Metrics
  let stores: FeatureStores
  /// Runs parts of long steps for the executors of all threads; nil where there is nothing to split.
  let team: Team?
  let settings: ServedSettings
  let request: RequestSchema
  let response: ResponseSchema
  let router: Router?
  let programs: [ServedProgram]
  private let version: String
  private let madeDocuments = Mutex<Documents?>(nil)
  /// What the self-test ran on, until a loop takes it.
  private let warmExecutor: Mutex<Executor?>

  /// Bodies that are the same for every client.
  struct Documents: Sendable {
    var server: [UInt8]
    var model: [UInt8]
    var models: [UInt8]
    var openAPI: [UInt8]
  }

  /// Prepares `loaded` for serving by `threads` event loops; `version` is that of this program.
  /// - Parameter executor: of this plan and team, for one of the loops; the others make their own.
  package init(
    _ loaded: LoadedPlan, stores: FeatureStores, settings: ServedSettings, threads: Int, version: String,
    team: Team? = nil, executor: sending Executor? = nil,
  ) throws(ServerError) {
    warmExecutor = Mutex(executor)
    let plan = loaded.plan
    do {
      request = try RequestSchema(plan)
    } catch {
      throw .schema(error.description)
    }
    response = ResponseSchema(plan)
    self.loaded = loaded
    self.stores = stores
    self.team = team
    self.settings = settings
    router = Router(plan)
    programs = plan.programs.indices.map { ServedProgram($0, of: plan) }
    metrics = Metrics(plan: plan, shards: threads)
    metrics.describe(loaded)
    metrics.set(.threads, to: Double(threads))
    metrics.set(.arenaBytes, to: Double(threads) * Double(plan.programs.map(\.arenaBytes).max() ?? 0))
    self.version = version
  }

  /// An executor for one loop.
  func makeExecutor() throws(RuntimeError) -> Executor {
    let warm = warmExecutor.withLock { executor in
      defer { executor = nil }
      return executor
    }
    if let warm { return warm }
    return try Executor(loaded, team: team)
  }

  /// Made when somebody asks first: an example of a large request is large, and pods start without.
  var documents: Documents {
    madeDocuments.withLock { made in
      if let made { return made }
      let experiment = loaded.plan.experiment?.name
      let documents = Documents(
        server: InferenceMetadata.server(name: "served", version: version).bytes,
        model: InferenceMetadata.model(request, response, versions: programs.map(\.version)).bytes,
        models: InferenceMetadata.models([name]).bytes,
        openAPI: OpenAPI.document(request, response, digest: loaded.root, experiment: experiment).bytes)
      made = documents
      return documents
    }
  }

  var name: String { request.service }
}

/// What the server needs to know of one program, in the form in which it is used per call.
struct ServedProgram: Sendable {
  /// Where the bytes of one of the program's inputs come from; features are the reader's business.
  enum Source: Sendable {
    case field(Int)
    case presence(Int)
  }

  /// Where a response field's values stand after a run.
  enum Value: Sendable {
    /// Index into `Program.outputs`.
    case output(Int)
    /// The same text for every request.
    case literal([UInt8])
  }

  let version: String
  /// Name of the arm; nil without an experiment.
  let arm: String?
  /// `serve-arm: <experiment>=<arm>` as a header line; empty without an experiment.
  let armHeader: [UInt8]
  let sources: [(input: Int, source: Source)]
  /// One a response field.
  let values: [Value]
  let batch: Batch?
  /// Dimensions of answers that a run finds, by index into `Plan.symbols`.
  let foundSymbols: [Int]

  /// The dimension that requests of one call share.
  struct Batch: Sendable {
    var symbol: Int
    var maximum: Int
  }

  init(_ index: Int, of plan: Plan) {
    let program = plan.programs[index]
    version = program.version
    let arm = plan.experiment?.arms.first { $0.program == index }
    self.arm = arm?.name
    armHeader =
      plan.experiment.flatMap { experiment in
        arm.map { Array("serve-arm: \(experiment.name)=\($0.name)\r\n".utf8) }
      } ?? []
    sources = program.inputs.enumerated().compactMap { place, binding in
      switch binding.port {
      case .request(let field): (place, .field(field))
      case .presence(let field): (place, .presence(field))
      case .feature, .response: nil
      }
    }
    values = plan.response.indices.map { field in
      if let output = program.outputs.firstIndex(where: { $0.port == .response(field) }) { return .output(output) }
      return .literal(Array((program.literals.first { $0.field == field }?.text ?? "").utf8))
    }
    foundSymbols = program.foundDims.map(\.symbol)
    batch = program.batch.map { Batch(symbol: $0, maximum: plan.symbols[$0].maximum) }
  }
}
