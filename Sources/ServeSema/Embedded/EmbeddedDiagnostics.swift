// Generated from specs/diagnostics by `make record`; do not edit.
// swift-format-ignore-file

/// The pages of `specs/diagnostics`, by name without its ending.
enum EmbeddedDiagnostics {
  static let files: [(name: String, text: String)] = [
    ("SV0001", ##"""
# SV0001: not supported yet

The setting or declaration is part of the language, and this version of the compiler does nothing with it yet.

A setting that is read and ignored is worse than one that is refused: the file says one thing, the pods do another, and
nobody notices until it matters. So everything that is written has an effect, or is this error.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  slo { p99 <= 45ms }
}
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  deadline = 45ms
}
```

"""##),
    ("SV0101", ##"""
# SV0101: a character that the language does not have

The text holds a character that means nothing here: a typographic quote, a tab-like space, a sign from a chat message.

Such characters often come with a copy from a document, and look right. Characters that change the direction of text are
refused everywhere, because a reviewer would read something else than the compiler does.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker { source = 'ranker.onnx' }
service recommender { model = Ranker }
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  deadline = 45ms
}
```

"""##),
    ("SV0102", ##"""
# SV0102: a string or comment that is not closed

A string ends on its line; a block comment ends with as many `*/` as it has `/*`.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker {
  source = "ranker.onnx
}
service recommender { model = Ranker }
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  deadline = 45ms
}
```

"""##),
    ("SV0103", ##"""
# SV0103: something else was expected

The text does not go on as a declaration, a field or an expression does at this point. The message names what was being
read, what would fit, and what is there instead. What follows is checked all the same.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  deadline =
}
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  deadline = 45ms
}
```

"""##),
    ("SV0104", ##"""
# SV0104: a bracket that is not closed

A `{`, `(` or `[` has no partner. Where the indentation tells which closing bracket went to the wrong one, the message
points there.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  batching { max_size = 8
}
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  batching { max_size = 8 }
}
```

"""##),
    ("SV0105", ##"""
# SV0105: a number that is not written this way

Numbers are decimal: `2_000_000`, `0.5`, `1e-5`. There is no octal, no hexadecimal, no leading `+` or zero and no bare
`.5`, since each of them is read differently by some other tool.

```serve fail
serve 1
dim cand = 1...0100
record Request {
  ids : u64[cand]
}
```

```serve ok
serve 1
dim cand = 1...100
record Request {
  ids : u64[cand]
}
```

"""##),
    ("SV0106", ##"""
# SV0106: the language edition

The first line of a file is `serve 1`: the edition of the language that it is written in. A later edition may change what
a word means, and files of this one will keep their meaning.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
model Ranker { source = "ranker.onnx" }
service recommender { model = Ranker }
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  deadline = 45ms
}
```

"""##),
    ("SV0107", ##"""
# SV0107: a byte order mark

The file begins with U+FEFF, three invisible bytes that some editors add. Text is UTF-8 without one; tools that join or
compare files would see a difference that no one can see.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
﻿serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  deadline = 45ms
}
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  deadline = 45ms
}
```

"""##),
    ("SV0108", ##"""
# SV0108: a file that is not UTF-8

Some bytes of the file are no character in UTF-8. The example is given in hexadecimal: a comment with a lone byte `ff`.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail hex
73 65 72 76 65 20 31 0a 2f 2f ff 0a
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  deadline = 45ms
}
```

"""##),
    ("SV0109", ##"""
# SV0109: nested too deeply

Brackets stand inside of one another more deeply than anybody writes. The limit keeps a hostile file from using up the
compiler's stack.

```serve fail
serve 1
dim cand = ((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((1))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))
```

```serve ok
serve 1
dim cand = ((1))...100
record Request {
  ids : u64[cand]
}
```

"""##),
    ("SV0110", ##"""
# SV0110: a word that declares nothing

At the start of a line stands a word that is no declaration. Declarations are `dim`, `enum`, `record`, `model`, `stats`,
`store`, `features`, `pipeline`, `pool`, `cluster`, `service`, `experiment`, `env`, `overlay` and the like.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
modle Ranker { source = "ranker.onnx" }
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  deadline = 45ms
}
```

"""##),
    ("SV0111", ##"""
# SV0111: an unknown escape

Strings know `\n`, `\t`, `\"`, `\\` and `\u{1F680}`. There is no interpolation: a value that depends on something else
is a field of its own, so that it can be checked and found.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker { source = "models\ranker.onnx" }
service recommender { model = Ranker }
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  deadline = 45ms
}
```

"""##),
    ("SV0201", ##"""
# SV0201: unknown field

The block has no field of this name, or a record, row or result has no such part. The message lists what there is, and
offers the nearest name.

A misspelt setting that is silently ignored is the classic way to run with the default and believe otherwise.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  scale { replcias = 3...24 }
}
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  scale { replicas = 3...24 }
}
```

"""##),
    ("SV0202", ##"""
# SV0202: duplicate name

Two declarations, fields or arms have one name, or one thing is said twice. The second would silently win, or lose.

Names of declarations are unique in the whole program, over all its files.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  deadline = 45ms
  deadline = 50ms
}
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  deadline = 45ms
}
```

"""##),
    ("SV0203", ##"""
# SV0203: unknown name

A name refers to nothing that the file declares or imports, or to a value that a pipeline has not bound above.

An import brings in the names in its braces only.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker { source = "ranker.onnx" }
service recommender { model = Rnaker }
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
service recommender { model = Ranker }
```

"""##),
    ("SV0204", ##"""
# SV0204: unknown function

