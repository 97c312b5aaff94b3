import Foundation
import Testing

@Suite struct EndpointTests {
  private let shop: TestServer

  init() throws { shop = try TestServer(TestPlans.experiment) }

  private func predict(_ body: String, headers: [String] = []) throws -> TestClient.Answer {
    try shop.ask("POST", "/v1/shop", body, headers: headers)
  }

  @Test func `a typed request is answered by the arm of its key, every time`() throws {
    // Of SHA-256("s", 0, "1") and the like: `specs/plan-format.md` has the rule.
    var arms: Set<String> = []
    for user in 1...16 {
      let answers = try (0..<3).map { _ in try predict(#"{"user":\#(user),"xs":[1,2.5],"note":"é\n"}"#) }
      let arm = try #require(answers[0].headers["serve-arm"])
      #expect(answers.allSatisfy { $0.body == answers[0].body && $0.headers["serve-arm"] == arm })
      let expected =
        arm == "trial=control"
        ? #"{"ys":[2.0,5.0],"note":"é\n","model":"v1"}"# : #"{"ys":[3.0,7.5],"note":"é\n","model":"v2"}"#
      #expect(answers[0].body == expected)
      #expect(answers[0].status == 200)
      #expect(answers[0].headers["content-type"] == "application/json")
      arms.insert(arm)
    }
    #expect(arms == ["trial=control", "trial=treatment"])
  }

  @Test func `an optional field may be left out`() throws {
    #expect(try predict(#"{"xs":[1],"user":"1"}"#).body.contains(#""note":"""#))
  }

  @Test(arguments: [
    (#"{"user":1}"#, 400, #"{"error":"the field is missing","field":"xs"}"#),
    (#"{"user":1,"xs":[1,"2"]}"#, 400, #"{"error":"expected a number, got a string","field":"xs[1]"}"#),
    (#"{"user":1,"xs":[1],"more":1}"#, 400, #"{"error":"unknown field","field":"more"}"#),
    (
      #"{"user":1,"xs":[1,2,3,4,5,6,7,8,9]}"#, 400,
      #"{"error":"expected at most 8 elements (n), got more","field":"xs"}"#
    ),
    ("", 400, #"{"error":"malformed JSON at byte 0: expected a value"}"#),
    (#"{"user":1,"xs":[3e38]}"#, 500, #"{"error":"the response holds a value that is NaN or infinite","field":"ys"}"#),
  ])
  func `a wrong request is answered with the field's path`(body: String, status: Int, answer: String) throws {
    let found = try predict(body)
    #expect(found.status == status)
    #expect(found.body == answer)
    #expect(found.headers["content-type"] == "application/json")
  }

  @Test func `an answer is as long as the data say`() throws {
    let server = try TestServer(TestPlans.positives)
    for (xs, at) in [("[3,0,-1,2]", "[0,3]"), ("[0]", "[]"), ("[1,1,1,1,1,1,1,1]", "[0,1,2,3,4,5,6,7]")] {
      #expect(try server.ask("POST", "/v1/positives", #"{"xs":\#(xs)}"#).body == #"{"at":\#(at)}"#)
    }
    func infer(_ rows: Int) throws -> TestClient.Answer {
      let data = Array(repeating: "-1,5", count: rows).joined(separator: ",")
      return try server.ask(
        "POST", "/v2/models/positives/infer",
        #"{"inputs":[{"name":"xs","datatype":"FP32","shape":[\#(rows),2],"data":[\#(data)]}]}"#)
    }
    #expect(try infer(1).body.hasSuffix(#""outputs":[{"name":"at","datatype":"INT64","shape":[1,1],"data":[1]}]}"#))
    let refused = try infer(2)
    #expect(refused.status == 400)
    #expect(refused.body.contains("2 answers are no tensor: one request a call"))
  }

  @Test(arguments: [
    ("GET", "/", 404), ("GET", "/v1/shop", 405), ("PUT", "/v1/shop", 405), ("POST", "/v1/other", 404),
    ("POST", "/v1/shop/more", 404), ("POST", "/openapi.json", 405), ("DELETE", "/v2", 405),
    ("GET", "/v2/models/shop/infer", 405), ("POST", "/v2/models/none/infer", 404), ("GET", "/v2/models/shop/what", 404),
    ("GET", "/%zz", 404), ("GET", "/v2/models/shop/versions/9", 404), ("BREW", "/v1/shop", 405),
  ])
  func `a wrong path is 404 and a wrong method 405, always with an error`(
    method: String, target: String, status: Int,
  ) throws {
    let answer = try shop.ask(method, target, "{}")
    #expect(answer.status == status)
    #expect(answer.body.hasPrefix(#"{"error":""#))
    #expect((answer.headers["allow"] != nil) == (status == 405))
  }

  @Test func `what is not built is refused with 501`() throws {
    #expect(try predict("{}", headers: ["content-encoding: gzip"]).status == 501)
    #expect(try predict("{}", headers: ["inference-header-content-length: 2"]).status == 501)
    #expect(try predict(#"{"user":1,"xs":[1]}"#, headers: ["content-encoding: identity"]).status == 200)
  }

  @Test func `the inference protocol answers several requests of different arms in one call`() throws {
    let body = #"""
      {"id":"7","inputs":[
        {"name":"user","shape":[16],"datatype":"UINT64","data":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]},
        {"name":"xs","shape":[16,1],"datatype":"FP32","data":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]}],
       "outputs":[{"name":"ys"},{"name":"model"}]}
      """#
    let answer = try shop.ask("POST", "/v2/models/shop/infer", body)
    #expect(answer.status == 200)
    struct Document: Decodable {
      struct Output: Decodable {
        var name: String
        var datatype: String
        var shape: [Int]
      }
      var id: String
      var model_name: String
      var model_version: String
      var outputs: [Output]
    }
    let document = try JSONDecoder().decode(Document.self, from: Data(answer.body.utf8))
    #expect(document.id == "7" && document.model_name == "shop")
    #expect(Set(document.model_version.split(separator: ",")) == ["v1", "v2"])
    #expect(document.outputs.map(\.name) == ["ys", "model"])
    #expect(document.outputs.map(\.shape) == [[16, 1], [16]])
    // Each request's answer is its own arm's.
    for user in 1...16 {
      let typed = try predict(#"{"user":\#(user),"xs":[1]}"#).body.contains("v1") ? "v1" : "v2"
      let models = answer.body.components(separatedBy: #""data":[""#)[1].components(separatedBy: "\"").filter {
        $0.hasPrefix("v")
      }
      #expect(models[user - 1] == typed)
    }
  }

  @Test func `a version in the path pins the arm`() throws {
    let body = #"""
      {"inputs":[{"name":"user","shape":[2],"datatype":"UINT64","data":[1,2]},
        {"name":"xs","shape":[2,1],"datatype":"FP32","data":[1,1]}],"outputs":[{"name":"ys"}]}
      """#
    let answer = try shop.ask("POST", "/v2/models/shop/versions/v2/infer", body)
    #expect(answer.body.contains(#""model_version":"v2""#))
    #expect(answer.body.contains(#""data":[3.0,3.0]"#))
    #expect(try shop.ask("POST", "/v2/models/shop/versions/v9/infer", body).status == 404)
  }

  @Test func `a program that batches runs the requests of a call together, and splits what is too many`() throws {
    let divide = try TestServer(TestPlans.batched)
    let body = #"{"inputs":[{"name":"x","shape":[6,2],"datatype":"FP32","data":[1,2,1,4,1,8,3,1,5,2,6,1]}]}"#
    let answer = try divide.ask("POST", "/v2/models/divide/infer", body)
    #expect(answer.body.contains(#""shape":[6],"data":[0.5,0.25,0.125,3.0,2.5,6.0]"#))
    let metrics = try divide.ask("GET", "/metrics").body
    #expect(metrics.contains("serve_batch_requests_sum{service=\"divide\",arm=\"\",model=\"divide\",version=\"1\"} 6"))
    #expect(
      metrics.contains("serve_batch_requests_count{service=\"divide\",arm=\"\",model=\"divide\",version=\"1\"} 2"))
  }

  @Test(arguments: [
    ("/livez", #"{"live":true}"#), ("/readyz", #"{"ready":true,"live":true}"#),
    ("/v2/health/live", #"{"live":true}"#), ("/v2/health/ready", #"{"ready":true,"live":true}"#),
    ("/v2", #"{"name":"served","version":"test","extensions":[]}"#),
    ("/v2/", #"{"name":"served","version":"test","extensions":[]}"#), ("/v2/models", #"{"models":["shop"]}"#),
    ("/v2/models/shop/ready", #"{"name":"shop","ready":true}"#),
    ("/v2/models/shop/versions/v2/ready", #"{"name":"shop","ready":true}"#),
    ("/v2/models/%73hop/ready?x=1", #"{"name":"shop","ready":true}"#),
  ])
  func `health and metadata have the bodies that clients read`(target: String, body: String) throws {
    let answer = try shop.ask("GET", target)
    #expect(answer.status == 200)
    #expect(answer.body == body)
    let head = try shop.ask("HEAD", target)
    #expect(head.status == 200 && head.headers["content-length"] == "\(body.utf8.count)")
  }

  @Test func `the OpenAPI document is JSON and its example is served`() throws {
    let answer = try shop.ask("GET", "/openapi.json")
    let document = try #require(try JSONSerialization.jsonObject(with: Data(answer.body.utf8)) as? [String: Any])
    let paths = try #require(document["paths"] as? [String: [String: [String: Any]]])
    for target in ["/v1/shop", "/v2/models/shop/infer"] {
      let body = try #require(paths[target]?["post"]?["requestBody"] as? [String: Any])
      let media = try #require((body["content"] as? [String: [String: Any]])?["application/json"])
      let example = try JSONSerialization.data(withJSONObject: try #require(media["example"]))
      #expect(try shop.ask("POST", target, String(decoding: example, as: UTF8.self)).status == 200)
    }
  }

  @Test func `metrics count answers by arm and code`() throws {
    _ = try predict(#"{"user":1,"xs":[1]}"#)
    _ = try predict("{")
    let metrics = try shop.ask("GET", "/metrics")
    #expect(metrics.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
    #expect(metrics.body.contains(#"code="400"} 1"#))
    #expect(metrics.body.contains(#"code="200"} 1"#))
    #expect(metrics.body.contains(#"serve_in_flight_requests{service="shop"} 0"#))
  }
}
