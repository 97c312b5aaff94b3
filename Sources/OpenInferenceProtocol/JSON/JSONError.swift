/// Why a JSON document, or one value of it, was not taken, and at which byte.
package struct JSONError: Error, Hashable {
  package enum Problem: Hashable {
    /// The bytes are not JSON here; the text says what the grammar allows.
    case syntax(Expectation)
    /// Well-formed JSON of another type than asked for.
    case type(expected: ValueType, found: ValueType)
    /// A number that the type asked for cannot hold.
    case range(ValueType)
    /// A string that is none of an enumeration's cases.
    case unknownCase
    case tooDeep
  }

  /// What the grammar asks for at a place.
  package enum Expectation: String, Hashable {
    case value = "a value"
    case string = "a string"
    case colon = "':'"
    case commaOrBrace = "',' or '}'"
    case commaOrBracket = "',' or ']'"
    case digit = "a digit"
    case escape = "a valid escape"
    case closingQuote = "the end of a string"
    case noControlCharacter = "no control character in a string"
    case utf8 = "valid UTF-8"
    case end = "the end of the document"
    case shorterNumber = "a number of at most 1000 characters"
  }

  /// A kind of value, as messages name it.
  package enum ValueType: String, Hashable {
    case object = "an object"
    case array = "an array"
    case string = "a string"
    case number = "a number"
    case boolean = "true or false"
    case null = "null"
    case u8 = "u8"
    case u16 = "u16"
    case u32 = "u32"
    case u64 = "u64"
    case i8 = "i8"
    case i16 = "i16"
    case i32 = "i32"
    case i64 = "i64"
    case f16 = "f16"
    case bf16 = "bf16"
    case f32 = "f32"
    case f64 = "f64"
    case small = "a type of 8 bits or fewer"
  }

  package var problem: Problem
  /// Bytes before the place.
  package var offset: Int

  package init(_ problem: Problem, at offset: Int) {
    self.problem = problem
    self.offset = offset
  }
}

extension JSONError: CustomStringConvertible {
  package var description: String {
    switch problem {
    case .syntax(let expectation): "malformed JSON at byte \(offset): expected \(expectation.rawValue)"
    case .type(let expected, let found): "expected \(expected.rawValue), got \(found.rawValue)"
    case .range(let type): "the number does not fit \(type.rawValue)"
    case .unknownCase: "the string is none of the enumeration's cases"
    case .tooDeep: "malformed JSON at byte \(offset): nested deeper than \(JSONReader.maximumDepth) levels"
    }
  }
}
