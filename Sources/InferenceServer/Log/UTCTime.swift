internal import Glibc

/// A moment of the civil calendar in UTC.
struct UTCTime {
  var year: Int
  var month: Int
  var day: Int
  var hour: Int
  var minute: Int
  var second: Int
  var nanosecond: Int
  /// 0 is Sunday.
  var weekday: Int

  static var now: UTCTime {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return UTCTime(secondsSince1970: time.tv_sec, nanosecond: time.tv_nsec)
  }

  /// Days to dates by Howard Hinnant's `civil_from_days`.
  init(secondsSince1970 seconds: Int, nanosecond: Int) {
    let day = (seconds >= 0 ? seconds : seconds - 86_399) / 86_400
    let rest = seconds - day * 86_400
    // 1970 began on a Thursday.
    weekday = ((day + 4) % 7 + 7) % 7
    let shifted = day + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    self.day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    hour = rest / 3600
    minute = rest % 3600 / 60
    second = rest % 60
    self.nanosecond = nanosecond
  }

  /// `2026-11-22T13:05:09.000123456Z`
  var rfc3339: String {
    "\(year)-\(padded(month, 2))-\(padded(day, 2))T\(padded(hour, 2)):\(padded(minute, 2)):\(padded(second, 2))"
      + ".\(padded(nanosecond, 9))Z"
  }

  /// `Sun, 22 Nov 2026 13:05:09 GMT`, as HTTP writes dates.
  var http: String {
    let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    return "\(days[weekday]), \(padded(day, 2)) \(months[month - 1]) \(year) "
      + "\(padded(hour, 2)):\(padded(minute, 2)):\(padded(second, 2)) GMT"
  }

  private func padded(_ value: Int, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
