// swift-tools-version: 6.2
// One line per target, sorted within its section; every target's right to import is ARCHITECTURE.md's table.
import PackageDescription

let swift: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
]
let nio: [Target.Dependency] = [
  .product(name: "NIOCore", package: "swift-nio"),
  .product(name: "NIOHTTP1", package: "swift-nio"),
  .product(name: "NIOPosix", package: "swift-nio"),
]
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
  name: "servec",
  products: [
    .executable(name: "serve-load", targets: ["serve-load"]),
    .executable(name: "servec", targets: ["servec"]),
    .executable(name: "served", targets: ["served"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
  ],
  targets: [
    // MARK: - C
    .target(name: "CHost"),
    .target(name: "CFileSystem"),
    .target(name: "CPlanABI"),
    .target(name: "CSHA256"),
    .target(name: "CTeam", dependencies: ["CHost", "CPlanABI"]),
    .systemLibrary(name: "CSQLite", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),

    // MARK: - The language
    .target(name: "ServeDiagnostics", swiftSettings: swift),
    .target(name: "ServeSyntax", dependencies: ["ServeDiagnostics"], swiftSettings: swift),
    .target(name: "TensorTypes", swiftSettings: swift),
    .target(name: "ServeSema", dependencies: ["ServeSyntax", "ServeDiagnostics", "TensorTypes"], swiftSettings: swift),

    // MARK: - Manifests
    .target(name: "KubernetesManifests", dependencies: ["ServeSema", "CSHA256", "CYAML"], swiftSettings: swift),

    // MARK: - The inference compiler
    .target(name: "InferenceIR", dependencies: ["TensorTypes", "CSHA256"], swiftSettings: swift),
    .target(name: "ModelImport", dependencies: ["InferenceIR", "TensorTypes"], swiftSettings: swift),
    .target(name: "PipelineLowering", dependencies: ["ServeSema", "InferenceIR", "TensorTypes"], swiftSettings: swift),
    .target(name: "PlanFormat", dependencies: ["TensorTypes", "CHost", "CSHA256"], swiftSettings: swift),
    .target(
      name: "InferenceCompiler", dependencies: ["InferenceIR", "PlanFormat", "TensorTypes"], swiftSettings: swift),
    .target(
      name: "CompilerDriver",
      dependencies: [
        "CFileSystem", "ServeSema", "ServeSyntax", "ServeDiagnostics", "KubernetesManifests", "ModelImport",
        "PipelineLowering", "InferenceCompiler", "InferenceIR", "PlanFormat", "TensorTypes", "InferenceRuntime",
        "FeatureStores",
      ], swiftSettings: swift),

    // MARK: - The serving path
    .target(
      name: "InferenceRuntime", dependencies: ["PlanFormat", "TensorTypes", "CHost", "CPlanABI", "CSHA256", "CTeam"],
      swiftSettings: swift),
    .target(
      name: "FeatureStores", dependencies: ["PlanFormat", "TensorTypes", "CPlanABI", "CSQLite"], swiftSettings: swift,
      linkerSettings: [.linkedLibrary(":libsqlite3.a")]),
    .target(
      name: "OpenInferenceProtocol", dependencies: ["CPlanABI", "PlanFormat", "TensorTypes"], swiftSettings: swift),
    .target(
      name: "InferenceServer",
      dependencies: [
        "InferenceRuntime", "FeatureStores", "OpenInferenceProtocol", "PlanFormat", "TensorTypes", "CPlanABI",
      ] + nio, swiftSettings: swift),

    // MARK: - Programs
    .executableTarget(
      name: "graph-fuzz", dependencies: ["InferenceCompiler", "InferenceIR", "PlanFormat", "TensorTypes", arguments],
      swiftSettings: swift),
    .executableTarget(name: "serve-load", dependencies: [arguments], swiftSettings: swift),
    .executableTarget(
      name: "servec", dependencies: ["CompilerDriver", "ServeDiagnostics", arguments], swiftSettings: swift),
    .executableTarget(
      name: "served",
      dependencies: ["InferenceServer", "InferenceRuntime", "FeatureStores", "OpenInferenceProtocol", "PlanFormat"],
      swiftSettings: swift),

    // MARK: - Tests
    .testTarget(
      name: "CompilerDriverTests",
      dependencies: [
        "CompilerDriver", "InferenceCompiler", "InferenceIR", "PlanFormat", "ServeDiagnostics", "TensorTypes",
      ], swiftSettings: swift),
    .testTarget(
      name: "FeatureStoresTests", dependencies: ["FeatureStores", "PlanFormat", "TensorTypes", "CPlanABI", "CSQLite"],
      swiftSettings: swift),
    .testTarget(
      name: "InferenceCompilerTests", dependencies: ["InferenceCompiler", "InferenceIR", "PlanFormat", "TensorTypes"],
      swiftSettings: swift),
    .testTarget(name: "InferenceIRTests", dependencies: ["InferenceIR", "TensorTypes"], swiftSettings: swift),
    .testTarget(
      name: "InferenceRuntimeTests",
      dependencies: ["InferenceRuntime", "PlanFormat", "TensorTypes", "CHost", "CPlanABI"], swiftSettings: swift),
    .testTarget(
      name: "InferenceServerTests",
      dependencies: [
        "InferenceServer", "InferenceRuntime", "FeatureStores", "OpenInferenceProtocol", "PlanFormat", "TensorTypes",
      ] + nio, swiftSettings: swift),
    .testTarget(
      name: "KubernetesManifestsTests",
      dependencies: ["KubernetesManifests", "ServeSema", "ServeDiagnostics", "CYAML"], exclude: ["Golden"],
      swiftSettings: swift),
    .testTarget(
      name: "ModelImportTests", dependencies: ["ModelImport", "InferenceIR", "TensorTypes"], swiftSettings: swift),
    .testTarget(
      name: "OpenInferenceProtocolTests",
      dependencies: ["OpenInferenceProtocol", "CPlanABI", "PlanFormat", "TensorTypes"], swiftSettings: swift),
    .testTarget(
      name: "PipelineLoweringTests",
      dependencies: ["PipelineLowering", "InferenceIR", "ServeSema", "ServeDiagnostics", "TensorTypes"],
      swiftSettings: swift),
    .testTarget(name: "PlanFormatTests", dependencies: ["PlanFormat", "TensorTypes", "CSHA256"], swiftSettings: swift),
    .testTarget(name: "ServeDiagnosticsTests", dependencies: ["ServeDiagnostics"], swiftSettings: swift),
    .testTarget(
      name: "ServeSemaTests", dependencies: ["ServeSema", "ServeSyntax", "ServeDiagnostics", "TensorTypes"],
      exclude: ["Golden"], swiftSettings: swift),
    .testTarget(
      name: "ServeSyntaxTests", dependencies: ["ServeSyntax", "ServeDiagnostics"], exclude: ["Corpus"],
      swiftSettings: swift),
    .testTarget(name: "TensorTypesTests", dependencies: ["TensorTypes"], swiftSettings: swift),
  ]
)