Pipelines call the built-in functions and the models after `using`; there are no user-defined functions. The message
offers the nearest name.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker { source = "ranker.onnx" }
record Request {
  x : f32[4]
}
record Response {
  score : f32
}
pipeline Rank(req: Request) -> Response using ranker: Ranker {
  out = ranker(x: lgo1p(req.x))
  return Response { score = out.score }
}
service recommender { pipeline = Rank }
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
record Request {
  x : f32[4]
}
record Response {
  score : f32
}
pipeline Rank(req: Request) -> Response using ranker: Ranker {
  out = ranker(x: log1p(req.x))
  return Response { score = out.score }
}
service recommender { pipeline = Rank }
```

"""##),
    ("SV0205", ##"""
# SV0205: missing field

Something that has no sensible default was left out: the file of a model, a field of the result, the salt of an
experiment.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker { }
service recommender { model = Ranker }
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
service recommender { model = Ranker }
```

"""##),
    ("SV0206", ##"""
# SV0206: a name of the wrong kind

The name exists, and means another kind of thing than the place wants: a pool where a cluster belongs, a record where a
model does.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker { source = "ranker.onnx" }
pool c3_cpu { machine = "c3-standard-8" }
service recommender { model = Ranker }
env prod { cluster = c3_cpu }
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
cluster euw4 {
  image = "served@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  artifacts = "gs://plans/recommender"
}
service recommender { model = Ranker }
env prod { cluster = euw4 }
```

"""##),
    ("SV0207", ##"""
# SV0207: a name in the wrong case

Types (records, enums, models, statistics, features, pipelines) are `UpperCamel`; everything else is `lower_case`. A
reader sees from the name alone whether `Rank` is a pipeline or a service.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model ranker { source = "ranker.onnx" }
service recommender { model = ranker }
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
service recommender { model = Ranker }
```

"""##),
    ("SV0208", ##"""
# SV0208: an import that cannot be resolved

The file is not there, is no standard package, or does not declare the name. Paths are relative to the file that
imports; packages that come with the compiler begin with `std/`.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
import "platform.serve" { c3_cpu }
model Ranker { source = "ranker.onnx" }
service recommender { model = Ranker }
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
service recommender { model = Ranker }
```

"""##),
    ("SV0209", ##"""
# SV0209: wrong arguments

A function or model is called with too few or too many arguments, or with a label that it does not have. The inputs of a
model are always given by name, so that two of one shape cannot be swapped unseen.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker { source = "ranker.onnx" }
record Request {
  x : f32[4]
}
record Response {
  score : f32
}
pipeline Rank(req: Request) -> Response using ranker: Ranker {
  out = ranker(y: req.x)
  return Response { score = out.score }
}
service recommender { pipeline = Rank }
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
record Request {
  x : f32[4]
}
record Response {
  score : f32
}
pipeline Rank(req: Request) -> Response using ranker: Ranker {
  out = ranker(x: req.x)
  return Response { score = out.score }
}
service recommender { pipeline = Rank }
```

"""##),
    ("SV0301", ##"""
# SV0301: wrong unit

An amount has the wrong unit, or none: bytes where a time belongs, a bare number where a time belongs, a time added to
bytes.

`deadline = 50` is 50 of what? In one file it was milliseconds, in the next seconds; so it has to be said.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  deadline = 50
}
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  deadline = 50ms
}
```

"""##),
    ("SV0302", ##"""
# SV0302: wrong type

A value is not of the type that its place takes: a string where a range belongs, an enum where a number does, or a
construct written in another way than the language has it.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  scale { replicas = "3-24" }
}
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  scale { replicas = 3...24 }
}
```

"""##),
    ("SV0303", ##"""
# SV0303: an ambiguous unit

The suffix is no unit, or could be two: `m` is minutes to one reader and thousandths of a core to another, `M` is a
million bytes or 2^20. Write `min`, `mcores`, `MB` or `MiB`.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  deadline = 5m
}
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  deadline = 5min
}
```

"""##),
    ("SV0304", ##"""
# SV0304: value out of range

The value is of the right type and cannot be meant: a port of 70000, a negative time, bounds the wrong way round, a
number with more digits than amounts are counted in.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  protocol { http = 70_000 }
}
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  protocol { http = 8080 }
}
```

"""##),
    ("SV0401", ##"""
# SV0401: shape mismatch

What a pipeline gives to a model, or returns, has another shape than the other side declares. Both are shown, with the
parts that the shape was put together from.

After a rollout every request would fail, or, worse, the columns would be shifted by one.

Values in a pipeline are per request: an argument `f32[4]` meets an input `f32[batch, 4]`.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker { source = "ranker.onnx" }
record Request {
  x : f32[4]
}
record Response {
  score : f32
}
pipeline Rank(req: Request) -> Response using ranker: Ranker {
  out = ranker(x: concat(req.x, req.x))
  return Response { score = out.score }
}
service recommender { pipeline = Rank }
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
record Request {
  x : f32[4]
}
record Response {
  score : f32
}
pipeline Rank(req: Request) -> Response using ranker: Ranker {
  out = ranker(x: req.x)
  return Response { score = out.score }
}
service recommender { pipeline = Rank }
```

"""##),
    ("SV0402", ##"""
# SV0402: element type mismatch

Two element types meet that are not the same, and nothing is converted unasked: `f64` and `f32`, `i64` ids and an `i32`
input. Write the `cast`, and the reader sees where precision or range is lost.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker { source = "ranker.onnx" }
record Request {
  x : i64[4]
}
record Response {
  score : f32
}
pipeline Rank(req: Request) -> Response using ranker: Ranker {
  out = ranker(x: req.x)
  return Response { score = out.score }
}
service recommender { pipeline = Rank }
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
record Request {
  x : i64[4]
}
record Response {
  score : f32
}
pipeline Rank(req: Request) -> Response using ranker: Ranker {
  out = ranker(x: cast(req.x, f32))
  return Response { score = out.score }
}
service recommender { pipeline = Rank }
```

