internal import ArgumentParser
internal import Glibc

/// An address on this machine and a path there.
struct Target {
  let host: String
  let path: String
  /// In network order.
  let address: sockaddr_in

  /// Takes `http://127.0.0.1:8080/path`; a name or an address that is not of this machine is refused, because this
  /// program is no weapon.
  init(_ url: String) throws {
    guard url.hasPrefix("http://") else { throw ValidationError("--url begins with http://") }
    let rest = url.dropFirst("http://".count)
    let authority = rest.prefix { $0 != "/" }
    let path = rest.dropFirst(authority.count)
    let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
    let name = parts.first.map(String.init) ?? ""
    guard parts.count <= 2, let port = parts.count == 2 ? UInt16(parts[1]) : 80 else {
      throw ValidationError("--url has no valid port")
    }
    let ip = name == "localhost" ? "127.0.0.1" : name
    var address = sockaddr_in()
    guard inet_pton(AF_INET, ip, &address.sin_addr) == 1, ip.hasPrefix("127.") else {
      throw ValidationError("--url takes localhost or an address in 127.0.0.0/8, not '\(name)'")
    }
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    self.address = address
    self.path = path.isEmpty ? "/" : String(path)
    host = String(authority)
  }

  /// Whole requests, one a body; a GET without any.
  func requests(_ bodies: [[UInt8]]) -> [[UInt8]] {
    if bodies.isEmpty { return [Array("GET \(path) HTTP/1.1\r\nHost: \(host)\r\n\r\n".utf8)] }
    return bodies.map { body in
      let head =
        "POST \(path) HTTP/1.1\r\nHost: \(host)\r\nContent-Type: application/json\r\n"
        + "Content-Length: \(body.count)\r\n\r\n"
      return Array(head.utf8) + body
    }
  }
}
