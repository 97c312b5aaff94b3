import ServeDiagnostics
import ServeSyntax
import Testing

/// A seeded generator (SplitMix64, Steele et al. 2014), so that a failure can be repeated.
private struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

@Suite struct RoundTripTests {
  private func roundTrips(_ bytes: [UInt8]) -> Bool {
    let file = ParsedFile(SourceFile(id: FileID(index: 0), path: "x.serve", bytes: bytes))
    let gapless = zip(file.tree.tokens, file.tree.tokens.dropFirst()).allSatisfy { $0.trailingEnd == $1.leadingStart }
    return gapless && file.tree.printed == bytes && file.tree.root.height <= Parser.maxHeight
  }

  @Test(arguments: Corpus.names) func `Printing the tree gives the source back`(name: String) throws {
    #expect(roundTrips(try Corpus.source(name).bytes))
  }

  @Test func `Every prefix of a file has a tree with all of its bytes`() throws {
    let bytes = try Corpus.source("realistic").bytes
    for length in stride(from: 0, through: bytes.count, by: 7) {
      #expect(roundTrips(Array(bytes.prefix(length))), "prefix of \(length) bytes")
    }
  }

  @Test(arguments: 1...4) func `Random bytes written over a file keep its tree whole`(seed: UInt64) throws {
    let bytes = try Corpus.source("realistic").bytes
    var generator = SeededGenerator(state: seed)
    for round in 0..<50 {
      var mutated = bytes
      for _ in 0..<Int.random(in: 1...8, using: &generator) {
        let place = Int.random(in: 0..<mutated.count, using: &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: mutated[place] = UInt8.random(in: 0...255, using: &generator)
        case 1: mutated.remove(at: place)
        case 2: mutated.insert(Array("{}()[]\",.=:\n`/*-".utf8).randomElement(using: &generator) ?? 0, at: place)
        default: mutated.removeSubrange(place..<min(mutated.count, place + 20))
        }
      }
      #expect(roundTrips(mutated), "seed \(seed), round \(round)")
    }
  }
}
