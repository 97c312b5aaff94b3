/// The command line. It is read by hand, for a parser that is made by reflection takes longer than loading a small plan.
struct Arguments: Sendable {
  var plan = ""
  var config: String?
  var httpPort: Int?
  var host = "0.0.0.0"
  var stores: [(name: String, path: String)] = []
  var threads: Int?

  /// What `--help` prints.
  static let help = """
    Serves a plan that servec built, over HTTP.

    usage: served --plan FILE [option...]

      --plan FILE        The plan file.
      --config FILE      Settings, as JSON (served.json).
      --http-port PORT   Port of the HTTP endpoints; 0 takes a free one. Default: the settings', else 8080.
      --host ADDRESS     Address to listen on. Default: 0.0.0.0.
      --store NAME=PATH  File of a store; once for each.
      --threads COUNT    Event loops. Default: the settings', else the CPUs that the container may use.
      --version          Print the version.
      --help             Print this.
    """

  /// Reads the words after the program's name; a value follows its option, or stands behind `=` in the same word.
  init(_ words: [String]) throws(Failure) {
    var rest = words[...]
    while let word = rest.popFirst() {
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let option = String(parts[0])
      guard Self.options.contains(option) else { throw Failure(Failure.usage, "there is no option '\(option)'") }
      guard let value = parts.count == 2 ? String(parts[1]) : rest.popFirst(), !value.isEmpty else {
        throw Failure(Failure.usage, "\(option) takes a value")
      }
      try set(option, value)
    }
    if plan.isEmpty { throw Failure(Failure.usage, "--plan is missing: served --plan FILE") }
  }

  private static let options = ["--plan", "--config", "--http-port", "--host", "--store", "--threads"]

  private mutating func set(_ option: String, _ value: String) throws(Failure) {
    switch option {
    case "--plan": plan = value
    case "--config": config = value
    case "--http-port": httpPort = try Self.number(option, value, in: 0...65_535)
    case "--host": host = value
    case "--threads": threads = try Self.number(option, value, in: 1...1024)
    default:
      let parts = value.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
        throw Failure(Failure.usage, "--store takes NAME=PATH, not '\(value)'")
      }
      stores.append((String(parts[0]), String(parts[1])))
    }
  }

  private static func number(_ option: String, _ text: String, in range: ClosedRange<Int>) throws(Failure) -> Int {
    guard let number = Int(text), range.contains(number) else {
      throw Failure(
        Failure.usage, "\(option) is a number from \(range.lowerBound) to \(range.upperBound), not '\(text)'")
    }
    return number
  }
}
