import InferenceIR
import TensorTypes

func f32(_ shape: [Int], _ values: [Float]) -> Constant { Constant(.f32, shape, values) }
func i64(_ shape: [Int], _ values: [Int64]) -> Constant { Constant(.i64, shape, values) }
func bools(_ shape: [Int], _ values: [Bool]) -> Constant { Constant(.bool, shape, values.map { $0 ? 1 as UInt8 : 0 }) }

/// The first result of one operation.
func run(_ op: Op, _ operands: Constant...) throws -> Constant { try Interpreter.evaluate(op, operands)[0] }

/// The result as floats.
func floats(_ op: Op, _ operands: Constant...) throws -> [Float] {
  try Interpreter.evaluate(op, operands)[0].values(as: Float.self)
}

/// The result as integers.
func integers(_ op: Op, _ operands: Constant...) throws -> [Int64] {
  try Interpreter.evaluate(op, operands)[0].integers
}

/// The result types of an operation over operand types.
func infer(_ op: Op, _ types: TensorType...) throws -> [TensorType] {
  try ShapeRules.infer(op, types.map { Value(name: "", type: $0, constant: nil) }, origin: "here")
}

/// The message with which an operation refuses operand types.
func refusal(_ op: Op, _ types: TensorType...) -> String {
  do throws(ShapeError) {
    _ = try ShapeRules.infer(op, types.map { Value(name: "", type: $0, constant: nil) }, origin: "here")
    return "accepted"
  } catch {
    return error.message
  }
}
