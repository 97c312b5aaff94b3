import InferenceIR
import TensorTypes

extension Emitter {
  /// Writes where a mask holds, and then how often: what the program's dimension becomes.
  mutating func positions(_ node: Node) throws(EmitFailure) {
    guard let mask = schedule.views[node.inputs[0]], let places = schedule.views[node.outputs[0]],
      let count = schedule.views[node.outputs[1]]
    else { throw unsupported(node, "needs its operand and results in memory") }
    declare(variable: "found", level: 0)
    declare(variable: "i", level: 1)
    let (held, from) = address(mask, [Affine(variable: "i")], element: .bool)
    let (target, to) = address(places, [Affine(variable: "found")], element: .i64, written: true)
    let (total, at) = address(count, [], element: .i64, written: true)
    levels[0] += [
      .declare(type: "i64", name: "found", 0),
      .loop(
        variable: "i", from: 0, below: c(schedule.shape(of: node.inputs[0])[0]), step: 1,
        [
          .branch(
            held[c(from)], then: [.assign(target[c(to)], "i"), .assign("found", "found" + 1)], else: [])
        ]),
      .assign(total[c(at)], "found"),
    ]
  }
}
