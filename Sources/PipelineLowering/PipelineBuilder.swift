import InferenceIR
import ServeSema
import TensorTypes

/// Builds the graph of one arm from a typed pipeline.
///
/// A pipeline is written per request. When every model that it calls has a batch dimension, the graph gets one too:
/// each value that depends on the request has `batch` in front, and axes move by one.
struct PipelineBuilder {
  /// A value of the graph, and whether it has the batch dimension in front.
  struct Lowered {
    var id: ValueID
    var isBatched: Bool
    /// Depends on which of equal scores comes first.
    var isOrderDependent = false
  }

  let pipeline: PipelineDeclaration
  let module: TypedModule
  /// The graph of each model parameter's version, and the version's name.
  let models: [String: (declaration: ModelDeclaration, graph: Graph, version: String)]
  let batch: Dim?

  var graph: Graph
  var inputs: [PipelineGraph.Input] = []
  var features: [PipelineGraph.FeatureUse] = []
  private var inputValues: [PipelineGraph.Input: ValueID] = [:]
  private var locals: [String: [String: Lowered]] = [:]
  private var expressions: [String: TypedExpression] = [:]

  init(
    pipeline: PipelineDeclaration, module: TypedModule,
    models: [String: (declaration: ModelDeclaration, graph: Graph, version: String)], batch: String?, graph: Graph,
  ) {
    self.pipeline = pipeline
    self.module = module
    self.models = models
    self.batch = batch.map { Dim(symbol: $0) }
    self.graph = graph
  }

  /// What an expression yields: one tensor (under the empty name), or named parts.
  typealias Parts = [String: Lowered]

  mutating func bind(_ binding: PipelineDeclaration.Binding) throws(LoweringError) {
    expressions[binding.name] = binding.value
    locals[binding.name] = try lower(binding.value)
  }

  /// A single tensor.
  mutating func tensor(_ expression: TypedExpression) throws(LoweringError) -> Lowered {
    guard let value = try lower(expression)[""] else {
      throw LoweringError("a value with several parts is used as one tensor; name the part, as in `x.value`")
    }
    return value
  }

  mutating func lower(_ expression: TypedExpression) throws(LoweringError) -> Parts {
    switch expression.kind {
    case .requestField(let name):
      return ["": try requestField(name)]
    case .local(let name):
      guard let parts = locals[name] else { throw LoweringError("`\(name)` is used before it is defined") }
      return parts
    case .integer(let value):
      return ["": try literal(expression, Double(value), exact: value)]
    case .float(let value):
      return ["": try literal(expression, value, exact: nil)]
    case .boolean(let value):
      return [
        "": Lowered(id: graph.addConstant("\(value)", Constant(.bool, [], [UInt8(value ? 1 : 0)])), isBatched: false)
      ]
    case .enumCase(let index):
      return ["": Lowered(id: graph.addConstant("case\(index)", Constant(.u8, [], [UInt8(index)])), isBatched: false)]
    case .string(let text):
      return [
        "": Lowered(id: graph.addConstant("string", Constant(strings: [Array(text.utf8)], shape: [])), isBatched: false)
      ]
    case .lookup:
      // Columns are read where they are named, so that unused ones cost nothing.
      return [:]
    case .member(let base, let name):
      return ["": try member(of: base, name)]
    case .modelCall(let parameter, let arguments):
      return try modelCall(parameter, arguments)
    case .modelVersion:
      throw LoweringError("a model's version can only be a field of the response")
    case .coalesce(let optional, let fallback):
      return ["": try coalesce(optional, fallback)]
    case .call(let builtin, let arguments):
      return try call(builtin, arguments)
    }
  }

  // MARK: - Inputs

  /// The graph input for a port, made on first use.
  private mutating func input(_ port: PipelineGraph.Input, _ name: String, _ type: TensorType) -> Lowered {
    let id: ValueID
    if let known = inputValues[port] {
      id = known
    } else {
      let shape = batch.map { Shape([$0] + type.shape.dims) } ?? type.shape
      id = graph.addInput(name, TensorType(type.element, shape))
      inputValues[port] = id
      inputs.append(port)
    }
    return Lowered(id: id, isBatched: batch != nil)
  }

