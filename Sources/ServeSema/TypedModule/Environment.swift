package import ServeDiagnostics

/// One environment with everything in it resolved: what manifests and plans are made from.
package struct Environment: Sendable {
  package var name: String
  /// Forbids `--set` and asks for digests and abort rules.
  package var isProtected: Bool
  package var cluster: Cluster?
  package var services: [Service]
  package var range: SourceRange?

  package init(
    name: String, isProtected: Bool = false, cluster: Cluster? = nil, services: [Service] = [],
    range: SourceRange? = nil
  ) {
    self.name = name
    self.isProtected = isProtected
    self.cluster = cluster
    self.services = services
    self.range = range
  }
}

/// Where an environment's services run.
package struct Cluster: Hashable, Sendable {
  /// How pods reach the plan files.
  package enum Artifacts: Hashable, Sendable {
    /// A PersistentVolumeClaim, mounted read-only.
    case claim(String)
    /// A Cloud Storage bucket (and folder) mounted by the GCS FUSE CSI driver: `gs://bucket/folder`.
    case bucket(name: String, folder: String)
    /// A folder of the node: for local clusters.
    case hostPath(String)
  }

  package var name: String
  /// Image of `served`, by digest (`…@sha256:…`).
  package var image: String
  package var artifacts: Artifacts
  /// Namespace of every object; nil gives the service's name.
  package var namespace: String?
  package var region: String?
  package var zones: [String]
  package var range: SourceRange

  package init(
    name: String, image: String, artifacts: Artifacts, namespace: String?, region: String?, zones: [String],
    range: SourceRange,
  ) {
    self.name = name
    self.image = image
    self.artifacts = artifacts
    self.namespace = namespace
    self.region = region
    self.zones = zones
    self.range = range
  }
}

/// A CPU node pool: `pool c3_cpu { machine = "c3-standard-8" }`.
package struct Pool: Hashable, Sendable {
  package var name: String
  /// Compute Engine machine type; nil for a pool that is any x86-64-v3 node (local clusters).
  package var machine: String?
  /// `e2`, `n2d`, … the part before the first dash.
  package var family: String?
  /// Code that its machines run: `x86-64-v3`, `x86-64-v4`, `arm64`.
  package var cpuFamily: String
  package var spot: Bool
  package var zones: [String]
  package var range: SourceRange

  package init(
    name: String, machine: String?, family: String?, cpuFamily: String, spot: Bool, zones: [String], range: SourceRange,
  ) {
    self.name = name
    self.machine = machine
    self.family = family
    self.cpuFamily = cpuFamily
    self.spot = spot
    self.zones = zones
    self.range = range
  }
}

/// A service in one environment, overlays applied and defaults filled in. Times are in nanoseconds, sizes in bytes.
package struct Service: Sendable {
  /// What answers a request.
  package enum Body: Hashable, Sendable {
    /// A pipeline, and the version that each of its model parameters has outside of an experiment.
    case pipeline(String, versions: [String: String])
    /// A model's own inputs and outputs, one item a request.
    case model(String, version: String)
  }

  /// Whether algorithms with more roundings are taken where they are faster.
  package enum Numerics: Hashable, Sendable { case precise, fast }

  package struct Batching: Hashable, Sendable {
    package var maximumSize: Int
    package var maximumWait: Int64
    package var queue: Int

    package init(maximumSize: Int, maximumWait: Int64, queue: Int) {
      self.maximumSize = maximumSize
      self.maximumWait = maximumWait
      self.queue = queue
    }
  }

  /// The pool a service runs on, with the resources of one pod; nil values are computed from the plan.
  package struct Placement: Hashable, Sendable {
    package enum Spread: Hashable, Sendable { case zone, host }

    package var pool: Pool?
    /// CPU in thousandths of a core.
    package var milliCPU: Int
    package var memory: Int64?
    package var spread: Spread?
    package var range: SourceRange?

    package init(pool: Pool?, milliCPU: Int, memory: Int64?, spread: Spread?, range: SourceRange?) {
      self.pool = pool
      self.milliCPU = milliCPU
      self.memory = memory
      self.spread = spread
      self.range = range
    }
  }

  package struct Scale: Hashable, Sendable {
    package var minimum: Int
    package var maximum: Int
    /// `on cpu target 70%`; nil when minimum == maximum and nothing scales.
    package var cpuTargetPercent: Int?
    /// `down { after = 5min }`, nanoseconds.
    package var downAfter: Int64?

    package init(minimum: Int, maximum: Int, cpuTargetPercent: Int?, downAfter: Int64?) {
      self.minimum = minimum
      self.maximum = maximum
      self.cpuTargetPercent = cpuTargetPercent
      self.downAfter = downAfter
    }
  }

  package enum Disruption: Hashable, Sendable {
    case maximumUnavailable(Int)
    case minimumAvailable(Int)
  }

  package var name: String
  package var body: Body
  package var httpPort: Int
  package var batching: Batching
  package var deadline: Int64?
  package var numerics: Numerics
  package var placement: Placement
  package var scale: Scale
  /// Longest time from start to ready.
  package var startup: Int64
  /// Time that in-flight requests get when a pod ends.
  package var drain: Int64
  package var disruption: Disruption
  package var experiment: Experiment?
  package var documentation: String
  package var range: SourceRange

  package init(
    name: String, body: Body, httpPort: Int, batching: Batching, deadline: Int64?,
    numerics: Numerics = .precise, placement: Placement, scale: Scale, startup: Int64, drain: Int64,
    disruption: Disruption, experiment: Experiment?, documentation: String,
    range: SourceRange,
  ) {
    self.name = name
    self.body = body
    self.httpPort = httpPort
    self.batching = batching
    self.deadline = deadline
    self.numerics = numerics
    self.placement = placement
    self.scale = scale
    self.startup = startup
    self.drain = drain
    self.disruption = disruption
    self.experiment = experiment
    self.documentation = documentation
    self.range = range
  }
}

/// A sticky A/B test of versions of one model parameter of one service.
package struct Experiment: Hashable, Sendable {
  package struct Arm: Hashable, Sendable {
    package var name: String
    /// Share of keys in exact hundredths of a percent (10_000 is all).
    package var basisPoints: Int
    package var version: String
    package var range: SourceRange

    package init(name: String, basisPoints: Int, version: String, range: SourceRange) {
      self.name = name
      self.basisPoints = basisPoints
      self.version = version
      self.range = range
    }
  }

  package var name: String
  /// The pipeline's model parameter that the arms replace; nil for `service { model = M }`.
  package var parameter: String?
  package var salt: String
  /// The request field that is the sticky unit.
  package var keyField: String
  package var arms: [Arm]
  package var range: SourceRange

  package init(name: String, parameter: String?, salt: String, keyField: String, arms: [Arm], range: SourceRange) {
    self.name = name
    self.parameter = parameter
    self.salt = salt
    self.keyField = keyField
    self.arms = arms
    self.range = range
  }
}
