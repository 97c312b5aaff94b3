"""onnxruntime over the same cases: `python peer.py CASES KIND/NAME...` prints a line `KIND/NAME<tab>result` for each.

Tolerances and comparison are those of ONNX's own runner. What its Python interface cannot be fed counts as refused.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper
from onnx.backend.test.runner import Runner

from record import PASS, REFUSED, WRONG

READERS = {
    "sequence_type": (onnx.SequenceProto, numpy_helper.to_list),
    "optional_type": (onnx.OptionalProto, numpy_helper.to_optional),
    "map_type": (onnx.MapProto, numpy_helper.to_dict),
    "tensor_type": (onnx.TensorProto, numpy_helper.to_array),
}


def values(data, prefix, ports):
    for index, port in enumerate(ports):
        file = data / f"{prefix}_{index}.pb"
        if file.exists():
            message, convert = READERS[port.type.WhichOneof("value")]
            yield port.name, convert(message.FromString(file.read_bytes()))


def outcome(folder):
    settings = json.loads((folder / "data.json").read_text()) if (folder / "data.json").exists() else {}
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 4, 1
    path = folder / "model.onnx"
    graph = onnx.load(path).graph
    for data in sorted(folder.glob("test_data_set_*")):
        try:
            session = onnxruntime.InferenceSession(str(path), options, ["CPUExecutionProvider"])
            answers = session.run(None, dict(values(data, "input", graph.input)))
        except Exception:
            return REFUSED
        expected = [value for _, value in values(data, "output", graph.output)]
        try:
            Runner.assert_similar_outputs(expected, answers, settings.get("rtol", 1e-3), settings.get("atol", 1e-7))
        except Exception:
            return WRONG
    return PASS


if __name__ == "__main__":
    np.seterr(all="ignore")
    for name in sys.argv[2:]:
        print(name, outcome(Path(sys.argv[1]) / name), sep="\t", flush=True)