  private mutating func requestField(_ name: String) throws(LoweringError) -> Lowered {
    guard let index = pipeline.request.fields.firstIndex(where: { $0.name == name }) else {
      throw LoweringError("the request has no field `\(name)`")
    }
    let type = pipeline.request.fields[index].type
    return input(.request(index), "\(pipeline.requestName).\(name)", TensorType(type.element, type.shape))
  }

  private mutating func member(of base: TypedExpression, _ name: String) throws(LoweringError) -> Lowered {
    if let (group, key) = lookup(base) {
      return try featureColumn(group, key: key, name)
    }
    guard let part = try lower(base)[name] else { throw LoweringError("there is no part `\(name)` here") }
    return part
  }

  /// The feature group and key field when an expression is a row, directly or through a binding.
  private func lookup(_ expression: TypedExpression) -> (features: String, keyField: String)? {
    if case .lookup(let features, let keyField) = expression.kind { return (features, keyField) }
    if case .local(let name) = expression.kind, let bound = expressions[name] { return lookup(bound) }
    return nil
  }

  private mutating func featureColumn(
    _ name: String, key: String, _ column: String,
  ) throws(LoweringError) -> Lowered {
    guard let declaration = module.features.first(where: { $0.name == name }),
      let keyIndex = pipeline.request.fields.firstIndex(where: { $0.name == key })
    else { throw LoweringError("there is no feature group `\(name)` with a key `\(key)`") }
    let keyShape = pipeline.request.fields[keyIndex].type.shape
    if column == declaration.keyColumn {
      return try requestField(key)
    }
    guard let field = declaration.fields.first(where: { $0.name == column }) else {
      throw LoweringError("feature group `\(name)` has no field `\(column)`")
    }
    let group: Int
    if let known = features.firstIndex(where: { $0.features == name && $0.keyField == keyIndex }) {
      group = known
    } else {
      group = features.count
      features.append(PipelineGraph.FeatureUse(features: name, keyField: keyIndex, columns: []))
    }
    let index: Int
    if let known = features[group].columns.firstIndex(of: column) {
      index = known
    } else {
      index = features[group].columns.count
      features[group].columns.append(column)
    }
    let type = TensorType(field.element, Shape(keyShape.dims + field.shape.map { Dim($0) }))
    return input(.feature(group: group, column: index), "\(name).\(column)", type)
  }

  private mutating func coalesce(
    _ optional: TypedExpression, _ fallback: TypedExpression,
  ) throws(LoweringError) -> Lowered {
    guard case .requestField(let name) = optional.kind,
      let index = pipeline.request.fields.firstIndex(where: { $0.name == name })
    else { throw LoweringError("the left side of `??` must be an optional field of the request") }
    let value = try requestField(name)
    // An absent field reads zeros and empty strings, which is the fallback people write most.
    if case .string("") = fallback.kind { return value }
    let present = input(.presence(index), "\(pipeline.requestName).\(name) is present", TensorType(.bool))
    return try apply(.select, [present, value, try tensor(fallback)], name: name)
  }

  private mutating func literal(
    _ expression: TypedExpression, _ value: Double, exact: Int64?,
  ) throws(LoweringError) -> Lowered {
    guard case .tensor(let type) = expression.type,
      let constant = Constant.filled(type.element, [], value, exact: exact)
    else { throw LoweringError("a number is used where \(expression.type) is needed") }
    return Lowered(id: graph.addConstant(exact.map { "\($0)" } ?? "\(value)", constant), isBatched: false)
  }

  // MARK: - Models

