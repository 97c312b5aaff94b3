import Foundation
import ServeSema
import Testing

@testable import KubernetesManifests

@Suite struct ManifestsTests {
  @Test func `the kustomization lists every other file`() throws {
    let files = try Fixture.files()
    let listed = try #require(files["kustomization.yaml"])
    for path in files.keys where path != "kustomization.yaml" {
      #expect(listed.contains("- \(path)\n"))
    }
    #expect(files.count == 9)
  }

  @Test func `the same input gives the same bytes`() throws {
    #expect(try Fixture.files() == Fixture.files())
  }

  @Test func `services share a namespace that the cluster names`() throws {
    var cluster = Fixture.cluster
    cluster.namespace = "serving"
    var other = Fixture.service
    other.name = "another"
    let files = try Fixture.files(cluster: cluster, services: [Fixture.service, other])
    #expect(files.keys.filter { $0.hasSuffix("-namespace.yaml") } == ["serving-namespace.yaml"])
    #expect(files["another-deployment.yaml"]?.contains("namespace: serving\n") == true)
  }

  @Test func `without a cluster there is nothing to emit`() throws {
    #expect(try Fixture.files(cluster: nil).isEmpty)
  }

  @Test func `two services of one name are refused`() {
    var one = Fixture.service
    one.name = "my_rec"
    var other = Fixture.service
    other.name = "my-rec"
    #expect(throws: ManifestError.sameName("my-rec", "my_rec", name: "my-rec")) {
      try Fixture.files(services: [one, other])
    }
  }

  @Test func `a service without a plan is refused`() {
    #expect(throws: ManifestError.missingPlan(service: "recommender")) {
      try manifests(
        environment: Environment(name: "prod", cluster: Fixture.cluster, services: [Fixture.service]), facts: [:])
    }
  }

  @Test(arguments: ["claim", "bucket", "local"])
  func `the files are those of the golden folder`(name: String) throws {
    var cluster = Fixture.cluster
    var service = Fixture.service
    switch name {
    case "bucket":
      cluster.artifacts = .bucket(name: "acme-plans", folder: "ranker")
      cluster.namespace = "serving"
      service.placement.pool?.spot = true
    case "local":
      cluster = Cluster(
        name: "local", image: Fixture.image, artifacts: .hostPath("/srv/plans"), namespace: nil, region: nil, zones: [],
        range: Fixture.range)
      service.placement.pool = nil
      service.placement.milliCPU = 500
      service.scale = .init(minimum: 1, maximum: 1, cpuTargetPercent: nil, downAfter: nil)
      service.documentation = ""
    default: break
    }
    let files = try Fixture.files(environment: name, cluster: cluster, services: [service])
    try Golden.compare(files, folder: name)
  }
}

/// Recorded files beside this one; `make record` writes them anew.
enum Golden {
  static func compare(_ files: [String: String], folder: String) throws {
    let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/\(folder)")
    let manager = FileManager.default
    if ProcessInfo.processInfo.environment["RECORD_GOLDENS"] == "1" {
      try? manager.removeItem(at: url)
      try manager.createDirectory(at: url, withIntermediateDirectories: true)
      for (path, text) in files { try Data(text.utf8).write(to: url.appending(path: path)) }
      Issue.record("recorded \(folder); run again without RECORD_GOLDENS")
    }
    let recorded = Set((try? manager.contentsOfDirectory(atPath: url.path())) ?? [])
    #expect(recorded == Set(files.keys))
    for (path, text) in files {
      #expect(try String(contentsOf: url.appending(path: path), encoding: .utf8) == text, "\(folder)/\(path)")
    }
  }
}
