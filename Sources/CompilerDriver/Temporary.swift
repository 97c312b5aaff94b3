import PlanFormat
import InferenceIR
enum DiagnosticPages { static let all: [(code: String, title: String)] = []; static func page(_ s: String) -> String? { nil } }
enum StandardPackages { static func text(of: String) -> String? { nil } }
enum PlanDump { static func text(_ p: PlanFile) -> String { "" } }
enum GraphPrinter { static func print(_ g: Graph) -> String { "" } }
