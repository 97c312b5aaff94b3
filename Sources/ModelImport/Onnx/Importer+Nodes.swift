import InferenceIR
import TensorTypes

extension Importer {
  /// Converts one node and defines its outputs in `scope`.
  mutating func convert(_ node: NodeProto, in scope: inout Scope) throws(ImportError) {
    let domain = node.domain == "ai.onnx" ? "" : node.domain
    var values: [Imported?] = []
    for name in node.inputs {
      guard !name.isEmpty else {
        values.append(nil)
        continue
      }
      guard let value = scope.values[name] else {
        let place = ImportError.Place.node(name: node.name, operation: node.operation)
        throw ImportError(file: model.path, place, .invalid("it uses \"\(name)\", which is not defined before it"))
      }
      values.append(value)
    }
    var call = try Call(
      node, version: scope.opsets[domain] ?? 1, graph: graph.name, file: model.file, values: values,
      attributes: bound(node.attributes, scope.arguments))
    // How an operator reused memory, before opset 6; says nothing about results.
    if call.version < 6 { call.ignore("consumed_inputs") }
    converted += 1
    guard converted <= Self.maximumNodes else { throw call.fail(.limit("more than \(Self.maximumNodes) nodes")) }

    let results: [Imported]
    if let function = functions[[node.domain, node.operation, node.overload]] {
      results = try expand(function, call, bound(node.attributes, scope.arguments), scope.depth)
    } else if let conversion = OperatorTable.structural(domain: domain, operation: node.operation) {
      results = try conversion(&self, &call, scope)
      try call.requireAllRead()
    } else if let conversion = OperatorTable.conversion(domain: domain, operation: node.operation) {
      for (index, value) in values.enumerated() {
        if let value, value.tensor == nil { throw call.fail(.invalid("operand \(index) is \(value.kind)")) }
      }
      results = try conversion(&self, &call).map { .tensor($0) }
      try call.requireAllRead()
    } else if domain.isEmpty, let reason = OperatorTable.refusals[node.operation] {
      throw call.fail(.unsupported(reason))
    } else {
      throw call.fail(
        .unsupportedOperation(domain: node.domain.isEmpty ? "ai.onnx" : node.domain, version: call.version))
    }
    for (index, name) in node.outputs.enumerated() where !name.isEmpty {
      guard index < results.count else { throw call.fail(.unsupported("output \(index), \"\(name)\"")) }
      guard scope.values.updateValue(results[index], forKey: name) == nil else {
        throw call.fail(.invalid("\"\(name)\" is defined twice"))
      }
    }
  }

  /// A node's attributes with references to the enclosing function's replaced.
  private func bound(_ attributes: [AttributeProto], _ arguments: [String: AttributeProto]) -> [AttributeProto] {
    attributes.compactMap { attribute in
      guard !attribute.reference.isEmpty else { return attribute }
      var argument = arguments[attribute.reference]
      argument?.name = attribute.name
      return argument
    }
  }

  /// Expands a call of a function that the model defines.
  private mutating func expand(
    _ function: FunctionProto, _ call: Call, _ attributes: [AttributeProto], _ depth: Int,
  ) throws(ImportError) -> [Imported] {
    guard depth < Self.maximumDepth else { throw call.fail(.limit("calls nest deeper than \(Self.maximumDepth)")) }
    guard call.values.count <= function.inputs.count else {
      throw call.fail(.invalid("\(call.values.count) operands for \(function.inputs.count) inputs"))
    }
    var scope = Scope(opsets: model.opsets, depth: depth + 1)
    for (name, value) in zip(function.inputs, call.values) { scope.values[name] = value }
    for attribute in function.defaults + attributes { scope.arguments[attribute.name] = attribute }
    for (domain, version) in function.opsets {
      scope.opsets[domain == "ai.onnx" ? "" : domain] = Int(clamping: version)
    }
    for node in function.nodes { try convert(node, in: &scope) }
    var results: [Imported] = []
    for name in function.outputs {
      guard let value = scope.values[name] else {
        throw call.fail(.invalid("the function does not define \"\(name)\""))
      }
      results.append(value)
    }
    return results
  }

  /// Converts a body of control flow, which may use what `outer` defines.
  /// - Returns: the values of its outputs.
  mutating func run(
    _ body: GraphProto, _ arguments: [Imported], in outer: Scope, _ call: Call,
  ) throws(ImportError) -> [Imported] {
    guard outer.depth < Self.maximumDepth else {
      throw call.fail(.limit("bodies nest deeper than \(Self.maximumDepth)"))
    }
    guard arguments.count == body.inputs.count else {
      throw call.fail(.invalid("\(arguments.count) values for a body of \(body.inputs.count) inputs"))
    }
    guard !body.hasSparseInitializers else { throw call.fail(.unsupported("sparse initializers")) }
    // A round costs time even without nodes.
    converted += 1
    guard converted <= Self.maximumNodes else { throw call.fail(.limit("more than \(Self.maximumNodes) nodes")) }
    var scope = outer
    scope.depth += 1
    // Names of a body hide those around it: the standard forbids it, and exporters that inline do it all the same.
    for name in body.nodes.flatMap(\.outputs) { scope.values[name] = nil }
    for (port, value) in zip(body.inputs, arguments) { scope.values[port.name] = value }
    for tensor in body.initializers {
      scope.values[tensor.name] = .tensor(graph.addConstant(tensor.name, try loader.constant(tensor)))
    }
    for node in body.nodes { try convert(node, in: &scope) }
    var results: [Imported] = []
    for port in body.outputs {
      guard let value = scope.values[port.name] else {
        throw call.fail(.invalid("its body does not define \"\(port.name)\""))
      }
      results.append(value)
    }
    return results
  }
}
