import PlanFormat
import TensorTypes
import Testing

/// One change to the sample plan that must be refused, and a part of the message.
struct Refusal: Sendable, CustomTestStringConvertible {
  let words: String
  let change: @Sendable (inout Plan) -> Void

  init(_ words: String, _ change: @escaping @Sendable (inout Plan) -> Void) {
    self.words = words
    self.change = change
  }

  var testDescription: String { words }
}

@Suite struct PlanCheckTests {
  static let refusals = [
    Refusal("the service: it has no name") { $0.service = "" },
    Refusal("symbols: batch stands there twice") { $0.symbols[1].name = "batch" },
    Refusal("symbol cand: the range 5...1 is not one") { ($0.symbols[1].minimum, $0.symbols[1].maximum) = (5, 1) },
    Refusal("symbol cand: the range -1...100 is not one") { $0.symbols[1].minimum = -1 },
    Refusal("a batch of no request") { $0.symbols[0].minimum = 0 },
    Refusal("request: candidates stands there twice") { $0.request[0].name = "candidates" },
    Refusal("is neither a constant nor a symbol") { $0.request[1].shape = [Dim(symbol: "cand") + 1] },
    Refusal("its bounds do not suit it") { $0.request[3].refinement = .numbers(minimum: 2, maximum: 1) },
    Refusal("its bounds do not suit it") { $0.request[3].refinement = .numbers(minimum: .nan, maximum: 1) },
    Refusal("its bounds do not suit it") { $0.request[4].refinement = .integers(minimum: 0, maximum: 1) },
    Refusal("0 cases do not fit a byte") { $0.request[2].kind = .enumeration([]) },
    Refusal("there is no store 1") { $0.features[0].store = 1 },
    Refusal("there is no request field 9") { $0.features[0].keyField = 9 },
    Refusal("age cannot be a key") { $0.features[0].keyField = 3 },
    Refusal("the default has 8 bytes") { $0.features[0].columns[0].shape = [3] },
    Refusal("is too large") { $0.features[0].columns[0].shape = [1 << 40, 1 << 40] },
    Refusal("a tensor of strings has no form") { $0.features[1].columns[1].shape = [2] },
    Refusal("programs: there are none") { $0.programs = [] },
    Refusal("programs: 2 without an experiment") { $0.experiment = nil },
    Refusal("there is no symbol 7 to batch over") { $0.programs[0].batch = 7 },
    Refusal("scores is not aligned") { $0.programs[0].outputs[0].offset += 8 },
    Refusal("reaches past the arena's 1024 bytes") { $0.programs[0].arenaBytes = 1024 },
    Refusal("reaches past the arena") { $0.symbols[0].maximum = 1 << 30 },
    Refusal("has no bound") { $0.programs[0].outputs[0].offset = .max - 63 },
    Refusal("is f32[cand + 1] and bound as f32[cand]") { $0.programs[0].outputs[0].shape = [Dim(symbol: "cand")] },
    Refusal("customer_id is u64 and bound as u64[cand]") { $0.programs[0].inputs[0].port = .request(0) },
    Refusal("customer_id is always present") { $0.programs[0].inputs[1].port = .presence(0) },
    Refusal("a response field is no input") { $0.programs[0].inputs[1].port = .response(0) },
    Refusal("an output that is no response field") { $0.programs[0].outputs[0].port = .request(0) },
    Refusal("there are no features 5") { $0.programs[0].inputs[3].port = .feature(group: 5, column: 0) },
    Refusal("Customer has no column 1") { $0.programs[0].inputs[3].port = .feature(group: 0, column: 1) },
    Refusal("a value is bound twice") { $0.programs[0].inputs.append($0.programs[0].inputs[0]) },
    Refusal("nothing answers model") { $0.programs[0].literals = [] },
    Refusal("model is answered twice") { $0.programs[0].literals.append(.init(field: 1, text: "v9")) },
    Refusal("scores is no string") { $0.programs[0].literals[0].field = 0 },
    Refusal("step gemm: there is no kernel 2") { $0.programs[1].steps[0].kernel = 2 },
    Refusal("byte 99999 is past the arena") { $0.programs[1].steps[0].arguments[0] = .arena(offset: 99999) },
    Refusal("is past the weights") { $0.programs[1].steps[0].arguments[1] = .weights(offset: 6 << 20) },
    Refusal("byte 129 is past the scratch") { $0.programs[1].steps[0].arguments[1] = .scratch(offset: 129) },
    Refusal("a loop over requests without a batch") { $0.programs[1].requestLoops = [0..<2] },
    Refusal("a dimension that requests do not share") {
      $0.programs[0].foundDims = [.init(symbol: 1, step: 0, offset: 0)]
    },
    Refusal("there is no symbol 2 to find") { $0.programs[1].foundDims = [.init(symbol: 2, step: 0, offset: 0)] },
    Refusal("a dimension of step 2") { $0.programs[1].foundDims = [.init(symbol: 0, step: 2, offset: 0)] },
    Refusal("a dimension at byte 16380") { $0.programs[1].foundDims = [.init(symbol: 0, step: 0, offset: 16380)] },
    Refusal("a dimension at byte 16384") { $0.programs[1].foundDims = [.init(symbol: 0, step: 0, offset: 16384)] },
    Refusal("an input with the dimension cand") { $0.programs[1].foundDims = [.init(symbol: 1, step: 0, offset: 0)] },
    Refusal("a dimension is found twice") {
      $0.programs[1].foundDims = [.init(symbol: 0, step: 0, offset: 0), .init(symbol: 0, step: 1, offset: 8)]
    },
    Refusal("a loop over the steps 2..<5") { $0.programs[0].requestLoops = [2..<5] },
    Refusal("a loop over the steps 1..<3") { $0.programs[0].requestLoops = [0..<2, 1..<3] },
    Refusal("a part of a request outside of a loop") { $0.programs[0].requestLoops = [3..<4] },
    Refusal("memory of a request outside of a loop") { $0.programs[1].steps[0].arguments = [.local(offset: 0)] },
    Refusal("request 3 from byte 12992 on is past the arena") {
      $0.programs[0].steps[2].arguments[0] = .request(offset: 12992, stride: 1200)
    },
    Refusal("byte 129 is past the scratch") { $0.programs[0].steps[2].arguments[1] = .local(offset: 129) },
    Refusal("its cost has no bound") { $0.programs[1].steps[0].cost = Dim(symbol: "cand") * Dim(.max) },
    Refusal("there is no field 5") { $0.experiment?.keyField = 5 },
    Refusal("query cannot be its key") { $0.experiment?.keyField = 4 },
    Refusal("candidates cannot be its key") { $0.experiment?.keyField = 1 },
    Refusal("arm treatment has no program") { $0.experiment?.arms[1].program = 2 },
    Refusal("two arms share a program") { $0.experiment?.arms[1].program = 0 },
    Refusal("is below the one before") { $0.experiment?.arms[1].threshold = 5 },
    Refusal("the arms do not cover every key") { $0.experiment?.arms.removeLast() },
    Refusal("golden vector 0: there is no program 2") { $0.golden[0].program = 2 },
    Refusal("golden vector 0: cand = 101 is out of range") { $0.golden[0].dims[1] = 101 },
    Refusal("golden vector 0: 1 dimensions") { $0.golden[0].dims.removeLast() },
    Refusal("golden vector 1: 5 inputs") { $0.golden[1].inputs.removeLast() },
    Refusal("a tensor of 3 bytes where 3 elements of u64 belong") { $0.golden[1].inputs[0].bytes = [1, 2, 3] },
    Refusal("a tensor of another length") { $0.golden[1].inputs[5].strings.removeLast() },
    Refusal("tolerance nan") { $0.golden[0].tolerance = .nan },
  ]

  @Test(arguments: refusals) func `a plan that does not hold together is refused`(refusal: Refusal) throws {
    let folder = try TemporaryFolder()
    var image = SamplePlan.image
    refusal.change(&image.plan)
    #expect {
      try PlanWriter.write(image, to: folder.file("bad.plan"))
    } throws: {
      "\($0)".contains(refusal.words)
    }
  }

  @Test func `an arm of no share is allowed`() throws {
    let folder = try TemporaryFolder()
    var image = SamplePlan.smallImage
    image.plan.experiment?.arms[0].threshold = 0
    try PlanWriter.write(image, to: folder.file("zero.plan"))
    #expect(try PlanFile.open(folder.file("zero.plan")).plan == image.plan)
  }
}
