import TensorTypes

/// Which boxes of a class stay when those that overlap a better one too much are dropped (ONNX NonMaxSuppression).
///
/// Boxes are taken from the best score down, equal ones in their order; one stays unless it overlaps one that stayed by
/// more than `overlap`. All arithmetic is f32, in the order of `intersectionOverUnion`, so that kernels find the same.
package struct NonMaxSuppression: Hashable, Sendable {
  /// What the four numbers of a box are.
  package enum Corners: Hashable, Sendable, CaseIterable {
    /// Two opposite corners, in any order: y, x, y, x.
    case diagonal
    /// x and y of the centre, width, height.
    case centre
  }

  /// Most boxes that stay of a class.
  package var limit: Int
  /// The intersection over the union from which on, exclusive, a box is dropped.
  package var overlap: Float
  /// Boxes need a score above it; nil where every score that is a number will do.
  package var leastScore: Float?
  package var corners: Corners

  package init(limit: Int, overlap: Float, leastScore: Float?, corners: Corners) {
    self.limit = limit
    self.overlap = overlap
    self.leastScore = leastScore
    self.corners = corners
  }

  /// The boxes that stay of each batch and class, best first, then -1.
  func kept(boxes: Constant, scores: Constant) -> Constant {
    let (coordinates, all) = (boxes.values(as: Float.self), scores.values(as: Float.self))
    let (batch, classes, count) = (scores.shape[0], scores.shape[1], scores.shape[2])
    var result: [Int64] = []
    for image in 0..<batch {
      let rectangles = (0..<count).map { at in
        Rectangle(coordinates[(image * count + at) * 4..<(image * count + at + 1) * 4], corners)
      }
      for label in 0..<classes {
        let scores = Array(all[(image * classes + label) * count..<(image * classes + label + 1) * count])
        let least = leastScore ?? -.infinity
        let candidates = scores.indices.filter { scores[$0] > least || (leastScore == nil && scores[$0] == least) }
        var kept: [Int] = []
        for at in candidates.sorted(by: { (scores[$1], $0) < (scores[$0], $1) }) where kept.count < limit {
          if kept.allSatisfy({ !(rectangles[at].intersectionOverUnion(rectangles[$0]) > overlap) }) { kept.append(at) }
        }
        result += (kept + repeatElement(-1, count: limit - kept.count)).map(Int64.init)
      }
    }
    return Constant(.i64, [batch, classes, limit], result)
  }

  private struct Rectangle {
    let low: (x: Float, y: Float)
    let high: (x: Float, y: Float)

    init(_ box: ArraySlice<Float>, _ corners: Corners) {
      let b = Array(box)
      switch corners {
      case .diagonal:
        low = (b[1] < b[3] ? b[1] : b[3], b[0] < b[2] ? b[0] : b[2])
        high = (b[1] < b[3] ? b[3] : b[1], b[0] < b[2] ? b[2] : b[0])
      case .centre:
        low = (b[0] - b[2] * 0.5, b[1] - b[3] * 0.5)
        high = (b[0] + b[2] * 0.5, b[1] + b[3] * 0.5)
      }
    }

    /// 0 where they do not meet or one is empty.
    func intersectionOverUnion(_ other: Rectangle) -> Float {
      let left = low.x > other.low.x ? low.x : other.low.x
      let right = high.x < other.high.x ? high.x : other.high.x
      let bottom = low.y > other.low.y ? low.y : other.low.y
      let top = high.y < other.high.y ? high.y : other.high.y
      let shared = (right - left) * (top - bottom)
      let (mine, theirs) = (
        (high.x - low.x) * (high.y - low.y), (other.high.x - other.low.x) * (other.high.y - other.low.y)
      )
      let union = mine + theirs - shared
      guard right > left, top > bottom, mine > 0, theirs > 0, union > 0 else { return 0 }
      return shared / union
    }
  }
}
