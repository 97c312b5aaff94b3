import ServeSema
import Testing

@testable import KubernetesManifests

@Suite struct ResourceTests {
  @Test func `an autoscaler owns the replicas`() throws {
    let workload = try Fixture.workload()
    #expect(Deployment(workload).node.at("spec", "replicas") == nil)
    let autoscaling = try #require(workload.autoscaling)
    let spec = HorizontalPodAutoscaler(workload, autoscaling).node["spec"]
    #expect(spec?["minReplicas"] == 3)
    #expect(spec?["maxReplicas"] == 24)
    #expect(spec?.at("metrics", 0, "containerResource", "target", "averageUtilization") == 65)
    #expect(spec?.at("behavior", "scaleDown", "stabilizationWindowSeconds") == 300)
  }

  @Test func `a fixed number of replicas is written down`() throws {
    let workload = try Fixture.workload { service, _ in
      service.scale = .init(minimum: 2, maximum: 2, cpuTargetPercent: nil, downAfter: nil)
    }
    #expect(workload.autoscaling == nil)
    #expect(Deployment(workload).node.at("spec", "replicas") == 2)
  }

  @Test func `pods follow the selector, and the selector follows the pods`() throws {
    let workload = try Fixture.workload()
    let selector = YAMLNode.sorted(workload.selector)
    #expect(Deployment(workload).node.at("spec", "selector", "matchLabels") == selector)
    #expect(ClusterService(workload).node.at("spec", "selector") == selector)
    #expect(PodDisruptionBudget(workload).node.at("spec", "selector", "matchLabels") == selector)
    #expect(NetworkPolicy(workload).node.at("spec", "podSelector", "matchLabels") == selector)
    for (label, value) in workload.selector {
      #expect(Deployment(workload).node.at("spec", "template", "metadata", "labels", label) == .string(value))
    }
  }

  @Test func `the container starts the plan that was built`() throws {
    let container = try Fixture.workload().container
    #expect(
      container["args"]
        == ["--plan", "/plans/sha256-\(Fixture.digest).plan", "--config", "/etc/served/served.json"])
    #expect(container.at("startupProbe", "failureThreshold") == 30)
    #expect(container.at("resources", "requests") == ["cpu": "2", "memory": "119Mi"])
    #expect(container.at("resources", "requests") == container.at("resources", "limits"))
  }

  @Test func `a spot pool is selected and tolerated`() throws {
    let pod = try Fixture.workload { service, _ in service.placement.pool?.spot = true }.pod
    #expect(pod.at("nodeSelector", "cloud.google.com/gke-spot") == "true")
    #expect(pod.at("tolerations", 0, "key") == "cloud.google.com/gke-spot")
    #expect(try Fixture.workload().pod["tolerations"] == nil)
  }

  @Test func `an Arm pool is selected and tolerated`() throws {
    let pod = try Fixture.workload { service, _ in
      service.placement.pool?.machine = "c4a-standard-4"
      service.placement.pool?.cpuFamily = "arm64"
    }.pod
    #expect(pod.at("nodeSelector", "kubernetes.io/arch") == "arm64")
    #expect(pod.at("nodeSelector", "node.kubernetes.io/instance-type") == "c4a-standard-4")
    #expect(pod.at("tolerations", 0, "key") == "kubernetes.io/arch")
  }

  @Test func `spread is a rule only where the zones are known`() throws {
    let known = try Fixture.workload().pod
    #expect(known.at("topologySpreadConstraints", 0, "whenUnsatisfiable") == "DoNotSchedule")
    let unknown = try Fixture.workload { _, cluster in cluster.zones = [] }.pod
    #expect(unknown.at("topologySpreadConstraints", 0, "whenUnsatisfiable") == "ScheduleAnyway")
    #expect(unknown["affinity"] == nil)
  }

  @Test func `the zones of a pool come before those of its cluster`() throws {
    let pod = try Fixture.workload { service, _ in service.placement.pool?.zones = ["europe-west4-c"] }.pod
    let terms = pod.at(
      "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms", 0)
    #expect(terms?.at("matchExpressions", 0, "values") == ["europe-west4-c"])
  }

  @Test func `a bucket is mounted by its driver, read-only, with a cache that holds the plan`() throws {
    let workload = try Fixture.workload { _, cluster in
      cluster.artifacts = .bucket(name: "acme-plans", folder: "/ranker/")
    }
    let csi = workload.pod.at("volumes", 0, "csi")
    #expect(csi?["readOnly"] == true)
    #expect(csi?.at("volumeAttributes", "mountOptions") == "implicit-dirs,uid=65532,gid=65532,only-dir=ranker")
    #expect(csi?.at("volumeAttributes", "fileCacheCapacity") == "5Gi")
    let template = Deployment(workload).node.at("spec", "template", "metadata", "annotations")
    #expect(template?["gke-gcsfuse/volumes"] == "true")
    guard case .list(let egress) = NetworkPolicy(workload).node.at("spec", "egress") else {
      Issue.record("no egress rules")
      return
    }
    #expect(egress.count == 3)
  }

  @Test func `without a bucket only names may be looked up`() throws {
    let egress = NetworkPolicy(try Fixture.workload()).node.at("spec", "egress")
    #expect(egress == [["ports": [["port": 53, "protocol": "UDP"], ["port": 53, "protocol": "TCP"]]]])
  }

  @Test func `a folder of the node needs a namespace that admits it`() throws {
    let workload = try Fixture.workload { _, cluster in cluster.artifacts = .hostPath("/srv/plans") }
    let labels = Namespace(workload).node.at("metadata", "labels")
    #expect(labels?["pod-security.kubernetes.io/enforce"] == "privileged")
    #expect(
      Namespace(try Fixture.workload()).node.at("metadata", "labels", "pod-security.kubernetes.io/enforce")
        == "restricted")
  }

  @Test func `a disruption budget has the one bound that was given`() throws {
    let spec = PodDisruptionBudget(try Fixture.workload { service, _ in service.disruption = .minimumAvailable(2) })
      .node["spec"]
    #expect(spec?["minAvailable"] == 2)
    #expect(spec?["maxUnavailable"] == nil)
  }
}

extension Workload {
  var pod: YAMLNode { Deployment(self).node.at("spec", "template", "spec") ?? [:] }
  var container: YAMLNode { pod.at("containers", 0) ?? [:] }
}
