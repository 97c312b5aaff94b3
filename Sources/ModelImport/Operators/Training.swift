import InferenceIR
import TensorTypes

extension OperatorTable {
  /// ai.onnx.preview.training 1: one step of an optimiser. Operands are the rate, the number of the step, then the
  /// parameters, their gradients and each kind of state, all of the same number.
  static let training: [String: Conversion] = [
    "Adagrad": { (importer, call) throws(ImportError) in
      let (rate, step) = (try call.operand(0), try call.operand(1))
      let decay = try call.float("decay_factor", 0)
      let (epsilon, norm) = (try call.float("epsilon", 1e-6), try call.float("norm_coefficient", 0))
      return try updated(&importer, call, kinds: 3) { importer, x, element throws(ImportError) in
        let number = try importer.converted(step, to: element, call)
        let slowed = Formula.value(rate) / (1 + .value(number) * .number(decay))
        let gradient = Formula.value(try importer.emit(.number(norm) * .value(x[0]) + .value(x[1]), element, call))
        let square = try importer.emit(.value(x[2]) + gradient * gradient, element, call)
        let root = Formula.unary(.sqrt, .value(square)) + .number(epsilon)
        return [try importer.emit(.value(x[0]) - slowed * gradient / root, element, call), square]
      }
    },
    "Adam": { (importer, call) throws(ImportError) in
      let (rate, step) = (try call.operand(0), try call.operand(1))
      let (alpha, beta) = (try call.float("alpha", 0.9), try call.float("beta", 0.999))
      let epsilon = try call.float("epsilon", 1e-6)
      let norm = try call.float("norm_coefficient", 0)
      let after = try call.float("norm_coefficient_post", 0)
      // Powers close to 1 are subtracted from 1: in double precision, as the reference does.
      let number = try importer.converted(step, to: .f64, call)
      let wide = Formula.value(try importer.converted(rate, to: .f64, call))
      func missing(_ base: Double) -> Formula { 1 - .binary(.power, .number(base), .value(number)) }
      let adjusted = try importer.emit(
        .choice(.value(number) > 0, wide * .unary(.sqrt, missing(beta)) / missing(alpha), wide), .f64, call)
      return try updated(&importer, call, kinds: 4) { importer, x, element throws(ImportError) in
        let gradient = Formula.value(try importer.emit(.number(norm) * .value(x[0]) + .value(x[1]), element, call))
        let mean = try importer.emit(.number(alpha) * .value(x[2]) + .number(1 - alpha) * gradient, element, call)
        let square = try importer.emit(
          .number(beta) * .value(x[3]) + .number(1 - beta) * (gradient * gradient), element, call)
        let factor = Formula.value(try importer.converted(adjusted, to: element, call))
        let root = Formula.unary(.sqrt, .value(square)) + .number(epsilon)
        let moved = Formula.value(x[0]) - factor * (.value(mean) / root)
        return [try importer.emit(.number(1 - after) * moved, element, call), mean, square]
      }
    },
    "Momentum": { (importer, call) throws(ImportError) in
      let (rate, step) = (try call.operand(0), try call.operand(1))
      guard let alpha = try call.float("alpha"), let beta = try call.float("beta"),
        let norm = try call.float("norm_coefficient"), let mode = try call.string("mode"),
        mode == "standard" || mode == "nesterov"
      else { throw call.fail(.invalid("alpha, beta, norm_coefficient and mode are required")) }
      return try updated(&importer, call, kinds: 3) { importer, x, element throws(ImportError) in
        let number = try importer.converted(step, to: element, call)
        let gradient = Formula.value(
          try importer.emit(.number(Double(norm)) * .value(x[0]) + .value(x[1]), element, call))
        // The first step takes the whole gradient.
        let share = Formula.choice(.value(number) > 0, .number(Double(beta)), 1)
        let velocity = try importer.emit(
          .number(Double(alpha)) * .value(x[2]) + share * gradient, element, call)
        let direction: Formula =
          mode == "standard" ? .value(velocity) : gradient + .number(Double(alpha)) * .value(velocity)
        return [try importer.emit(.value(x[0]) - .value(rate) * direction, element, call), velocity]
      }
    },
  ]

  /// Applies a step to every parameter. Operands and results are grouped by kind: all parameters, all gradients, ….
  private static func updated(
    _ importer: inout Importer, _ call: Call, kinds: Int,
    _ step: (inout Importer, [ValueID], ElementType) throws(ImportError) -> [ValueID],
  ) throws(ImportError) -> [ValueID] {
    let operands = Array(try call.variadic().dropFirst(2))
    guard !operands.isEmpty, operands.count.isMultiple(of: kinds) else {
      throw call.fail(.invalid("\(operands.count) tensors, which are not \(kinds) for each parameter"))
    }
    let count = operands.count / kinds
    var results = [[ValueID]](repeating: [], count: kinds - 1)
    for at in 0..<count {
      let x = (0..<kinds).map { operands[$0 * count + at] }
      for (kind, id) in try step(&importer, x, importer.element(of: x[0])).enumerated() { results[kind].append(id) }
    }
    return results.flatMap { $0 }
  }
}
