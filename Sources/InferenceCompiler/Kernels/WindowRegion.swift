import InferenceIR
import TensorTypes

/// A box of an image's windows that visit the same elements of theirs.
///
/// Windows at the border of an image reach into its padding. A row of them along one axis passes over what is outside,
/// as the windows inside never visit it: in an image of 7 x 7 positions a sixth of the products of a 3 x 3 window.
struct WindowRegion: Hashable {
  /// Windows along every spatial axis.
  var windows: [Range<Int>]
  /// Elements of the window along every spatial axis.
  var taps: [Range<Int>]

  var count: Int { windows.reduce(1) { $0 * $1.count } }

  /// Cuts off the windows that reach beyond the border along one axis, after another: those inside come first, and a box
  /// that is cut off along one axis is not cut again along the next, where its few windows read zeros.
  /// - Parameters:
  ///   - counts: windows along every spatial axis.
  ///   - axes: those along which elements are visited one by one.
  ///   - fewest: windows of a box, below which multipliers would idle.
  /// - Returns: one region where nothing is cut off.
  static func regions(of loops: WindowLoops, counts: [Int], axes: [Int], fewest: Int) -> [WindowRegion] {
    var inside = WindowRegion(windows: counts.map { 0..<$0 }, taps: loops.window.size.map { 0..<$0 })
    var cut: [WindowRegion] = []
    for axis in axes where counts[axis] > 0 && inside.count / inside.windows[axis].count >= fewest {
      let visited = (0..<counts[axis]).map { loops.visited(axis, by: $0) }
      let all = inside.taps[axis]
      guard let first = visited.firstIndex(of: all), let last = visited.lastIndex(of: all) else { continue }
      for at in visited.indices where at < first || at > last {
        var region = inside
        region.windows[axis] = at..<at + 1
        region.taps[axis] = visited[at]
        cut.append(region)
      }
      inside.windows[axis] = first..<last + 1
    }
    return [inside] + cut
  }

  /// Whether no window of this region visits anything outside the tensor along an axis.
  func isInside(_ axis: Int, _ loops: WindowLoops) -> Bool {
    windows[axis].allSatisfy { loops.visited(axis, by: $0) == taps[axis] }
  }
}

extension WindowLoops {
  /// The elements along an axis that lie inside the tensor, for the window at an index; all where the extent is not
  /// known.
  func visited(_ axis: Int, by at: Int) -> Range<Int> {
    guard let extent = extents[axis].constant else { return 0..<window.size[axis] }
    let start = at * window.strides[axis] - window.before[axis]
    func first(from position: Int) -> Int {
      // The first element at or behind a position.
      let distance = position - start
      return min(
        max(distance <= 0 ? 0 : (distance + window.dilations[axis] - 1) / window.dilations[axis], 0), window.size[axis])
    }
    let from = first(from: 0)
    return from..<max(from, first(from: extent))
  }
}
