package import InferenceIR

/// One arm of a service as one graph: pre-processing, models and post-processing together.
package struct PipelineGraph: Sendable {
  /// Where an input of the graph comes from; indices are those of the pipeline's request record and of
  /// ``features``.
  package enum Input: Hashable, Sendable {
    case request(Int)
    /// Whether the optional request field was given.
    case presence(Int)
    case feature(group: Int, column: Int)
  }

  /// A feature group that is read: the declaration's name and the request field that holds the keys.
  package struct FeatureUse: Hashable, Sendable {
    package var features: String
    package var keyField: Int
    /// Names of the columns that are read, in order of first use.
    package var columns: [String]
  }

  /// A response field that is the same for every request.
  package struct Literal: Hashable, Sendable {
    package var field: Int
    package var text: String
  }

  package var graph: Graph
  /// The symbol that requests of one call share as leading dimension of every input and output, or nil.
  package var batch: String?
  /// One per graph input.
  package var inputs: [Input]
  /// The response field of each graph output.
  package var outputs: [Int]
  package var literals: [Literal]
  package var features: [FeatureUse]
  /// Graph outputs whose elements say which of several equal scores came first (indices of a top-k, what was
  /// gathered by them): not a promise, so not compared with reference values.
  package var orderDependent: Set<Int>
}

/// Why a pipeline could not become a graph; the checker rules out all but what only the model's graph can show.
package struct LoweringError: Error, Sendable {
  package var message: String

  package init(_ message: String) { self.message = message }
}
