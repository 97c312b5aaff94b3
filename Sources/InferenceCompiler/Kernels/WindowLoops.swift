import InferenceIR
import TensorTypes

/// The positions of a window in terms of loop variables.
struct WindowLoops {
  let window: Window
  /// Positions from one element of the tensor to the next.
  let spread: [Int]
  /// Extents of the tensor's spatial axes.
  let extents: [Dim]

  init(_ window: Window, spread: [Int]? = nil, over shape: Shape) {
    self.window = window
    self.spread = spread ?? [Int](repeating: 1, count: window.rank)
    extents = Array(shape.dims.dropFirst(2))
  }

  func tap(_ axis: Int) -> String { "k\(axis)" }
  /// The element's index along an axis.
  func place(_ axis: Int) -> String { "p\(axis)" }

  /// Whether every position of every window lies inside the tensor.
  func isInside(_ axis: Int, count: Dim) -> Bool {
    guard spread[axis] == 1, window.before[axis] <= 0 else { return false }
    let last = (count - 1) * Dim(window.strides[axis]) + Dim(window.extent(axis) - window.before[axis])
    return ((extents[axis] - last).constant ?? -1) >= 0
  }
}

extension Emitter {
  /// Runs `body` for every element of the window at `indices` (of the spatial axes) that lies inside the tensor, in
  /// row-major order. `body` may use `loops.tap` and `loops.place` of every axis.
  mutating func eachElement(
    _ loops: WindowLoops, at indices: [Affine], counts: [Dim], level: Int, _ body: [CStatement],
  ) -> [CStatement] {
    var body = body
    for axis in (0..<loops.window.rank).reversed() {
      let (k, place) = (loops.tap(axis), loops.place(axis))
      let start = indices[axis] * Dim(loops.window.strides[axis]) + Affine(Dim(-loops.window.before[axis]))
      let position = c(start) + .name(k) * .integer(loops.window.dilations[axis])
      let spread = loops.spread[axis]
      var statements: [CStatement] = []
      if loops.isInside(axis, count: counts[axis]) {
        statements = [.declare(type: "const i64", name: place, .cast("i64", position))] + body
      } else if spread == 1 {
        statements = [
          .declare(type: "const i64", name: place, .cast("i64", position)),
          .branch(.binary(.name(place) >= 0, "&", .name(place) < c(loops.extents[axis])), then: body, else: []),
        ]
      } else {
        let (at, step) = (CExpression.name("q\(axis)"), CExpression.integer(spread))
        let isElement: CExpression = .binary(
          .binary(at >= 0, "&", at % step == 0), "&", at / step < c(loops.extents[axis]))
        statements = [
          .declare(type: "const i64", name: "q\(axis)", .cast("i64", position)),
          .branch(isElement, then: [.declare(type: "const i64", name: place, at / step)] + body, else: []),
        ]
      }
      body =
        loops.window.size[axis] == 1
        ? [.block([.declare(type: "const i64", name: k, 0)] + statements)]
        : [.loop(variable: k, from: 0, below: .integer(loops.window.size[axis]), step: 1, statements)]
    }
    return body
  }

  /// Declares the variables of a window's elements so that addresses may name them.
  mutating func declare(_ loops: WindowLoops, level: Int) {
    for axis in 0..<loops.window.rank {
      declare(variable: loops.tap(axis), level: level)
      declare(variable: loops.place(axis), level: level)
    }
  }

  /// What reading an element of memory gives in C.
  func widened(_ stored: CExpression, _ element: ElementType) -> CExpression {
    switch element {
    case .f16: .call("load_half", [stored])
    case .bf16: .call("load_bfloat", [stored])
    case .bool, .u8, .u16, .u32, .u64, .i8, .i16, .i32, .i64, .f32, .f64, .string, .small: stored
    }
  }
}
