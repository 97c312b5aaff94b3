import InferenceIR
import TensorTypes

/// A graph cut into kernel calls, with a place in memory for every value that needs one.
struct Schedule {
  /// A piece of the arena.
  struct Buffer {
    enum Role: Hashable { case input, output, temporary }

    var element: ElementType
    /// Elements.
    var count: Dim
    var role: Role
    var name: String
  }

  let graph: Graph
  /// Index of the node that defines each value.
  let definitions: [ValueID: Int]
  let layout: ImageLayout
  var buffers: [Buffer] = []
  /// Constants, inputs and every materialised value; what is missing is computed where it is used.
  var views: [ValueID: View] = [:]
  var dispatches: [Dispatch] = []

  func type(of id: ValueID) -> TensorType { graph.type(of: id) }
  func shape(of id: ValueID) -> Shape { graph.type(of: id).shape }

  /// The node that defines a value.
  func node(defining id: ValueID) -> Node? { definitions[id].map { graph.nodes[$0] } }
}

/// One kernel call.
struct Dispatch {
  enum Work {
    /// Loop nests, run one after the other.
    case nest([NestPart])
    case gemm(FusionPlan.Gemm)
    case convolution(FusionPlan.ConvolutionGroup)
    case pairwiseDots(FusionPlan.PairwiseDots)
    /// With the buffer for what the passes of few rows leave, where their columns are passed in chunks.
    case search(FusionPlan.Search, states: Int?)
    /// Gives those passes their first bounds.
    case searchStart(states: Int)
    /// Joins what they leave.
    case searchJoin(FusionPlan.Search, states: Int)
    /// Touches the rows that later gathers read: pairs of table and indices.
    case prefetch([Prefetch])
    /// An anchor operation on its own: the node's index.
    case anchor(Int)
  }

  var work: Work
  var origin: String
}

/// Stores every element of a value.
struct NestPart {
  enum Source {
    /// Applies the node that defines the value.
    case computed
    /// Reads the value wherever it stands.
    case copied
    /// Reads memory directly.
    case shown(View)
  }

  var value: ValueID
  var source: Source
  var target: View
}

/// Rows of a constant table that a later gather reads.
struct Prefetch {
  var table: ValueID
  var indices: ValueID
}
