import InferenceIR
import TensorTypes

extension Importer {
  /// Converts one node and defines its outputs in `scope`.
  /// - Parameter arguments: attributes of the function call that is being expanded.
  mutating func convert(
    _ node: NodeProto, in scope: inout [String: ValueID], opsets: [String: Int],
    arguments: [String: AttributeProto], depth: Int,
  ) throws(ImportError) {
    let domain = node.domain == "ai.onnx" ? "" : node.domain
    var operands: [ValueID?] = []
    for name in node.inputs {
      guard !name.isEmpty else {
        operands.append(nil)
        continue
      }
      guard let id = scope[name] else {
        let place = ImportError.Place.node(name: node.name, operation: node.operation)
        throw ImportError(file: model.path, place, .invalid("it uses \"\(name)\", which is not defined before it"))
      }
      operands.append(id)
    }
    var call = try Call(
      node, version: opsets[domain] ?? 1, graph: graph.name, file: model.file, operands: operands,
      attributes: bound(node.attributes, arguments))
    converted += 1
    guard converted <= Self.maximumNodes else { throw call.fail(.limit("more than \(Self.maximumNodes) nodes")) }

    let results: [ValueID]
    if let function = functions[[node.domain, node.operation]] {
      results = try expand(function, call, node.attributes, arguments, depth)
    } else if let conversion = OperatorTable.conversion(domain: domain, operation: node.operation) {
      results = try conversion(&self, &call)
      try call.requireAllRead()
    } else {
      throw call.fail(
        .unsupportedOperation(domain: node.domain.isEmpty ? "ai.onnx" : node.domain, version: call.version))
    }
    for (index, name) in node.outputs.enumerated() where !name.isEmpty {
      guard index < results.count else { throw call.fail(.unsupported("output \(index), \"\(name)\"")) }
      guard scope.updateValue(results[index], forKey: name) == nil else {
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
    _ function: FunctionProto, _ call: Call, _ attributes: [AttributeProto],
    _ outer: [String: AttributeProto], _ depth: Int,
  ) throws(ImportError) -> [ValueID] {
    guard depth < Self.maximumDepth else { throw call.fail(.limit("calls nest deeper than \(Self.maximumDepth)")) }
    guard call.operands.count <= function.inputs.count else {
      throw call.fail(.invalid("\(call.operands.count) operands for \(function.inputs.count) inputs"))
    }
    var scope: [String: ValueID] = [:]
    for (name, operand) in zip(function.inputs, call.operands) { scope[name] = operand }
    var arguments: [String: AttributeProto] = [:]
    for attribute in function.defaults + bound(attributes, outer) { arguments[attribute.name] = attribute }
    var opsets = model.opsets
    for (domain, version) in function.opsets { opsets[domain == "ai.onnx" ? "" : domain] = Int(version) }
    for node in function.nodes {
      try convert(node, in: &scope, opsets: opsets, arguments: arguments, depth: depth + 1)
    }
    var results: [ValueID] = []
    for name in function.outputs {
      guard let id = scope[name] else { throw call.fail(.invalid("the function does not define \"\(name)\"")) }
      results.append(id)
    }
    return results
  }
}
