import InferenceIR
import TensorTypes

/// Memory that kernels see: a buffer of the arena, or a constant in the weights section.
enum Root: Hashable, Sendable {
  case buffer(Int)
  case constant(ValueID)
}

/// Where the elements of a value stand: element `(i, j, …)` is at `offset + i * strides[0] + j * strides[1] + …`,
/// counted in elements.
struct View: Hashable, Sendable {
  var root: Root
  var offset: Dim
  var strides: [Dim]

  /// Row-major without gaps.
  static func dense(_ root: Root, _ shape: Shape) -> View {
    View(root: root, offset: 0, strides: denseStrides(shape))
  }

  static func denseStrides(_ shape: Shape) -> [Dim] {
    var strides = [Dim](repeating: 1, count: shape.rank)
    for axis in (0..<max(shape.rank - 1, 0)).reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
    return strides
  }

  /// The part that starts at `start` along `axis`.
  func slice(axis: Int, start: Dim) -> View {
    View(root: root, offset: offset + start * strides[axis], strides: strides)
  }

  /// The same elements under another shape, or nil when that needs a copy.
  ///
  /// Axes of both shapes are consumed in groups of equal size; within a group the old axes must follow each other
  /// in memory without gaps.
  func reshaped(from old: Shape, to new: Shape) -> View? {
    var result = [Dim](repeating: 0, count: new.rank)
    let from = old.dims.indices.filter { old[$0] != 1 }
    let to = new.dims.indices.filter { new[$0] != 1 }
    var (i, j) = (0, 0)
    while i < from.count, j < to.count {
      var (lastOld, lastNew) = (i, j)
      var (oldCount, newCount) = (old[from[i]], new[to[j]])
      while oldCount != newCount {
        // The larger product is the one that the smaller divides.
        if newCount.dividedExactly(by: oldCount) != nil || oldCount.isSmaller(than: newCount) {
          lastOld += 1
          guard lastOld < from.count else { return nil }
          oldCount = oldCount * old[from[lastOld]]
        } else {
          lastNew += 1
          guard lastNew < to.count else { return nil }
          newCount = newCount * new[to[lastNew]]
        }
      }
      for at in i..<lastOld where strides[from[at]] != strides[from[at + 1]] * old[from[at + 1]] { return nil }
      var stride = strides[from[lastOld]]
      for at in (j...lastNew).reversed() {
        result[to[at]] = stride
        stride = stride * new[to[at]]
      }
      (i, j) = (lastOld + 1, lastNew + 1)
    }
    return i == from.count && j == to.count ? View(root: root, offset: offset, strides: result) : nil
  }
}

extension Dim {
  /// Compares sizes where symbols stand for some large number; a heuristic that only decides an order of trials.
  fileprivate func isSmaller(than other: Dim) -> Bool {
    let sizes = Dictionary(uniqueKeysWithValues: symbols.union(other.symbols).map { ($0, 1009) })
    guard let a = evaluate(sizes), let b = other.evaluate(sizes) else { return false }
    return a < b
  }
}

extension Shape {
  /// For every axis of `to` the axis of this shape that it shows, nil for a unit axis; nil overall when the shapes
  /// differ in more than unit axes.
  func unitReshapeAxes(to: Shape) -> [Int?]? {
    let from = dims.indices.filter { self[$0] != 1 }
    let target = to.dims.indices.filter { to[$0] != 1 }
    guard from.count == target.count, zip(from, target).allSatisfy({ self[$0] == to[$1] }) else { return nil }
    var result = [Int?](repeating: nil, count: to.rank)
    for (source, axis) in zip(from, target) { result[axis] = source }
    return result
  }
}