  private mutating func modelCall(
    _ parameter: String, _ arguments: [TypedExpression],
  ) throws(LoweringError) -> Parts {
    guard let model = models[parameter] else { throw LoweringError("there is no model parameter `\(parameter)`") }
    let origin = "\(model.declaration.name).\(model.version)"
    var operands: [ValueID] = []
    for argument in arguments {
      let value = try tensor(argument)
      let shaped = model.declaration.batches && batch == nil ? try addLeadingOne(value) : try batched(value)
      operands.append(shaped.id)
    }
    // The file may list its inputs in another order than the signature.
    var ordered: [ValueID] = []
    for input in model.graph.inputs {
      let name = model.graph[input].name
      guard let at = model.declaration.signature.inputs.firstIndex(where: { $0.name == name }), at < operands.count
      else {
        throw LoweringError("\(origin) has an input `\(name)` that its signature does not declare")
      }
      ordered.append(operands[at])
    }
    let results = try graph.inline(model.graph, arguments: ordered, origin: origin)
    var parts: Parts = [:]
    for port in model.declaration.signature.outputs {
      guard let at = model.graph.outputs.firstIndex(where: { model.graph[$0].name == port.name }) else {
        throw LoweringError("\(origin) has no output `\(port.name)`")
      }
      var value = Lowered(id: results[at], isBatched: batch != nil)
      if model.declaration.batches, batch == nil { value = try dropLeading(value) }
      parts[port.name] = value
    }
    return parts
  }

  private mutating func addLeadingOne(_ value: Lowered) throws(LoweringError) -> Lowered {
    let shape = graph.type(of: value.id).shape
    return Lowered(id: try node(.reshape(Shape([1] + shape.dims)), [value.id], name: "one"), isBatched: false)
  }

  private mutating func dropLeading(_ value: Lowered) throws(LoweringError) -> Lowered {
    let shape = graph.type(of: value.id).shape
    return Lowered(
      id: try node(.reshape(Shape(Array(shape.dims.dropFirst()))), [value.id], name: "item"), isBatched: false)
  }

  /// The value with the batch dimension, repeated along it when it does not depend on the request.
  mutating func batched(_ value: Lowered) throws(LoweringError) -> Lowered {
    guard let batch, !value.isBatched else { return value }
    let shape = graph.type(of: value.id).shape
    let id = try node(.expand(Shape([batch] + shape.dims)), [value.id], name: "batched")
    return Lowered(id: id, isBatched: true, isOrderDependent: value.isOrderDependent)
  }

  // MARK: - Operations

  mutating func node(_ op: Op, _ operands: [ValueID], name: String) throws(LoweringError) -> ValueID {
    do throws(ShapeError) {
      return try graph.add(op, operands, name: name, origin: "pipeline \(pipeline.name), `\(name)`")[0]
    } catch {
      throw LoweringError("\(error.origin): \(error.message)")
    }
  }

  /// Per-request rank.
  func rank(_ value: Lowered) -> Int { graph.type(of: value.id).shape.rank - (value.isBatched ? 1 : 0) }

  /// An elementwise operation with numpy broadcasting of the per-request shapes.
  mutating func apply(_ op: Op, _ operands: [Lowered], name: String) throws(LoweringError) -> Lowered {
    let rank = operands.map { self.rank($0) }.max() ?? 0
    var aligned: [ValueID] = []
    for operand in operands { aligned.append(try align(operand, toRank: rank)) }
    return Lowered(
      id: try node(op, aligned, name: name), isBatched: operands.contains(where: \.isBatched),
      isOrderDependent: operands.contains(where: \.isOrderDependent))
  }

  /// Batched operands of lower rank get ones after the batch, since broadcasting aligns the last dimensions.
  private mutating func align(_ value: Lowered, toRank rank: Int) throws(LoweringError) -> ValueID {
    let missing = rank - self.rank(value)
    guard value.isBatched, missing > 0 else { return value.id }
    let dims = graph.type(of: value.id).shape.dims
    return try node(
      .reshape(Shape([dims[0]] + Array(repeating: Dim(1), count: missing) + dims.dropFirst())), [value.id],
      name: "aligned")
  }
}

extension FieldType {
  /// The element type in memory; an enum is its case's index.
  var element: ElementType {
    switch scalar {
    case .element(let element): element
    case .enumeration: .u8
    }
  }
}
