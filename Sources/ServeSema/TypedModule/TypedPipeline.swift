package import ServeDiagnostics
package import TensorTypes

/// `pipeline Rank(req: RankRequest) -> RankResponse using ranker: Ranker { … }`, typed.
///
/// All shapes are per request: the batch dimension of a model that batches does not appear.
package struct PipelineDeclaration: Sendable {
  /// A model parameter: `ranker: Ranker`.
  package struct ModelParameter: Hashable, Sendable {
    package var name: String
    package var model: String

    package init(name: String, model: String) {
      self.name = name
      self.model = model
    }
  }

  /// `name = expression`, in an order in which every name is defined before its use.
  package struct Binding: Sendable {
    package var name: String
    package var value: TypedExpression

    package init(name: String, value: TypedExpression) {
      self.name = name
      self.value = value
    }
  }

  package var name: String
  package var requestName: String
  package var request: RecordDeclaration
  package var response: RecordDeclaration
  package var models: [ModelParameter]
  package var bindings: [Binding]
  /// One expression per field of `response`, in its order.
  package var results: [TypedExpression]
  package var range: SourceRange

  package init(
    name: String, requestName: String, request: RecordDeclaration, response: RecordDeclaration,
    models: [ModelParameter], bindings: [Binding], results: [TypedExpression], range: SourceRange,
  ) {
    self.name = name
    self.requestName = requestName
    self.request = request
    self.response = response
    self.models = models
    self.bindings = bindings
    self.results = results
    self.range = range
  }
}

/// What an expression of a pipeline yields.
package indirect enum PipelineType: Hashable, Sendable {
  case tensor(TensorType)
  /// A u8 index in memory, with a shape.
  case enumeration(String, Shape)
  case optional(PipelineType)
  /// A row, or one row per key: the feature group's name and the key's shape.
  case row(features: String, keyShape: Shape)
  /// Named tensors: a model's outputs, or the parts of `top_k`.
  case outputs([ModelSignature.Port])
}

/// An expression with its type and its place.
package struct TypedExpression: Sendable {
  package var kind: TypedExpressionKind
  package var type: PipelineType
  package var range: SourceRange

  package init(_ kind: TypedExpressionKind, type: PipelineType, range: SourceRange) {
    self.kind = kind
    self.type = type
    self.range = range
  }
}

package indirect enum TypedExpressionKind: Sendable {
  /// A field of the request record.
  case requestField(String)
  /// An earlier binding.
  case local(String)
  /// A number in the element type of `type` (a scalar); integers are exact.
  case integer(Int64)
  case float(Double)
  case boolean(Bool)
  case string(String)
  /// The index of a case of the enum of `type`.
  case enumCase(Int)
  /// `User[req.user_id]`; the key is a field of the request.
  case lookup(features: String, keyField: String)
  /// A field of a row, an output of a model, a part of `top_k`.
  case member(TypedExpression, String)
  /// A call of the model parameter, one argument per input of its signature, in the signature's order.
  case modelCall(parameter: String, arguments: [TypedExpression])
  /// `ranker.version`: a string that is known per arm.
  case modelVersion(parameter: String)
  /// `optional ?? default`.
  case coalesce(TypedExpression, TypedExpression)
  case call(Builtin, [TypedExpression])
}

/// The operations of pipelines, with every static argument resolved. Operands broadcast as in numpy.
package enum Builtin: Hashable, Sendable {
  /// `(x - mean) / std` along the last axis; both lists have its length, or one element.
  case normalize(mean: [Double], std: [Double])
  case clip(lower: Double, upper: Double)
  case bucketize([Double])
  case hashBucket(Int)
  case concat(axis: Int)
  case cast(ElementType)
  case reshape(Shape)
  /// Adds the dimension in front and repeats the operand along it.
  case expand(Dim)
  /// Rows of the first operand along axis 0 by the second (i32 or i64); an index of -1 reads zero.
  case gather
  case softmax(axis: Int)
  /// Largest k along the last axis: parts `value` and `index` (i64); with `pad`, absent slots hold it and index -1.
  case topK(k: Int, pad: Double?)
  /// `where(condition, a, b)`.
  case select
  case reduce(Reduction, axis: Int)
  case unary(UnaryFunction)
  case binary(BinaryFunction)
  case compare(Comparison)

  package enum Reduction: Hashable, Sendable { case sum, mean, maximum, minimum }
  package enum UnaryFunction: Hashable, Sendable {
    case negate, not, log1p, log, exp, sqrt, absolute, sigmoid, tanh, relu
  }
  package enum BinaryFunction: Hashable, Sendable { case add, subtract, multiply, divide, minimum, maximum, and, or }
  package enum Comparison: Hashable, Sendable { case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual }
}
