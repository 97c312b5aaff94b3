import InferenceCompiler
import InferenceIR
import PipelineLowering
import PlanFormat
import ServeSema
import TensorTypes

/// A service as the inference compiler takes it: one unit per arm, and everything of the plan that is not compiled.
struct ServiceAssembly {
  var units: [CompilationUnit]
  /// Per unit, the model that the arm runs.
  var models: [String]
  /// The service, its fields, features and routing; no programs yet.
  var plan: Plan
  /// Per unit, the outputs that hold which of equal scores came first.
  var orderDependent: [Set<Int>]
  /// Per unit, what test inputs may be.
  var domains: [[ValueID: SyntheticInputs.Domain]]
  /// Per unit, what its rounded weights are measured against; nil where all weights are as in the files.
  var drifts: [WeightDrift?]
}

/// Puts together lowered graphs, records and the experiment of one service in one environment.
struct ServiceAssembler {
  let module: TypedModule
  let service: Service
  /// Imports the graph of a model file; called once per version.
  let importGraph: (_ path: String) throws -> Graph

  /// The name of the dimension that batching fills (contract).
  static let batchSymbol = "batch"

  func assemble() throws -> ServiceAssembly {
    let arms = self.arms
    let symbols = try symbolRanges()
    var lowered: [(arm: Arm, graph: PipelineGraph)] = []
    var drifts: [WeightDrift?] = []
    for arm in arms {
      lowered.append((arm, try lower(arm, symbols, isRounded: true)))
      drifts.append(try drift(of: arm, symbols))
    }

    let (request, response) = try fields()
    let (features, columns) = try featureGroups(lowered.map(\.graph))
    var plan = Plan(service: service.name, producer: "servec \(Version.current)")
    let found = foundSymbols(lowered.map(\.graph.graph))
    plan.symbols = (symbols + found).map { Symbol(name: $0.name, minimum: $0.minimum, maximum: $0.maximum) }
    plan.request = request
    plan.response = response
    if case .model = service.body, !found.isEmpty { nameFoundDims(in: &plan.response, by: lowered[0].graph) }
    plan.stores = stores
    plan.features = features
    plan.experiment = try experiment(request)

    var units: [CompilationUnit] = []
    var domains: [[ValueID: SyntheticInputs.Domain]] = []
    for (at, (arm, graph)) in lowered.enumerated() {
      let ports = graph.inputs.map { port(of: $0, columns[at]) }
      units.append(
        CompilationUnit(
          graph: graph.graph, name: arm.programName, version: arm.version, batch: graph.batch, inputs: ports,
          outputs: graph.outputs.map { .response($0) },
          literals: graph.literals.map { Program.Literal(field: $0.field, text: $0.text) },
          numerics: Numerics(service.numerics)))
      domains.append(self.domains(graph, request))
      refine(&plan.request, by: graph)
    }
    return ServiceAssembly(
      units: units, models: arms.map(\.model), plan: plan, orderDependent: lowered.map(\.graph.orderDependent),
      domains: domains, drifts: drifts)
  }

  /// The arm with weights as in the files, where a version rounds them.
  private func drift(of arm: Arm, _ symbols: [SymbolRange]) throws -> WeightDrift? {
    var rounded: [(name: String, version: ModelDeclaration.Version)] = []
    switch service.body {
    case .model(let name, _):
      rounded.append((name, try self.version(arm.version, of: declaration(ofModel: name))))
    case .pipeline(let name, _):
      for parameter in module.pipelines.first(where: { $0.name == name })?.models ?? [] {
        let model = try declaration(ofModel: parameter.model)
        let version = arm.versions[parameter.name] ?? model.versions.first?.name ?? ""
        rounded.append((parameter.model, try self.version(version, of: model)))
      }
    }
    rounded = rounded.filter { $0.version.weights.format != .f32 }
    guard let maximum = rounded.map(\.version.weights.maximumDrift).min() else { return nil }
    let what = rounded.map { "\($0.version.weights.format.rawValue) weights of \($0.name).\($0.version.name)" }
    return WeightDrift(
      reference: try lower(arm, symbols, isRounded: false).graph, maximum: maximum, what: what.joined(separator: ", "))
  }

