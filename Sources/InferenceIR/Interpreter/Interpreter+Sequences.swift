import Glibc
import TensorTypes

extension Interpreter {
  static func rmsNorm(_ axis: Int, _ epsilon: Double, _ x: Constant, scale: Constant) -> Constant {
    let normalized = Array(x.shape[axis...])
    let count = normalized.reduce(1, *)
    var numbers = x.doubles
    let (scales, scaleAt) = (scale.doubles, broadcastOffsets(from: scale.shape, to: normalized))
    for start in stride(from: 0, to: numbers.count, by: max(count, 1)) {
      let mean = numbers[start..<start + count].reduce(0) { $0 + $1 * $1 } / Double(count)
      let inverse = 1 / (mean + epsilon).squareRoot()
      for at in 0..<count { numbers[start + at] *= inverse * scales[scaleAt[at]] }
    }
    return Constant(x.element, x.shape, rounding: numbers)
  }

  static func attention(
    _ scale: Double, _ unattended: Unattended, _ x: [Constant], _ to: ResultType,
  ) -> Constant {
    let (q, k, v) = (x[0].doubles, x[1].doubles, x[2].doubles)
    let rank = to.shape.count
    let leading = Array(to.shape.dropLast(2))
    let (queries, width) = (to.shape[rank - 2], to.shape[rank - 1])
    let (keys, depth) = (x[1].shape[x[1].shape.count - 2], x[1].shape[x[1].shape.count - 1])
    func starts(_ at: Int) -> [Int] {
      let matrix = x[at].shape.suffix(2).reduce(1, *)
      return broadcastOffsets(from: Array(x[at].shape.dropLast(2)), to: leading).map { $0 * matrix }
    }
    let (qs, ks, vs) = (starts(0), starts(1), starts(2))
    let mask = x.count > 3 ? x[3].doubles : []
    let maskAt = x.count > 3 ? broadcastOffsets(from: x[3].shape, to: leading + [queries, keys]) : []
    var results: [Double] = []
    results.reserveCapacity(to.count)
    for head in qs.indices {
      for query in 0..<queries {
        var scores = (0..<keys).map { key in
          (0..<depth).reduce(0) { $0 + q[qs[head] + query * depth + $1] * k[ks[head] + key * depth + $1] } * scale
        }
        let row = (head * queries + query) * keys
        if !mask.isEmpty { for key in 0..<keys { scores[key] += mask[maskAt[row + key]] } }
        if unattended == .zeroWhereMasked, !mask.isEmpty,
          (0..<keys).allSatisfy({ mask[maskAt[row + $0]] == -.infinity })
        {
          results += repeatElement(0, count: width)
          continue
        }
        let peak = scores.reduce(-.infinity) { max($0, $1) }
        var terms = scores.map { exp($0 - peak) }
        var total = terms.reduce(0, +)
        if unattended == .zero, total.isNaN { (terms, total) = (terms.map { _ in 0 }, 1) }
        for column in 0..<width {
          let sum = terms.indices.reduce(0) { $0 + terms[$1] * v[vs[head] + $1 * width + column] }
          results.append(sum / total)
        }
      }
    }
    return Constant(to.element, to.shape, rounding: results)
  }

  static func recurrent(_ recurrence: Recurrence, _ x: [Constant], _ to: [ResultType]) -> [Constant] {
    let operands = Dictionary(uniqueKeysWithValues: zip(recurrence.operands, x))
    func numbers(_ operand: Recurrence.Operand) -> [Double] { operands[operand]?.doubles ?? [] }
    let (steps, batch, hidden) = (to[0].shape[0], to[0].shape[1], recurrence.hidden)
    let (inputs, weights, peepholes) = (numbers(.inputs), numbers(.weights), numbers(.peepholes))
    let resetBias = numbers(.resetBias)
    let lengths = operands[.lengths]?.integers
    let functions = recurrence.activations.map(floatFunction)
    var (state, cell) = (numbers(.state), numbers(.cell))
    var all = [Double](repeating: 0, count: to[0].count)
    let gateCount = recurrence.gateCount

    func clipped(_ value: Double) -> Double { recurrence.clip.map { max(-$0, min($0, value)) } ?? value }
    /// The product of a state with the weights of unit `unit` of a gate.
    func product(_ gate: Int, _ unit: Int, _ state: [Double]) -> Double {
      let row = (gate * hidden + unit) * hidden
      return (0..<hidden).reduce(0) { $0 + weights[row + $1] * state[$1] }
    }

    for row in 0..<batch {
      let length = lengths.map { max(0, min(steps, Int($0[row]))) } ?? steps
      var h = Array(state[row * hidden..<(row + 1) * hidden])
      var c = cell.isEmpty ? [] : Array(cell[row * hidden..<(row + 1) * hidden])
      for step in 0..<length {
        let time = recurrence.reverse ? length - 1 - step : step
        let x = inputs[((time * batch) + row) * gateCount * hidden..<((time * batch) + row + 1) * gateCount * hidden]
        func input(_ gate: Int, _ unit: Int) -> Double { x[x.startIndex + gate * hidden + unit] }
        switch recurrence.cell {
        case .simple:
          h = (0..<hidden).map { functions[0](clipped(input(0, $0) + product(0, $0, h))) }
        case .gru:
          let update = (0..<hidden).map { functions[0](clipped(input(0, $0) + product(0, $0, h))) }
          let reset = (0..<hidden).map { functions[0](clipped(input(1, $0) + product(1, $0, h))) }
          let scaled = zip(reset, h).map { $0 * $1 }
          let candidate = (0..<hidden).map { unit -> Double in
            let recurrent =
              recurrence.resetsAfter
              ? reset[unit] * (product(2, unit, h) + resetBias[unit]) : product(2, unit, scaled)
            return functions[1](clipped(input(2, unit) + recurrent))
          }
          h = (0..<hidden).map { (1 - update[$0]) * candidate[$0] + update[$0] * h[$0] }
        case .lstm:
          func gate(_ at: Int, _ unit: Int, peephole: Int, _ cell: [Double]) -> Double {
            let seen = peepholes.isEmpty ? 0 : peepholes[peephole * hidden + unit] * cell[unit]
            return functions[0](clipped(input(at, unit) + product(at, unit, h) + seen))
          }
          let admit = (0..<hidden).map { gate(0, $0, peephole: 0, c) }
          let forget = (0..<hidden).map { recurrence.couplesGates ? 1 - admit[$0] : gate(2, $0, peephole: 2, c) }
          let candidate = (0..<hidden).map { functions[1](clipped(input(3, $0) + product(3, $0, h))) }
          let next = (0..<hidden).map { forget[$0] * c[$0] + admit[$0] * candidate[$0] }
          let output = (0..<hidden).map { gate(1, $0, peephole: 1, next) }
          c = next
          h = (0..<hidden).map { output[$0] * functions[2](c[$0]) }
        }
        for unit in 0..<hidden { all[(time * batch + row) * hidden + unit] = h[unit] }
      }
      state.replaceSubrange(row * hidden..<(row + 1) * hidden, with: h)
      if !cell.isEmpty { cell.replaceSubrange(row * hidden..<(row + 1) * hidden, with: c) }
    }
    let states = [
      Constant(to[0].element, to[0].shape, rounding: all), Constant(to[1].element, to[1].shape, rounding: state),
    ]
    return recurrence.cell == .lstm
      ? states + [Constant(to[2].element, to[2].shape, rounding: cell)] : states
  }
}
