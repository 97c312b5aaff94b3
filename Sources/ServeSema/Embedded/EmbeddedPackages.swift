// Generated from specs/std by `make record`; do not edit.
// swift-format-ignore-file

/// The packages of `specs/std`, by name without its ending.
enum EmbeddedPackages {
  static let files: [(name: String, text: String)] = [
    ("gke", ##"""
serve 1

// Node pools of GKE: one machine each, on demand. The number is its CPUs; a pod can ask for a little less, because the
// node keeps some for itself.

/// Any x86-64 CPU since Haswell, the cheapest per hour.
pool gke_e2_4 { machine = "e2-standard-4" }
pool gke_e2_8 { machine = "e2-standard-8" }

/// AMD Rome or newer.
pool gke_n2d_4 { machine = "n2d-standard-4" }
pool gke_n2d_8 { machine = "n2d-standard-8" }

/// Intel Cascade Lake or newer.
pool gke_n2_4 { machine = "n2-standard-4" }
pool gke_n2_8 { machine = "n2-standard-8" }

/// Intel Sapphire Rapids.
pool gke_c3_4 { machine = "c3-standard-4" }
pool gke_c3_8 { machine = "c3-standard-8" }

/// AMD Genoa.
pool gke_c3d_4 { machine = "c3d-standard-4" }
pool gke_c3d_8 { machine = "c3d-standard-8" }

/// Intel Emerald Rapids or newer.
pool gke_c4_4 { machine = "c4-standard-4" }
pool gke_c4_8 { machine = "c4-standard-8" }

/// AMD Turin.
pool gke_c4d_4 { machine = "c4d-standard-4" }
pool gke_c4d_8 { machine = "c4d-standard-8" }

"""##),
    ("gke_spot", ##"""
serve 1

// The pools of `std/gke.serve` on spot machines: cheaper, and taken away with 15 seconds' notice, so let `drain` be
// shorter than that.

pool gke_e2_4_spot { machine = "e2-standard-4", spot = on }
pool gke_e2_8_spot { machine = "e2-standard-8", spot = on }

pool gke_n2d_4_spot { machine = "n2d-standard-4", spot = on }
pool gke_n2d_8_spot { machine = "n2d-standard-8", spot = on }

pool gke_n2_4_spot { machine = "n2-standard-4", spot = on }
pool gke_n2_8_spot { machine = "n2-standard-8", spot = on }

pool gke_c3_4_spot { machine = "c3-standard-4", spot = on }
pool gke_c3_8_spot { machine = "c3-standard-8", spot = on }

pool gke_c3d_4_spot { machine = "c3d-standard-4", spot = on }
pool gke_c3d_8_spot { machine = "c3d-standard-8", spot = on }

pool gke_c4_4_spot { machine = "c4-standard-4", spot = on }
pool gke_c4_8_spot { machine = "c4-standard-8", spot = on }

pool gke_c4d_4_spot { machine = "c4d-standard-4", spot = on }
pool gke_c4d_8_spot { machine = "c4d-standard-8", spot = on }

"""##),
    ("local", ##"""
serve 1

/// Whatever x86-64 node there is, with AVX2: kind, minikube, a machine under the desk.
pool any_node { spot = off }

"""##),
  ]
}