  // MARK: - Arms

  private struct Arm {
    var programName: String
    /// The model whose version it is: the service's, or that of the parameter on trial.
    var model: String
    /// `model_version` in answers.
    var version: String
    /// Version of each model parameter; under "" for a service of one model.
    var versions: [String: String]
  }

  private var arms: [Arm] {
    func arm(_ name: String?, replacing version: String?) -> Arm {
      let programName = name.map { "\(service.name).\($0)" } ?? service.name
      switch service.body {
      case .model(let model, let own):
        let chosen = version ?? own
        return Arm(programName: programName, model: model, version: chosen, versions: ["": chosen])
      case .pipeline(let name, var versions):
        if let parameter = service.experiment?.parameter, let version { versions[parameter] = version }
        let parameter = service.experiment?.parameter ?? versions.keys.sorted().first ?? ""
        let models = module.pipelines.first { $0.name == name }?.models ?? []
        let model = models.first { $0.name == parameter }?.model ?? ""
        return Arm(programName: programName, model: model, version: versions[parameter] ?? "1", versions: versions)
      }
    }
    guard let experiment = service.experiment else { return [arm(nil, replacing: nil)] }
    return experiment.arms.map { arm($0.name, replacing: $0.version) }
  }

  private func lower(_ arm: Arm, _ symbols: [SymbolRange], isRounded: Bool) throws -> PipelineGraph {
    do {
      switch service.body {
      case .model(let name, _):
        let model = try declaration(ofModel: name)
        let graph = try graph(of: model, version: arm.version, isRounded: isRounded)
        return try Lowering.lower(
          model, graph: graph, symbols: symbols, batchSymbol: Self.batchSymbol, name: arm.programName)
      case .pipeline(let name, _):
        guard let pipeline = module.pipelines.first(where: { $0.name == name }) else {
          throw DriverError(.inputErrors, "there is no pipeline `\(name)`")
        }
        var graphs: [String: (graph: Graph, version: String)] = [:]
        for parameter in pipeline.models {
          let model = try declaration(ofModel: parameter.model)
          let version = arm.versions[parameter.name] ?? model.versions.first?.name ?? ""
          graphs[parameter.name] = (try graph(of: model, version: version, isRounded: isRounded), version)
        }
        return try Lowering.lower(
          pipeline, module: module, graphs: graphs, symbols: symbols, batchSymbol: Self.batchSymbol,
          name: arm.programName)
      }
    } catch let error as LoweringError {
      throw DriverError(.inputErrors, "\(arm.programName): \(error.message)")
    }
  }

  private func declaration(ofModel name: String) throws -> ModelDeclaration {
    guard let model = module.models.first(where: { $0.name == name }) else {
      throw DriverError(.inputErrors, "there is no model `\(name)`")
    }
    return model
  }

  private func version(_ name: String, of model: ModelDeclaration) throws -> ModelDeclaration.Version {
    guard let chosen = model.versions.first(where: { $0.name == name }) else {
      throw DriverError(.inputErrors, "model `\(model.name)` has no version `\(name)`")
    }
    return chosen
  }

  private func graph(of model: ModelDeclaration, version: String, isRounded: Bool) throws -> Graph {
    let chosen = try self.version(version, of: model)
    let graph = try importGraph(chosen.path)
    guard isRounded else { return graph }
    do {
      return try WeightFormat(chosen.weights.format).rounding(graph)
    } catch {
      throw DriverError(.inputErrors, "model `\(model.name)`: \(error)")
    }
  }

  // MARK: - Dimensions

  /// The batch first, then the declared dimensions in their order.
  private func symbolRanges() throws -> [SymbolRange] {
    let declared = module.dims.first { $0.name == Self.batchSymbol }
    let batch = SymbolRange(Self.batchSymbol, 1, max(1, declared?.maximum ?? service.batching.maximumSize))
    return [batch]
      + module.dims.filter { $0.name != Self.batchSymbol }.map { SymbolRange($0.name, $0.minimum, $0.maximum) }
  }

