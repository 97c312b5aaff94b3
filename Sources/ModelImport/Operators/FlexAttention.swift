import InferenceIR
import TensorTypes

extension OperatorTable {
  /// ai.onnx.preview 1: attention whose scores and weights are changed by bodies of the node. Operands q `[B, H, S, D]`,
  /// k `[B, K, T, D]` and v `[B, K, T, E]`, where H is K or a multiple of it; the result is `[B, H, S, E]`.
  static let preview: [String: StructuralConversion] = [
    "FlexAttention": { (importer, call, scope) throws(ImportError) in
      let (q, k, v) = (try call.operand(0), try call.operand(1), try call.operand(2))
      let element = importer.element(of: q)
      guard [q, k, v].allSatisfy({ importer.shape(of: $0).rank == 4 }) else {
        throw call.fail(.shape("its operands are not [batch, heads, length, size]"))
      }
      guard let size = importer.shape(of: q)[3].constant, size > 0 else {
        throw call.fail(.shape("heads have no size"))
      }
      let scale = try call.float("scale").map { Double($0) } ?? 1 / Double(size).squareRoot()
      let precision = try call.softmaxPrecision() ?? (element == .f64 ? .f64 : .f32)
      let (scoreBody, weightBody) = (try call.optionalBody("score_mod"), try call.optionalBody("prob_mod"))
      if scoreBody == nil, weightBody == nil, element == .f32, precision == .f32 {
        return [.tensor(try AttentionParts(q: q, k: k, v: v).emit(scale, unattended: .nan, &importer, call))]
      }
      /// What a body makes of scores or weights, which keep their shape and element type.
      func changed(
        _ x: ValueID, by body: GraphProto?, _ importer: inout Importer,
      ) throws(ImportError) -> ValueID {
        guard let body else { return x }
        let results = try importer.run(body, [.tensor(x)], in: scope, call)
        guard results.count == 1, let result = results[0].tensor, importer.type(of: result) == importer.type(of: x)
        else { throw call.fail(.shape("a body of one \(importer.type(of: x)) yields something else")) }
        return result
      }
      // As in the operator's function: the root of the scale on either side, and all from the scores on in `precision`.
      let heads = importer.shape(of: q)[1]
      let root = importer.scalar(scale.squareRoot(), element, call)
      let scores = try importer.emit(
        .matmul(transposeA: false, transposeB: true), try importer.binary(.multiply, q, root, call),
        try importer.binary(.multiply, try importer.repeatedHeads(k, heads, call), root, call), for: call)
      let modified = try changed(try importer.converted(scores, to: precision, call), by: scoreBody, &importer)
      let weights = try changed(
        try importer.emit(.softmax(axis: 3), modified, for: call), by: weightBody, &importer)
      let values = try importer.converted(try importer.repeatedHeads(v, heads, call), to: precision, call)
      let y = try importer.emit(.matmul(transposeA: false, transposeB: false), weights, values, for: call)
      return [.tensor(try importer.converted(y, to: element, call))]
    }
  ]
}
