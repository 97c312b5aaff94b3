import TensorTypes

/// An index that is linear in named integer variables, with dimensions as coefficients.
struct Affine: Hashable, Sendable {
  var base: Dim
  /// Coefficient of each variable; no zeros.
  private(set) var terms: [String: Dim]

  init(_ base: Dim) {
    self.base = base
    terms = [:]
  }

  init(variable: String) {
    base = 0
    terms = [variable: 1]
  }

  static func + (a: Affine, b: Affine) -> Affine {
    var sum = a
    sum.base = a.base + b.base
    for (name, factor) in b.terms {
      let total = (a.terms[name] ?? 0) + factor
      sum.terms[name] = total == 0 ? nil : total
    }
    return sum
  }

  static func * (a: Affine, factor: Dim) -> Affine {
    if factor == 0 { return Affine(0) }
    var product = a
    product.base = a.base * factor
    product.terms = a.terms.mapValues { $0 * factor }
    return product
  }

  /// The coefficient of a variable.
  subscript(variable: String) -> Dim { terms[variable] ?? 0 }

  var constant: Int? { terms.isEmpty ? base.constant : nil }

  func without(_ variable: String) -> Affine {
    var rest = self
    rest.terms[variable] = nil
    return rest
  }
}