  /// Dimensions that the data decide, each with the largest range that an arm has.
  private func foundSymbols(_ graphs: [Graph]) -> [SymbolRange] {
    var ranges: [String: Int] = [:]
    for graph in graphs {
      let names = Set(graph.nodes.compactMap(\.op.definedSymbol))
      for range in graph.symbols where names.contains(range.name) {
        ranges[range.name] = max(ranges[range.name] ?? 0, range.maximum)
      }
    }
    return ranges.sorted { $0.key < $1.key }.map { SymbolRange($0.key, 0, $0.value) }
  }

  /// A declared signature has names of its own for what a model finds.
  private func nameFoundDims(in response: inout [Field], by graph: PipelineGraph) {
    for (field, output) in zip(graph.outputs, graph.graph.outputs) {
      let shape = graph.graph.type(of: output).shape
      response[field].shape = Shape(Array(shape.dims.dropFirst(graph.batch == nil ? 0 : 1)))
    }
  }

  // MARK: - Fields

  private func fields() throws -> (request: [Field], response: [Field]) {
    switch service.body {
    case .model(let name, _):
      let model = try declaration(ofModel: name)
      func field(_ port: ModelSignature.Port) -> Field {
        let dims = model.batches ? Array(port.type.shape.dims.dropFirst()) : port.type.shape.dims
        return Field(name: port.name, kind: .tensor(port.type.element), shape: Shape(dims))
      }
      return (model.signature.inputs.map(field), model.signature.outputs.map(field))
    case .pipeline(let name, _):
      guard let pipeline = module.pipelines.first(where: { $0.name == name }) else { return ([], []) }
      return (pipeline.request.fields.map(field), pipeline.response.fields.map(field))
    }
  }

  private func field(_ field: RecordDeclaration.Field) -> Field {
    let kind: Field.Kind =
      switch field.type.scalar {
      case .element(let element): .tensor(element)
      case .enumeration(let name): .enumeration(module.enums.first { $0.name == name }?.cases ?? [])
      }
    let refinement: Field.Refinement =
      switch field.type.refinement {
      case .none: .none
      case .integers(let minimum, let maximum): .integers(minimum: minimum, maximum: maximum)
      case .numbers(let minimum, let maximum): .numbers(minimum: minimum, maximum: maximum)
      case .length(let minimum, let maximum): .length(minimum: minimum, maximum: maximum)
      }
    return Field(
      name: field.name, kind: kind, shape: field.type.shape, isOptional: field.type.isOptional, refinement: refinement)
  }

  /// Ids that go straight into a table must be rows of it; what the spec does not bound, the table does.
  private func refine(_ request: inout [Field], by graph: PipelineGraph) {
    let bounds = IndexBounds.of(graph.graph, throughSelection: false)
    for (value, input) in zip(graph.graph.inputs, graph.inputs) {
      guard case .request(let field) = input, let rows = bounds[value], rows > 0 else { continue }
      switch request[field].refinement {
      case .none: request[field].refinement = .integers(minimum: 0, maximum: UInt64(rows - 1))
      case .integers(let minimum, let maximum):
        request[field].refinement = .integers(minimum: max(0, minimum), maximum: min(maximum, UInt64(rows - 1)))
      case .numbers, .length: break
      }
    }
  }

  // MARK: - Features

  private var stores: [Store] {
    module.stores.map { declaration in
      switch declaration.kind {
      // The file's name alone: where it lies is a matter of the pod, and a plan must not depend on who built it.
      case .sqlite:
        Store(name: declaration.name, kind: .sqlite, path: String(declaration.path.split(separator: "/").last ?? ""))
      }
    }
  }