"""##),
    ("SV0403", ##"""
# SV0403: shapes that an operation cannot take

The operands of an operation do not go together. Sizes broadcast as in numpy: from the right, equal or one of them 1.
`reshape` keeps the number of values, `concat` joins tensors that agree in every other dimension.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker { source = "ranker.onnx" }
record Request {
  x : f32[4]
}
record Response {
  score : f32
}
pipeline Rank(req: Request) -> Response using ranker: Ranker {
  out = ranker(x: reshape(req.x, [2, 3]))
  return Response { score = out.score }
}
service recommender { pipeline = Rank }
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
record Request {
  x : f32[2, 2]
}
record Response {
  score : f32
}
pipeline Rank(req: Request) -> Response using ranker: Ranker {
  out = ranker(x: reshape(req.x, [4]))
  return Response { score = out.score }
}
service recommender { pipeline = Rank }
```

"""##),
    ("SV0404", ##"""
# SV0404: a version that differs from its signature

A version's file has an input or output of another type or shape than the model declares, or than its first version has.

Arms of an experiment share one pipeline; a version that takes something else would fail for its share of the users only,
which is the hardest failure to see.

```artifacts
model Ranker {
  source = "v2.onnx"
  signature {
    in x : f64[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker {
  signature {
    in x : f32[batch, 4]
    out score : f32[batch]
  }
  version v2 { source = "v2.onnx" }
}
service recommender { model = Ranker }
```

```serve ok
serve 1
model Ranker {
  signature {
    in x : f64[batch, 4]
    out score : f32[batch]
  }
  version v2 { source = "v2.onnx" }
}
service recommender { model = Ranker }
```

"""##),
    ("SV0405", ##"""
# SV0405: an index beyond the model's table

The pipeline makes an index (by `hash_bucket`, `bucketize`, or the case of an enum) that may be larger than the rows of
the embedding table that the model looks it up in: usually a number of buckets that was changed on one side only. In this
page's examples the table has 500 rows.

```artifacts
model Ranker {
  source = "ranker.onnx"
  rows { city = 500 }
  signature {
    in x : f32[N, 4]
    in city : i64[N]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker { source = "ranker.onnx" }
record Request {
  x : f32[4]
  city : string
}
record Response {
  score : f32
}
pipeline Rank(req: Request) -> Response using ranker: Ranker {
  out = ranker(x: req.x, city: hash_bucket(req.city, 1000))
  return Response { score = out.score }
}
service recommender { pipeline = Rank }
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
record Request {
  x : f32[4]
  city : string
}
record Response {
  score : f32
}
pipeline Rank(req: Request) -> Response using ranker: Ranker {
  out = ranker(x: req.x, city: hash_bucket(req.city, 500))
  return Response { score = out.score }
}
service recommender { pipeline = Rank }
```

"""##),
    ("SV0407", ##"""
# SV0407: statistics that do not fit

`normalize` gives `(x - mean) / std` along the last dimension, so there is one mean and one deviation per value, or one
for all. A deviation of zero, often a column that was constant in training, makes every score NaN or infinite.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
stats Good {
  source = "good.json"
  mean = [0.5, 1.5, 0, 0]
  std = [1, 2, 1, 1]
}
stats Constant {
  source = "constant.json"
  mean = [0.5, 1.5, 0, 0]
  std = [1, 0, 1, 1]
}
```

```serve fail
serve 1
model Ranker { source = "ranker.onnx" }
stats Moments { source = "constant.json" }
record Request {
  x : f32[4]
}
record Response {
  score : f32
}
pipeline Rank(req: Request) -> Response using ranker: Ranker {
  out = ranker(x: normalize(req.x, Moments))
  return Response { score = out.score }
}
service recommender { pipeline = Rank }
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
stats Moments { source = "good.json" }
record Request {
  x : f32[4]
}
record Response {
  score : f32
}
pipeline Rank(req: Request) -> Response using ranker: Ranker {
  out = ranker(x: normalize(req.x, Moments))
  return Response { score = out.score }
}
service recommender { pipeline = Rank }
```

"""##),
    ("SV0408", ##"""
# SV0408: integer narrowing

A whole number of the request is cast to a type that cannot hold all of its values. What does not fit wraps around, and
the model looks up the row of somebody else.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    in id : i32[N]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker { source = "ranker.onnx" }
record Request {
  x : f32[4]
  user_id : u64
}
record Response {
  score : f32
}
pipeline Rank(req: Request) -> Response using ranker: Ranker {
  out = ranker(x: req.x, id: cast(req.user_id, i32))
  return Response { score = out.score }
}
service recommender { pipeline = Rank }
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
record Request {
  x : f32[4]
  user_id : u64(0...2_000_000_000)
}
record Response {
  score : f32
}
pipeline Rank(req: Request) -> Response using ranker: Ranker {
  out = ranker(x: req.x, id: cast(req.user_id, i32))
  return Response { score = out.score }
}
service recommender { pipeline = Rank }
```

"""##),
    ("SV0409", ##"""
# SV0409: top_k of more than there is

`top_k` wants more values than the smallest request has, and nothing says what fills the rest. With `pad`, absent slots
hold that value, and their index is -1, which `gather` reads as zero.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[rows, 4]
    out score : f32[rows]
  }
}
```

```serve fail
serve 1
dim cand = 1...100
model Ranker {
  signature {
    in x : f32[cand, 4]
    out score : f32[cand]
  }
  source = "ranker.onnx"
}
record Request {
  x : f32[cand, 4]
}
record Response {
  best : f32[10]
}
pipeline Rank(req: Request) -> Response using ranker: Ranker {
  out = ranker(x: req.x)
  top = top_k(out.score, k: 10)
  return Response { best = top.value }
}
service recommender { pipeline = Rank }
```

```serve ok
serve 1
dim cand = 1...100
model Ranker {
  signature {
    in x : f32[cand, 4]
    out score : f32[cand]
  }
  source = "ranker.onnx"
}
record Request {
  x : f32[cand, 4]
}
record Response {
  best : f32[10]
}
pipeline Rank(req: Request) -> Response using ranker: Ranker {
  out = ranker(x: req.x)
  top = top_k(out.score, k: 10, pad: 0)
  return Response { best = top.value }
}
service recommender { pipeline = Rank }
```

"""##),
    ("SV0410", ##"""
# SV0410: an optional value used as if present

A request may leave the field out, and then there is nothing to compute with. `??` says what stands for an absent value;
it is part of what the model sees, so it is written where it can be read.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker { source = "ranker.onnx" }
record Request {
  x : f32[4]
  bias : f32?
}
record Response {
  score : f32
}
pipeline Rank(req: Request) -> Response using ranker: Ranker {
  out = ranker(x: req.x + req.bias)
  return Response { score = out.score }
}
service recommender { pipeline = Rank }
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
record Request {
  x : f32[4]
  bias : f32?
}
record Response {
  score : f32
}
pipeline Rank(req: Request) -> Response using ranker: Ranker {
  out = ranker(x: req.x + (req.bias ?? 0.0))
  return Response { score = out.score }
}
service recommender { pipeline = Rank }
```

"""##),
    ("SV0411", ##"""
# SV0411: an operator that cannot be compiled

The model's file has an operator that this compiler has no kernel for. A model is compiled whole; there is no second
runtime to fall back to, so the error comes here and not when the first pod loads the file.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
  unsupported = ["node \"conv_3\" (Conv) is not supported"]
}
model Mlp {
  source = "mlp.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker { source = "ranker.onnx" }
service recommender { model = Ranker }
```

```serve ok
serve 1
model Ranker { source = "mlp.onnx" }
service recommender { model = Ranker }
```

"""##),
    ("SV0412", ##"""
# SV0412: a batch that the model cannot take

The file was exported with a fixed batch of 1, or `dim batch` is declared smaller than `max_size`. The first full batch
would fail for every request in it. Export the model with a dynamic batch dimension.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[1, 4]
    out score : f32[1]
  }
}
```

```serve fail
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  batching { max_size = 16 }
}
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  batching { max_size = 1 }
}
```

"""##),
    ("SV0413", ##"""
# SV0413: an output that a version lacks

The signature declares an output that this version's file does not have. A pipeline that reads it would fail for the
users on this version's arm only.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker {
  signature {
    in x : f32[batch, 4]
    out score : f32[batch]
    out reason : i64[batch]
  }
  version v1 { source = "ranker.onnx" }
}
service recommender { model = Ranker }
```

```serve ok
serve 1
model Ranker {
  signature {
    in x : f32[batch, 4]
    out score : f32[batch]
  }
  version v1 { source = "ranker.onnx" }
}
service recommender { model = Ranker }
```

"""##),
    ("SV0415", ##"""
# SV0415: an artifact that can execute code

`.pt`, `.pkl`, `.joblib` and their like are Python pickles: loading one runs whatever commands it holds, with the rights
of the pod. They are refused without being read. ONNX files hold data only.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker { source = "ranker.pt" }
service recommender { model = Ranker }
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
service recommender { model = Ranker }
```

"""##),
    ("SV0416", ##"""
# SV0416: batch in the wrong place

`batch` counts the requests that share one pass. It is the first dimension of every input and output, or of none; a size
that varies within one request, such as the number of candidates, is a `dim` of its own.

```artifacts
model Shared {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    in prices : f32[4]
    out score : f32[N]
  }
}
model Priced {
  source = "priced.onnx"
  signature {
    in x : f32[N, 4]
    in prices : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker {
  signature {
    in x : f32[batch, 4]
    in prices : f32[4]
    out score : f32[batch]
  }
  source = "ranker.onnx"
}
service recommender { model = Ranker }
```

```serve ok
serve 1
model Ranker {
  signature {
    in x : f32[batch, 4]
    in prices : f32[batch, 4]
    out score : f32[batch]
  }
  source = "priced.onnx"
}
service recommender { model = Ranker }
```

"""##),
    ("SV0417", ##"""
# SV0417: no version chosen

The model has several versions, the service serves one, and nothing says which: neither the name (`Ranker.v1`) nor an
experiment. Taking the first or the newest would make the order of lines a release.

```artifacts
model V1 {
  source = "v1.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
model V2 {
  source = "v2.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker {
  version v1 { source = "v1.onnx" }
  version v2 { source = "v2.onnx" }
}
service recommender { model = Ranker }
```

```serve ok
serve 1
model Ranker {
  version v1 { source = "v1.onnx" }
  version v2 { source = "v2.onnx" }
}
service recommender { model = Ranker.v2 }
```

"""##),
    ("SV0418", ##"""
# SV0418: an artifact that cannot be read

The file is missing, or is not what it should be: not an ONNX file, cut off, or damaged. The message names the place in
the file. Paths are relative to the .serve file that names them.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker { source = "rankre.onnx" }
service recommender { model = Ranker }
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
service recommender { model = Ranker }
```

"""##),
    ("SV0502", ##"""
# SV0502: unknown machine type

Compute Engine has no machine type of this name, or not one that plans are compiled for. A node pool of a type that does
not exist is never created, and the pods stay pending.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker { source = "ranker.onnx" }
pool c3_cpu { machine = "c3-standard-6" }
service recommender {
  model = Ranker
  placement { try c3_cpu { cpu = 2 } }
}
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
pool c3_cpu { machine = "c3-standard-8" }
service recommender {
  model = Ranker
  placement { try c3_cpu { cpu = 2 } }
}
```

"""##),
    ("SV0505", ##"""
# SV0505: memory limit too small

The pod's memory limit is less than what the plan needs: the mapped plan file with its weights, one arena per executor,
the queue, and the process itself. The kernel kills a container over its limit (OOMKilled), and again after every
restart. The compiler knows the bytes, so it says so here.

Without `memory` the limit is computed from the plan. In this page's examples a plan takes 700 MiB.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```needs
plan = 700MiB
process = 128MiB
```

```serve fail
serve 1
model Ranker { source = "ranker.onnx" }
pool c3_cpu { machine = "c3-standard-8" }
service recommender {
  model = Ranker
  placement { try c3_cpu { cpu = 2, memory = 512MiB } }
}
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
pool c3_cpu { machine = "c3-standard-8" }
service recommender {
  model = Ranker
  placement { try c3_cpu { cpu = 2, memory = 1GiB } }
}
```

"""##),
    ("SV0508", ##"""
# SV0508: a pod larger than its machine

A pod asks for more CPU or memory than a node of the pool leaves to pods. The node keeps some of its machine for itself:
of a c3-standard-4, 3.92 of 4 cores are left. A pod that fits no node is never scheduled.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker { source = "ranker.onnx" }
pool c3_cpu { machine = "c3-standard-4" }
service recommender {
  model = Ranker
  placement { try c3_cpu { cpu = 4 } }
}
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
pool c3_cpu { machine = "c3-standard-4" }
service recommender {
  model = Ranker
  placement { try c3_cpu { cpu = 3 } }
}
```

"""##),
    ("SV0509", ##"""
# SV0509: all capacity on spot machines

In a protected env the only pool of a service is one of spot machines. They are cheap because they can be taken away, and
those of a zone often go together; it takes minutes until new nodes have a model loaded.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
  digest = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
}
```

```serve fail
serve 1
model Ranker { source = "ranker.onnx", digest = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" }
pool c3_cpu { machine = "c3-standard-8", spot = on }
service recommender {
  model = Ranker
  placement { try c3_cpu { cpu = 2 } }
}
env prod { protected = on }
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx", digest = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" }
pool c3_cpu { machine = "c3-standard-8", spot = off }
service recommender {
  model = Ranker
  placement { try c3_cpu { cpu = 2 } }
}
env prod { protected = on }
```

"""##),
    ("SV0513", ##"""
# SV0513: a machine family without code

Kernels are compiled for what every CPU of a machine family is sure to have. N1 machines may be Sandy Bridge CPUs of
2011, without AVX2; a pod that lands on one of them could not start.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker { source = "ranker.onnx" }
pool c3_cpu { machine = "n1-standard-8" }
service recommender {
  model = Ranker
  placement { try c3_cpu { cpu = 2 } }
}
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
pool c3_cpu { machine = "n2-standard-8" }
service recommender {
  model = Ranker
  placement { try c3_cpu { cpu = 2 } }
}
```

"""##),
    ("SV0515", ##"""
# SV0515: a zone outside of the cluster

A pool names a zone that its cluster is not in, or a cluster one of another region. No node ever comes up there.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker { source = "ranker.onnx" }
pool c3_cpu { machine = "c3-standard-8", zones = ["us-central1-a"] }
cluster euw4 {
  image     = "served@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  artifacts = "gs://plans/recommender"
  region    = "europe-west4"
  zones     = ["europe-west4-a", "europe-west4-b"]
}
service recommender {
  model = Ranker
  placement { try c3_cpu { cpu = 2 } }
}
env prod { cluster = euw4 }
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
pool c3_cpu { machine = "c3-standard-8", zones = ["europe-west4-a"] }
cluster euw4 {
  image     = "served@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  artifacts = "gs://plans/recommender"
  region    = "europe-west4"
  zones     = ["europe-west4-a", "europe-west4-b"]
}
service recommender {
  model = Ranker
  placement { try c3_cpu { cpu = 2 } }
}
env prod { cluster = euw4 }
```

"""##),
    ("SV0601", ##"""
# SV0601: impossible scaling

The number of replicas has no value between its bounds, or the target of the autoscaler cannot be kept. Kubernetes
refuses the first, and the second scales to the maximum and stays there.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  scale { replicas = 24...3 }
}
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  scale { replicas = 3...24 }
}
```

"""##),
    ("SV0602", ##"""
# SV0602: a disruption budget that blocks drains

With `max_unavailable = 0`, or `min_available` of all replicas, no pod may ever be evicted. Nodes are drained for every
upgrade of the cluster, and the drain waits for a pod that may not go.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  disruption { max_unavailable = 0 }
}
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  disruption { max_unavailable = 1 }
}
```

"""##),
    ("SV0604", ##"""
# SV0604: fewer replicas than zones

`spread = zone` asks for a pod in every zone, and at its smallest the service has fewer pods than the cluster has zones.
What survives the loss of a zone is then a matter of luck.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker { source = "ranker.onnx" }
cluster euw4 {
  image     = "served@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  artifacts = "gs://plans/recommender"
  zones     = ["europe-west4-a", "europe-west4-b", "europe-west4-c"]
}
service recommender {
  model = Ranker
  placement { spread = zone }
  scale { replicas = 2...24 }
}
env prod { cluster = euw4 }
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
cluster euw4 {
  image     = "served@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  artifacts = "gs://plans/recommender"
  zones     = ["europe-west4-a", "europe-west4-b", "europe-west4-c"]
}
service recommender {
  model = Ranker
  placement { spread = zone }
  scale { replicas = 3...24 }
}
env prod { cluster = euw4 }
```

