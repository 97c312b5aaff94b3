internal import ServeSyntax

/// How amounts are written in messages: in the largest unit that keeps them whole.
package enum Amounts {
  /// `5min`, from nanoseconds.
  package static func duration(_ nanoseconds: Int64) -> String {
    whole(nanoseconds, among: [.days, .hours, .minutes, .seconds, .milliseconds, .microseconds, .nanoseconds])
  }

  /// `16GiB`, from bytes; rounded up to a tenth of a unit when no unit keeps it whole.
  package static func bytes(_ bytes: Int64) -> String {
    for unit in [Unit.tebibytes, .gibibytes, .mebibytes, .kibibytes] {
      let factor = Int64(unit.factor)
      guard bytes >= factor else { continue }
      if bytes % factor == 0 { return "\(bytes / factor)\(unit.rawValue)" }
      let tenths = (bytes / factor) * 10 + ((bytes % factor) * 10 + factor - 1) / factor
      return tenths % 10 == 0 ? "\(tenths / 10)\(unit.rawValue)" : "\(tenths / 10).\(tenths % 10)\(unit.rawValue)"
    }
    return "\(bytes)B"
  }

  /// `8 cores`, `3.92 cores`, from thousandths of a core.
  package static func cpu(_ milli: Int) -> String {
    if milli % 1000 == 0 { return milli == 1000 ? "1 core" : "\(milli / 1000) cores" }
    var digits = String(milli % 1000 + 1000).dropFirst()
    while digits.last == "0" { digits.removeLast() }
    return "\(milli / 1000).\(digits) cores"
  }

  private static func whole(_ value: Int64, among units: [Unit]) -> String {
    let fitting = units.first { value != 0 && value % Int64($0.factor) == 0 } ?? units[units.count - 1]
    return "\(value / Int64(fitting.factor))\(fitting.rawValue)"
  }
}