  /// The groups that any arm reads, and for each arm the place of its columns in them.
  private func featureGroups(
    _ graphs: [PipelineGraph],
  ) throws -> (groups: [FeatureGroup], columns: [[[Program.Port]]]) {
    var groups: [FeatureGroup] = []
    var places: [[[Program.Port]]] = []
    for graph in graphs {
      var armPlaces: [[Program.Port]] = []
      for use in graph.features {
        guard let declaration = module.features.first(where: { $0.name == use.features }),
          let store = module.stores.firstIndex(where: { $0.name == declaration.store })
        else { throw DriverError(.inputErrors, "there is no feature group `\(use.features)`") }
        let group = groups.firstIndex { $0.name == use.features && $0.keyField == use.keyField } ?? groups.count
        if group == groups.count {
          groups.append(
            FeatureGroup(
              name: declaration.name, store: store, table: declaration.table, keyColumn: declaration.keyColumn,
              keyField: use.keyField, onMiss: declaration.onMiss == .reject ? .reject : .useDefault, columns: []))
        }
        var columns: [Program.Port] = []
        for name in use.columns {
          guard let field = declaration.fields.first(where: { $0.name == name }) else { continue }
          let known = groups[group].columns.firstIndex { $0.name == name }
          let column = known ?? groups[group].columns.count
          if known == nil { groups[group].columns.append(try self.column(field)) }
          columns.append(.feature(group: group, column: column))
        }
        armPlaces.append(columns)
      }
      places.append(armPlaces)
    }
    return (groups, places)
  }

  private func column(_ field: FeatureDeclaration.Field) throws -> FeatureGroup.Column {
    guard let filled = Constant.filled(field.element, field.shape, field.defaultValue) else {
      throw DriverError(.inputErrors, "feature field `\(field.name)` is a string, which is not supported yet")
    }
    // The constant owns the bytes, so it must live until they are copied.
    let bytes = withExtendedLifetime(filled) { Array(filled.data.bytes) }
    return FeatureGroup.Column(name: field.name, element: field.element, shape: field.shape, defaultValue: bytes)
  }

  private func port(of input: PipelineGraph.Input, _ columns: [[Program.Port]]) -> Program.Port {
    switch input {
    case .request(let field): .request(field)
    case .presence(let field): .presence(field)
    case .feature(let group, let column): columns[group][column]
    }
  }

  // MARK: - Routing

  private func experiment(_ request: [Field]) throws -> PlanFormat.Experiment? {
    guard let experiment = service.experiment else { return nil }
    guard let key = request.firstIndex(where: { $0.name == experiment.keyField }) else {
      throw DriverError(.inputErrors, "the request has no field `\(experiment.keyField)`")
    }
    var total = 0
    var arms: [PlanFormat.Experiment.Arm] = []
    for (at, arm) in experiment.arms.enumerated() {
      total += arm.basisPoints
      arms.append(
        .init(name: arm.name, threshold: at == experiment.arms.count - 1 ? .max : Self.threshold(total), program: at))
    }
    return PlanFormat.Experiment(name: experiment.name, salt: experiment.salt, keyField: key, arms: arms)
  }

  /// `basisPoints / 10_000` of 2^64, rounded down, exactly.
  static func threshold(_ basisPoints: Int) -> UInt64 {
    let points = UInt64(clamping: basisPoints)
    guard points < 10_000 else { return .max }
    return UInt64(10_000).dividingFullWidth((high: points, low: 0)).quotient
  }

  // MARK: - Test inputs

  private func domains(_ graph: PipelineGraph, _ request: [Field]) -> [ValueID: SyntheticInputs.Domain] {
    let bounds = IndexBounds.of(graph.graph, throughSelection: true)
    var domains: [ValueID: SyntheticInputs.Domain] = [:]
    for (value, input) in zip(graph.graph.inputs, graph.inputs) {
      var domain = SyntheticInputs.Domain()
      if case .request(let field) = input {
        switch request[field].refinement {
        case .integers(let minimum, let maximum): domain.integers = minimum...max(minimum, Int64(clamping: maximum))
        case .numbers(let minimum, let maximum): domain.numbers = minimum...max(minimum, maximum)
        case .none, .length: break
        }
        if case .enumeration(let cases) = request[field].kind { domain.integers = 0...Int64(max(0, cases.count - 1)) }
      }
      if let rows = bounds[value] { domain.integers = 0...Int64(max(0, rows - 1)) }
      domains[value] = domain
    }
    return domains
  }
}

extension Numerics {
  fileprivate init(_ numerics: Service.Numerics) {
    self =
      switch numerics {
      case .precise: .precise
      case .fast: .fast
      }
  }
}
