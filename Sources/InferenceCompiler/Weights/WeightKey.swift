import InferenceIR

/// Some form of a constant in the weights section.
enum WeightKey: Hashable, Sendable {
  /// As it is, row-major.
  case raw(ValueID)
  /// `[panel][k][16]` for tiles; columns beyond the last are zero.
  case panels(ValueID, isTransposed: Bool, PanelFormat = .f32)
  /// Weights of a recurrent layer's state for so many gates: each gate's units fill up panels of their own.
  case gates(ValueID, Int)
  /// What multiplies a column's sum where panels are int8.
  case panelScales(ValueID, isTransposed: Bool)
  /// i16 as `[panel][k / 2][16][2]`, pairs along k side by side; an odd last k is paired with zero.
  case pairs(ValueID, isTransposed: Bool)
  /// `[column][k]` for dot products; k is padded with zeros to a multiple of 16.
  case rows(ValueID, isTransposed: Bool)
  /// A byte an element, and what scales a column's bytes: `CompressedRows`.
  case codes(ValueID, isTransposed: Bool)
  case scales(ValueID, isTransposed: Bool)
  /// A convolution's weights in panels.
  case convolution(ValueID, ConvolutionPacking)
  /// A depthwise convolution's weights, `[tap][channel]`.
  case depthwise(ValueID)
  /// What windows read outside their tensor: so many f32 zeros.
  case zeros(count: Int)
  /// The tables of the tree ensemble at a node.
  case trees(node: Int, part: TreeTables.Part)
  /// The same trees over ranks.
  case ranked(node: Int, part: RankedTrees.Part)
  /// The same trees by feature, for many rows at once.
  case scorer(node: Int, part: QuickScorerTables.Part)
}
