/// Why the program ends, in one line, and its exit code.
struct Failure: Error {
  /// The plan, the settings or a store is refused.
  static let input: Int32 = 1
  static let usage: Int32 = 2
  /// The machine: a port that is taken.
  static let environment: Int32 = 5

  let code: Int32
  let message: String

  init(_ code: Int32, _ message: String) {
    self.code = code
    self.message = message
  }

  /// Runs `body`; what it throws becomes a failure with `code`.
  static func catching<R>(_ code: Int32, _ body: () throws -> R) throws(Failure) -> R {
    do {
      return try body()
    } catch let failure as Failure {
      throw failure
    } catch {
      throw Failure(code, "\(error)")
    }
  }
}
