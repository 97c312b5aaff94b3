import InferenceIR
import TensorTypes

extension Emitter {
  /// Runs a body for the windows `from ..< to` of every region that the block `first ..< last` reaches into. The blocks
  /// count windows region by region: those of the first region of all images, and so on.
  mutating func eachRegion(_ kernel: ConvolutionKernel, _ body: [CStatement]) -> [CStatement] {
    let turn: [CStatement] = kernel.asksAhead ? [.declare(type: "i64", name: "turn", 0)] : []
    if kernel.regions.isEmpty {
      return turn + [
        .declare(type: "const i64", name: "from", "first"), .declare(type: "const i64", name: "to", "last"),
      ]
        + body
    }
    // Windows of an image before the region, and its own; then the bounds of both along every axis.
    var (before, table) = (0, [CExpression]())
    for region in kernel.regions {
      table += [.integer(before), .integer(region.count)]
      for (windows, taps) in zip(region.windows, region.taps) {
        table += [windows.lowerBound, windows.upperBound, taps.lowerBound, taps.upperBound].map { .integer($0) }
      }
      before += region.count
    }
    let width = 2 + 4 * kernel.loops.window.rank
    let name = fresh("regions")
    levels[0].append(.table(type: "i64", name: name, table))
    let images = c(kernel.shape[0])
    func entry(_ at: Int) -> CExpression { .subscripted(.name(name), "region" * .integer(width) + .integer(at)) }
    var inside: [CStatement] = []
    for axis in 0..<kernel.loops.window.rank {
      for (at, bound) in RegionBounds(axis).names.enumerated() {
        inside.append(.declare(type: "const i64", name: bound, entry(2 + 4 * axis + at)))
      }
    }
    let (begin, end) = (CExpression.name("begin"), CExpression.name("end"))
    return turn + [
      .loop(
        variable: "region", from: 0, below: .integer(kernel.regions.count), step: 1,
        [
          .declare(type: "const i64", name: "begin", entry(0) * images),
          .declare(type: "const i64", name: "end", begin + entry(1) * images),
          .declare(type: "const i64", name: "from", .conditional("first" < begin, 0, "first" - begin)),
          .declare(type: "const i64", name: "to", .conditional("last" < end, "last", end) - begin),
          .branch("from" < "to", then: inside + body, else: []),
        ])
    ]
  }
}

/// Variables of a region along a spatial axis: its windows, and the elements that they visit.
struct RegionBounds {
  let names: [String]

  init(_ axis: Int) { names = ["begin\(axis)", "end\(axis)", "nearest\(axis)", "beyond\(axis)"] }

  var windows: (from: CExpression, to: CExpression) { (.name(names[0]), .name(names[1])) }
  var taps: (from: CExpression, to: CExpression) { (.name(names[2]), .name(names[3])) }
}
