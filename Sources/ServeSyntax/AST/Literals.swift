/// A decimal number exactly as written: `significand * 10^exponent`.
package struct Decimal: Hashable, Sendable {
  package let significand: UInt64
  package let exponent: Int

  package init(significand: UInt64, exponent: Int = 0) {
    self.significand = significand
    self.exponent = exponent
  }

  /// The nearest double; infinity past its range.
  package var double: Double {
    Double("\(significand)e\(exponent)") ?? .infinity
  }
}

/// What a unit measures.
package enum UnitDimension: String, CaseIterable, Hashable, Sendable {
  case bytes
  case cpu
  case duration
  case money
  case rate
}

/// The units that may touch a number; the raw value is the suffix.
package enum Unit: String, CaseIterable, Hashable, Sendable {
  case nanoseconds = "ns"
  case microseconds = "us"
  case milliseconds = "ms"
  case seconds = "s"
  case minutes = "min"
  case hours = "h"
  case days = "d"
  case bytes = "B"
  case kilobytes = "KB"
  case megabytes = "MB"
  case gigabytes = "GB"
  case terabytes = "TB"
  case kibibytes = "KiB"
  case mebibytes = "MiB"
  case gibibytes = "GiB"
  case tebibytes = "TiB"
  case requestsPerSecond = "rps"
  case requestsPerMinute = "rpm"
  case cores = "cores"
  case millicores = "mcores"
  case dollars = "USD"
  case euros = "EUR"

  package var dimension: UnitDimension {
    switch self {
    case .nanoseconds, .microseconds, .milliseconds, .seconds, .minutes, .hours, .days: .duration
    case .bytes, .kilobytes, .megabytes, .gigabytes, .terabytes: .bytes
    case .kibibytes, .mebibytes, .gibibytes, .tebibytes: .bytes
    case .requestsPerSecond, .requestsPerMinute: .rate
    case .cores, .millicores: .cpu
    case .dollars, .euros: .money
    }
  }

  /// How many of its dimension's base make one: nanoseconds, bytes, requests per minute, millicores, the currency.
  package var factor: UInt64 {
    switch self {
    case .nanoseconds, .bytes, .requestsPerMinute, .millicores, .dollars, .euros: 1
    case .microseconds, .kilobytes, .cores: 1_000
    case .milliseconds, .megabytes: 1_000_000
    case .seconds, .gigabytes: 1_000_000_000
    case .terabytes: 1_000_000_000_000
    case .minutes: 60_000_000_000
    case .hours: 3_600_000_000_000
    case .days: 86_400_000_000_000
    case .kibibytes: 1 << 10
    case .mebibytes: 1 << 20
    case .gibibytes: 1 << 30
    case .tebibytes: 1 << 40
    case .requestsPerSecond: 60
    }
  }

  /// The currencies may stand apart from their number: `18_000 USD`.
  package var mayStandApart: Bool {
    dimension == .money
  }
}

/// A number with its unit.
package struct Quantity: Hashable, Sendable {
  package let number: Decimal
  package let unit: Unit

  package init(number: Decimal, unit: Unit) {
    self.number = number
    self.unit = unit
  }
}

/// A day of the Gregorian calendar that exists.
package struct Date: Hashable, Sendable {
  package let year: Int
  package let month: Int
  package let day: Int

  package init?(year: Int, month: Int, day: Int) {
    guard (1...12).contains(month), day >= 1 else { return nil }
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    guard day <= lengths[month - 1] else { return nil }
    self.year = year
    self.month = month
    self.day = day
  }
}
