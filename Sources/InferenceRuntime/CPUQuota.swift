import CHost
import Glibc

/// How many CPUs the container may use: threads beyond them only make the kernel stop us.
package enum CPUQuota {
  /// The CPU quota of the cgroup rounded down, at least 1, at most the CPUs that the scheduler offers: as they were
  /// when it was asked for first.
  ///
  /// Rounding down keeps a quota of 1.5 CPUs from being spent by two busy threads before its period ends.
  package static let threads: Int = {
    let offered = Int(serve_cpu_count())
    guard let quota = smallestQuota() else { return offered }
    return min(offered, max(1, Int(quota)))
  }()

  /// CPUs per period, from the contents of a cgroup v2 `cpu.max` ("150000 100000"); nil for "max" or nonsense.
  static func quota(cpuMax text: String) -> Double? {
    let parts = text.split { $0 == " " || $0 == "\n" }
    guard parts.count == 2, let quota = Double(parts[0]), let period = Double(parts[1]), quota > 0, period > 0 else {
      return nil
    }
    return quota / period
  }

  /// The tightest limit of this process's cgroup and the groups above it; version 1 where version 2 is not mounted.
  private static func smallestQuota() -> Double? {
    var limits: [Double] = []
    for folder in folders() {
      if let text = read("/sys/fs/cgroup\(folder)/cpu.max"), let limit = quota(cpuMax: text) { limits.append(limit) }
    }
    let v1 = "/sys/fs/cgroup/cpu/cpu.cfs_"
    if let used = read(v1 + "quota_us"), let period = read(v1 + "period_us"),
      let limit = quota(cpuMax: "\(used) \(period)")
    {
      limits.append(limit)
    }
    return limits.min()
  }

  /// The path in `/proc/self/cgroup` and its ancestors, the root being "".
  private static func folders() -> [String] {
    var folders = [""]
    for line in (read("/proc/self/cgroup") ?? "").split(separator: "\n") where line.hasPrefix("0::/") {
      var folder = ""
      for part in line.dropFirst(4).split(separator: "/") where part != ".." {
        folder += "/" + part
        folders.append(folder)
      }
    }
    return folders
  }

  private static func read(_ path: String) -> String? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = Glibc.read(file, &buffer, buffer.count)
    return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
  }
}
