import ServeDiagnostics

/// SV0801: secrets are named, never written.
extension Checker {
  mutating func refuseLiteralSecret(_ text: String, at range: SourceRange) {
    guard let kind = SecretPattern.kind(of: text) else { return }
    diagnostics.add(
      Diagnostic(
        .literalSecret, "a secret is written in plain text", at: Label(range, "this looks like \(kind)"),
        notes: ["this value is in your version history if it was committed; rotate it"],
        help: [Help("keep it in Secret Manager, and let the platform hand it to what needs it")]))
  }
}

/// The marks by which well-known credentials can be told.
enum SecretPattern {
  private static let prefixes: [(prefix: String, minimum: Int, kind: String)] = [
    ("-----BEGIN ", 20, "a private key"),
    ("AKIA", 20, "an AWS access key"),
    ("AIza", 39, "a Google API key"),
    ("ya29.", 30, "a Google access token"),
    ("ghp_", 40, "a GitHub token"),
    ("github_pat_", 40, "a GitHub token"),
    ("glpat-", 20, "a GitLab token"),
    ("xoxb-", 20, "a Slack token"),
    ("xoxp-", 20, "a Slack token"),
    ("sk_live_", 20, "a Stripe key"),
    ("hf_", 30, "a Hugging Face token"),
    ("eyJhbGciOi", 60, "a signed token (JWT)"),
  ]

  /// What a text looks like, if it looks like a credential.
  static func kind(of text: String) -> String? {
    if let match = prefixes.first(where: { text.hasPrefix($0.prefix) && text.utf8.count >= $0.minimum }) {
      return match.kind
    }
    return hasPassword(text) ? "an address with a password" : nil
  }

  /// `redis://user:password@host`
  private static func hasPassword(_ text: String) -> Bool {
    guard let scheme = text.firstRange(of: "://") else { return false }
    let authority = text[scheme.upperBound...].prefix { $0 != "/" }
    guard let at = authority.lastIndex(of: "@"), let colon = authority[..<at].firstIndex(of: ":") else { return false }
    return authority.index(after: colon) < at
  }
}
