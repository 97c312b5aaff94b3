import TensorTypes

/// A pointer that a kernel gets.
struct KernelArgument: Hashable, Sendable {
  enum Memory: Hashable, Sendable {
    /// Element `offset` of an arena buffer.
    case buffer(Int, offset: Int)
    case weights(WeightKey)
    /// Bytes that only this call uses.
    case scratch(index: Int, byteCount: Dim)
  }

  var memory: Memory
  /// C type of one element.
  var type: String
  var isWritten: Bool
}

/// One kernel's code for one CPU family, with the memory that this call of it gets.
struct Kernel: Sendable {
  /// Describes shape and work; kernels of equal text share one function whatever their name.
  var name: String
  var arguments: [KernelArgument]
  var body: [CStatement]
  /// Symbols whose values it reads.
  var symbols: Set<String> = []
}

/// What the schedule knows of a dispatch beyond its kernels.
struct StepWork: Hashable, Sendable {
  /// Picoseconds on one thread.
  var cost: Dim
  /// Whether the kernels were split.
  var isSplit: Bool
}

/// What the code depends on beyond the graph.
struct Target: Hashable, Sendable {
  /// Panels of 16 columns that 1, 2, … rows of a matrix product go through at once; the count is the largest
  /// number of rows.
  var panels: [Int]

  var rows: Int { panels.count }
}