"""##),
    ("SV0610", ##"""
# SV0610: a drain that is cut off

A pod that ends answers the requests it has begun, for as long as `drain`. Less than the deadline cuts requests off; on a
spot machine pods have 15 s from the notice to the end, and a longer grace period has no effect (GKE documentation, "Spot
VMs").

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  deadline = 20s
  health { drain = 10s }
}
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  deadline = 5s
  health { drain = 10s }
}
```

"""##),
    ("SV0612", ##"""
# SV0612: late by construction

A request may wait for its batch longer than it may take in all: whoever waits is answered with 504, although nothing is
overloaded.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  deadline = 20ms
  batching { max_size = 16, max_wait = 20ms }
}
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  deadline = 20ms
  batching { max_size = 16, max_wait = 2ms }
}
```

"""##),
    ("SV0616", ##"""
# SV0616: a name that Kubernetes refuses

Objects are named after the service, with `_` written as `-`, and pods add 11 characters to that. All of it is a DNS
label: at most 63 characters of a-z, 0-9 and `-`.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker { source = "ranker.onnx" }
service recommender_for_the_landing_page_of_the_web_shop_in_europe { model = Ranker }
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
service recommender_landing_page { model = Ranker }
```

"""##),
    ("SV0701", ##"""
# SV0701: arms that do not add up

The shares of an experiment's arms are exactly 100 % together, in every env, after its overlays. 105 % would starve the
last arm; 95 % would leave users without one.

```artifacts
model V1 {
  source = "v1.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
model V2 {
  source = "v2.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker {
  version v1 { source = "v1.onnx" }
  version v2 { source = "v2.onnx" }
}
record Request {
  user_id : u64
  x : f32[4]
}
record Response {
  score : f32
}
pipeline Rank(req: Request) -> Response using ranker: Ranker {
  out = ranker(x: req.x)
  return Response { score = out.score }
}
service recommender { pipeline = Rank }
experiment ranker_v2 on recommender.ranker {
  key  = req.user_id
  salt = "2026-11-ranker"
  arm control   = 90% Ranker.v1
  arm treatment = 15% Ranker.v2
}
```

```serve ok
serve 1
model Ranker {
  version v1 { source = "v1.onnx" }
  version v2 { source = "v2.onnx" }
}
record Request {
  user_id : u64
  x : f32[4]
}
record Response {
  score : f32
}
pipeline Rank(req: Request) -> Response using ranker: Ranker {
  out = ranker(x: req.x)
  return Response { score = out.score }
}
service recommender { pipeline = Rank }
experiment ranker_v2 on recommender.ranker {
  key  = req.user_id
  salt = "2026-11-ranker"
  arm control   = 90% Ranker.v1
  arm treatment = 10% Ranker.v2
}
```

"""##),
    ("SV0702", ##"""
# SV0702: an arm that nobody reaches

The arm has no share. Its model is loaded in every pod all the same.

```artifacts
model V1 {
  source = "v1.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
model V2 {
  source = "v2.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker {
  version v1 { source = "v1.onnx" }
  version v2 { source = "v2.onnx" }
}
record Request {
  user_id : u64
  x : f32[4]
}
record Response {
  score : f32
}
pipeline Rank(req: Request) -> Response using ranker: Ranker {
  out = ranker(x: req.x)
  return Response { score = out.score }
}
service recommender { pipeline = Rank }
experiment ranker_v2 on recommender.ranker {
  key  = req.user_id
  salt = "2026-11-ranker"
  arm control   = 100% Ranker.v1
  arm treatment = 0% Ranker.v2
}
```

```serve ok
serve 1
model Ranker {
  version v1 { source = "v1.onnx" }
  version v2 { source = "v2.onnx" }
}
record Request {
  user_id : u64
  x : f32[4]
}
record Response {
  score : f32
}
pipeline Rank(req: Request) -> Response using ranker: Ranker {
  out = ranker(x: req.x)
  return Response { score = out.score }
}
service recommender { pipeline = Rank }
experiment ranker_v2 on recommender.ranker {
  key  = req.user_id
  salt = "2026-11-ranker"
  arm control   = 90% Ranker.v1
  arm treatment = 10% Ranker.v2
}
```

"""##),
    ("SV0703", ##"""
# SV0703: a key that is not sticky

The key decides which arm a request meets, so it must be one value that the same user sends every time: an integer or a
string of the request, not optional, not another one in each request. Else the arms measure the same people, and the
difference between them is noise.

```artifacts
model V1 {
  source = "v1.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
model V2 {
  source = "v2.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker {
  version v1 { source = "v1.onnx" }
  version v2 { source = "v2.onnx" }
}
record Request {
  request_id : string(1...64)
  x : f32[4]
}
record Response {
  score : f32
}
pipeline Rank(req: Request) -> Response using ranker: Ranker {
  out = ranker(x: req.x)
  return Response { score = out.score }
}
service recommender { pipeline = Rank }
experiment ranker_v2 on recommender.ranker {
  key  = req.request_id
  salt = "2026-11-ranker"
  arm control   = 90% Ranker.v1
  arm treatment = 10% Ranker.v2
}
```

```serve ok
serve 1
model Ranker {
  version v1 { source = "v1.onnx" }
  version v2 { source = "v2.onnx" }
}
record Request {
  user_id : u64
  x : f32[4]
}
record Response {
  score : f32
}
pipeline Rank(req: Request) -> Response using ranker: Ranker {
  out = ranker(x: req.x)
  return Response { score = out.score }
}
service recommender { pipeline = Rank }
experiment ranker_v2 on recommender.ranker {
  key  = req.user_id
  salt = "2026-11-ranker"
  arm control   = 90% Ranker.v1
  arm treatment = 10% Ranker.v2
}
```

"""##),
    ("SV0709", ##"""
# SV0709: two arms that serve the same

Two arms have one file, byte for byte: a release that was never copied, or a path that was copied once too often. The
experiment would measure noise for weeks.

```artifacts
model V1 {
  source = "v1.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
model V2 {
  source = "v2.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker {
  version v1 { source = "v1.onnx" }
  version v2 { source = "v1.onnx" }
}
record Request {
  user_id : u64
  x : f32[4]
}
record Response {
  score : f32
}
pipeline Rank(req: Request) -> Response using ranker: Ranker {
  out = ranker(x: req.x)
  return Response { score = out.score }
}
service recommender { pipeline = Rank }
experiment ranker_v2 on recommender.ranker {
  key  = req.user_id
  salt = "2026-11-ranker"
  arm control   = 90% Ranker.v1
  arm treatment = 10% Ranker.v2
}
```

```serve ok
serve 1
model Ranker {
  version v1 { source = "v1.onnx" }
  version v2 { source = "v2.onnx" }
}
record Request {
  user_id : u64
  x : f32[4]
}
record Response {
  score : f32
}
pipeline Rank(req: Request) -> Response using ranker: Ranker {
  out = ranker(x: req.x)
  return Response { score = out.score }
}
service recommender { pipeline = Rank }
experiment ranker_v2 on recommender.ranker {
  key  = req.user_id
  salt = "2026-11-ranker"
  arm control   = 90% Ranker.v1
  arm treatment = 10% Ranker.v2
}
```

"""##),
    ("SV0712", ##"""
# SV0712: an experiment without alternatives

An experiment compares at least two arms. With one, name the version in the pipeline or the service instead.

```artifacts
model V1 {
  source = "v1.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
model V2 {
  source = "v2.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker {
  version v1 { source = "v1.onnx" }
  version v2 { source = "v2.onnx" }
}
record Request {
  user_id : u64
  x : f32[4]
}
record Response {
  score : f32
}
pipeline Rank(req: Request) -> Response using ranker: Ranker {
  out = ranker(x: req.x)
  return Response { score = out.score }
}
service recommender { pipeline = Rank }
experiment ranker_v2 on recommender.ranker {
  key  = req.user_id
  salt = "2026-11-ranker"
  arm control = 100% Ranker.v1
}
```

```serve ok
serve 1
model Ranker {
  version v1 { source = "v1.onnx" }
  version v2 { source = "v2.onnx" }
}
record Request {
  user_id : u64
  x : f32[4]
}
record Response {
  score : f32
}
pipeline Rank(req: Request) -> Response using ranker: Ranker {
  out = ranker(x: req.x)
  return Response { score = out.score }
}
service recommender { pipeline = Rank }
experiment ranker_v2 on recommender.ranker {
  key  = req.user_id
  salt = "2026-11-ranker"
  arm control   = 90% Ranker.v1
  arm treatment = 10% Ranker.v2
}
```

"""##),
    ("SV0801", ##"""
# SV0801: a secret in plain text

A string looks like a credential: a private key, a token of a well-known service, an address with a password. Whoever can
read the repository or the manifests can use it, and it stays in the history when it is removed.

Rotate it. Keep the new one in a secret manager, and give the pod's service account the right to what it needs.

```serve fail
serve 1
store shop : sqlite { path = "https://reader:hunter2@db.internal/shop.sqlite" }
```

```serve ok
serve 1
store shop : sqlite { path = "shop.sqlite" }
```

"""##),
    ("SV0805", ##"""
# SV0805: a key of another type

Features are looked up by a key of another type than they are kept by. Nothing would be found, and every user would get
the defaults, which looks like a model that got worse overnight.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
store shop : sqlite { path = "shop.sqlite" }
features User from shop by user_id: u64 {
  table = "users"
  field x : f32[4] = zeros
}
model Ranker { source = "ranker.onnx" }
record Request {
  user_id : string
}
record Response {
  score : f32
}
pipeline Rank(req: Request) -> Response using ranker: Ranker {
  user = User[req.user_id]
  out  = ranker(x: user.x)
  return Response { score = out.score }
}
service recommender { pipeline = Rank }
```

```serve ok
serve 1
store shop : sqlite { path = "shop.sqlite" }
features User from shop by user_id: u64 {
  table = "users"
  field x : f32[4] = zeros
}
model Ranker { source = "ranker.onnx" }
record Request {
  user_id : u64
}
record Response {
  score : f32
}
pipeline Rank(req: Request) -> Response using ranker: Ranker {
  user = User[req.user_id]
  out  = ranker(x: user.x)
  return Response { score = out.score }
}
service recommender { pipeline = Rank }
```

"""##),
    ("SV0901", ##"""
# SV0901: digest missing or different

The file is not the one whose digest is declared, or a protected env serves a version without a digest. The digest ties
what was tested to what is served; without it, a build takes whatever file lies there on that day.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
  digest = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
}
```

```serve fail
serve 1
model Ranker {
  source = "ranker.onnx"
  digest = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
}
service recommender { model = Ranker }
```

```serve ok
serve 1
model Ranker {
  source = "ranker.onnx"
  digest = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
}
service recommender { model = Ranker }
```

"""##),
    ("SV0902", ##"""
# SV0902: an overlay of something that is not there

An overlay edits what its declaration has: the path must be there, in the language and in the declaration. A misspelt or
outdated overlay would otherwise do nothing, or add something that no reviewer of the declaration sees.

To let every env set a value of its own, write `?` in the declaration.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  scale { replicas = 3...24 }
}
env dev { }
overlay dev on recommender { scale.replcias = 1...2 }
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  scale { replicas = 3...24 }
}
env dev { }
overlay dev on recommender { scale.replicas = 1...2 }
```

"""##),
    ("SV0903", ##"""
# SV0903: an overlay of a final field

`digest`, `key` and `salt` are the same in every env. A model that was tested under one digest and served under another
was not tested; users who are on one arm in staging and on another in production cannot be compared.

```artifacts
model V1 {
  source = "v1.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
model V2 {
  source = "v2.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker {
  version v1 { source = "v1.onnx" }
  version v2 { source = "v2.onnx" }
}
record Request {
  user_id : u64
  x : f32[4]
}
record Response {
  score : f32
}
pipeline Rank(req: Request) -> Response using ranker: Ranker {
  out = ranker(x: req.x)
  return Response { score = out.score }
}
service recommender { pipeline = Rank }
experiment ranker_v2 on recommender.ranker {
  key  = req.user_id
  salt = "2026-11-ranker"
  arm control   = 90% Ranker.v1
  arm treatment = 10% Ranker.v2
}
env dev { }
overlay dev on ranker_v2 { salt = "dev" }
```

```serve ok
serve 1
model Ranker {
  version v1 { source = "v1.onnx" }
  version v2 { source = "v2.onnx" }
}
record Request {
  user_id : u64
  x : f32[4]
}
record Response {
  score : f32
}
pipeline Rank(req: Request) -> Response using ranker: Ranker {
  out = ranker(x: req.x)
  return Response { score = out.score }
}
service recommender { pipeline = Rank }
experiment ranker_v2 on recommender.ranker {
  key  = req.user_id
  salt = "2026-11-ranker"
  arm control   = 90% Ranker.v1
  arm treatment = 10% Ranker.v2
}
env dev { }
overlay dev on ranker_v2 {
  arm control = 50%
  arm treatment = 50%
}
```

"""##),
    ("SV0905", ##"""
# SV0905: a value that an env must set

The declaration leaves a value to each env with `?`, and some env has no overlay that sets it.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  scale { replicas = ? }
}
env dev { }
env prod { }
overlay dev on recommender { scale.replicas = 1...2 }

```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  scale { replicas = ? }
}
env dev { }
env prod { }
overlay dev on recommender { scale.replicas = 1...2 }
overlay prod on recommender { scale.replicas = 6...24 }
```

"""##),
    ("SV0908", ##"""
# SV0908: an image without a digest

In a protected env the image of `served` is named by its digest. A tag can be moved to another image between two pods of
one rollout.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
  digest = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
}
```

```serve fail
serve 1
model Ranker { source = "ranker.onnx", digest = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" }
cluster euw4 {
  image     = "registry.example/served:1.4"
  artifacts = "gs://plans/recommender"
}
service recommender { model = Ranker }
env prod { cluster = euw4, protected = on }
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx", digest = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" }
cluster euw4 {
  image     = "registry.example/served@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  artifacts = "gs://plans/recommender"
}
service recommender { model = Ranker }
env prod { cluster = euw4, protected = on }
```

"""##),
    ("W0201", ##"""
# W0201: unused declaration

Nothing refers to the declaration, or to the value of a pipeline. It may be left over, or the place that should use it
uses something else.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker { source = "ranker.onnx" }
dim cand = 1...100
service recommender { model = Ranker }
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
service recommender { model = Ranker }
```

"""##),
    ("W0602", ##"""
# W0602: scaling rules without room to scale

The service has one number of replicas and a rule to scale by. The rule has no effect.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  scale {
    replicas = 3
    on cpu target 70%
  }
}
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  scale {
    replicas = 3...12
    on cpu target 70%
  }
}
```

"""##),
    ("W0612", ##"""
# W0612: a batching window without batches

A batch of one waits for nothing: `max_wait` adds latency to every request and saves nothing.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  batching { max_size = 1, max_wait = 2ms }
}
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  batching { max_size = 16, max_wait = 2ms }
}
```

"""##),
    ("W0906", ##"""
# W0906: an overlay that changes nothing

The overlay sets what the declaration sets already. It hides that the env follows the declaration, and will silently hold
it back when the declaration changes.

```artifacts
model Ranker {
  source = "ranker.onnx"
  signature {
    in x : f32[N, 4]
    out score : f32[N]
  }
}
```

```serve fail
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  scale { replicas = 3...24 }
}
env dev { }
overlay dev on recommender { scale.replicas = 3...24 }
```

```serve ok
serve 1
model Ranker { source = "ranker.onnx" }
service recommender {
  model = Ranker
  scale { replicas = 3...24 }
}
env dev { }
overlay dev on recommender { scale.replicas = 1...2 }
```

"""##),
  ]
}
