import TensorTypes

/// `onnx.TensorProto.DataType`.
enum OnnxElement {
  /// - Returns: nil for what has no counterpart here.
  static func element(_ code: Int64) -> ElementType? {
    switch code {
    case 1: .f32
    case 2: .u8
    case 3: .i8
    case 4: .u16
    case 5: .i16
    case 6: .i32
    case 7: .i64
    case 8: .string
    case 9: .bool
    case 10: .f16
    case 11: .f64
    case 12: .u32
    case 13: .u64
    case 16: .bf16
    case 17: .small(.f8e4m3fn)
    case 18: .small(.f8e4m3fnuz)
    case 19: .small(.f8e5m2)
    case 20: .small(.f8e5m2fnuz)
    case 21: .small(.u4)
    case 22: .small(.i4)
    case 23: .small(.f4e2m1)
    case 24: .small(.f8e8m0)
    case 25: .small(.u2)
    case 26: .small(.i2)
    case 27: .small(.f6e2m3)
    case 28: .small(.f6e3m2)
    default: nil
    }
  }

  /// ONNX's name of an element type, for errors.
  static func name(_ code: Int64) -> String {
    let names = [
      "UNDEFINED", "FLOAT", "UINT8", "INT8", "UINT16", "INT16", "INT32", "INT64", "STRING", "BOOL", "FLOAT16",
      "DOUBLE", "UINT32", "UINT64", "COMPLEX64", "COMPLEX128", "BFLOAT16", "FLOAT8E4M3FN", "FLOAT8E4M3FNUZ",
      "FLOAT8E5M2", "FLOAT8E5M2FNUZ", "UINT4", "INT4", "FLOAT4E2M1", "FLOAT8E8M0", "UINT2", "INT2",
      "FLOAT6E2M3", "FLOAT6E3M2",
    ]
    return names.indices.contains(Int(clamping: code)) ? names[Int(code)] : "number \(code)"
  }
}
