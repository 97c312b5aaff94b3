import PlanFormat

extension Target {
  /// Tile shapes by register file. All keep 8 or more independent sums in flight where there are rows enough, which
  /// hides the latency of a multiply-add, and none needs more registers than there are.
  init(_ family: CPUFamily) {
    switch family {
    // 16 registers of 8 floats: 6 x 16 sums take 12 of them.
    case .x86v3: panels = [4, 2, 1, 1, 1, 1]
    // 32 registers of 16 floats.
    case .x86v4: panels = [8, 4, 4, 2, 2, 2, 1, 1, 1, 1, 1, 1]
    // 32 registers of 4 floats: 6 x 16 sums take 24.
    case .arm64: panels = [4, 2, 1, 1, 1, 1]
    }
  }
}
