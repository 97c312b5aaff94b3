/// Why an emission stopped.
enum EmitFailure: Error {
  /// The value cannot be computed 16 lanes at a time; the caller falls back to single elements.
  case notVector
  case unsupported(CompileError)
}
