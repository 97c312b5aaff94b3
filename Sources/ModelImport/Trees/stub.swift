extension OperatorTable {
  static let trees: [String: Conversion] = [:]
  static let features: [String: Conversion] = [:]
}
