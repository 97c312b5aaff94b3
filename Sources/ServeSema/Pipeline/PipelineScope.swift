import ServeDiagnostics
import ServeSyntax
import TensorTypes

/// What the expressions of one pipeline can refer to.
struct PipelineScope {
  struct Model {
    let parameter: AST.Name
    /// Nil where the model was not understood: calls of it have no type.
    let model: CheckedModel?
    /// `using ranker: Ranker.v1` names what serves outside of an experiment.
    let version: AST.Name?
  }

  struct Local {
    let name: AST.Name
    /// Nil where its expression was not understood.
    let value: TypedExpression?
  }

  let requestName: AST.Name
  let request: RecordDeclaration
  var models: [Model] = []
  var locals: [Local] = []

  func model(_ name: String) -> Model? {
    models.first { $0.parameter.text == name }
  }

  func local(_ name: String) -> Local? {
    locals.first { $0.name.text == name }
  }

  var names: [String] {
    locals.map(\.name.text) + [requestName.text] + models.map(\.parameter.text)
  }
}

extension PipelineType {
  /// As messages show it: `f32[cand, 29]`, `Device`, `string?`, `a row of Customer`.
  var description: String {
    switch self {
    case .tensor(let type): type.description
    case .enumeration(let name, let shape): shape.rank == 0 ? name : name + shape.description
    case .optional(let type): type.description + "?"
    case .row(let features, let shape): shape.rank == 0 ? "a row of \(features)" : "rows of \(features)"
    case .outputs(let ports): "\(ports.map(\.name).joined(separator: ", ")) together"
    }
  }

  /// The type of a value of a record's field.
  init(_ type: FieldType) {
    let whole: PipelineType =
      switch type.scalar {
      case .element(let element): .tensor(TensorType(element, type.shape))
      case .enumeration(let name): .enumeration(name, type.shape)
      }
    self = type.isOptional ? .optional(whole) : whole
  }
}
