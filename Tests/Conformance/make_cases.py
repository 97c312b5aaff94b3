"""Writes ONNX's own backend tests as folders: KIND/NAME/model.onnx and test_data_set_K/{input,output}_I.pb.

    python Tests/Conformance/make_cases.py DIRECTORY

The kinds are those that the onnx package carries whole: `node` (Python objects since onnx 1.20), `simple`,
`pytorch-converted` and `pytorch-operator`. Tolerances go to data.json, where ONNX itself keeps those of whole models.
"""

import json
import pathlib
import shutil
import sys
import warnings

import numpy as np
from onnx import MapProto, ModelProto, OptionalProto, SequenceProto, TensorProto, numpy_helper
from onnx.backend.test.loader import load_model_tests

KINDS = ("node", "simple", "pytorch-converted", "pytorch-operator")
PROTOS = (TensorProto, SequenceProto, OptionalProto, MapProto)


def proto(value, declared):
    """A test's value as the message that its declared type calls for."""
    if isinstance(value, PROTOS):
        return value
    kind, name = declared.type.WhichOneof("value"), declared.name
    if kind == "optional_type":
        return numpy_helper.from_optional(value, name)
    if kind == "sequence_type":
        return numpy_helper.from_list(value, name)
    if kind == "map_type":
        return numpy_helper.from_dict(value, name)
    return numpy_helper.from_array(np.asarray(value), name)


def write_data(folder, kind, values, declared):
    for index, (value, type_) in enumerate(zip(values, declared, strict=True)):
        (folder / f"{kind}_{index}.pb").write_bytes(proto(value, type_).SerializeToString())


def tolerances(case):
    """The case's own, for outputs in bfloat16 two units in the last place: the rule of ONNX's runner.

    Outputs of the files are sums in f32, whose noise around an exact zero is above ONNX's absolute 1e-7 (dft_inverse).
    """
    brain = any(value.dtype.name == "bfloat16" for _, outputs in case.data_sets for value in outputs if isinstance(value, np.ndarray))
    return {"rtol": max(case.rtol, 2**-6) if brain else case.rtol, "atol": max(case.atol, 1e-5)}


def write_case(case, folder):
    folder.mkdir(parents=True)
    if case.model_dir:
        shutil.copytree(case.model_dir, folder, dirs_exist_ok=True)
        return
    (folder / "model.onnx").write_bytes(case.model.SerializeToString())
    (folder / "data.json").write_text(json.dumps(tolerances(case)) + "\n")
    for index, (inputs, outputs) in enumerate(case.data_sets):
        data = folder / f"test_data_set_{index}"
        data.mkdir()
        write_data(data, "input", inputs, case.model.graph.input)
        write_data(data, "output", outputs, case.model.graph.output)


def main(directory):
    warnings.simplefilter("ignore")  # The reference implementations divide by zero on purpose.
    for kind in KINDS:
        shutil.rmtree(directory / kind, ignore_errors=True)
        cases = load_model_tests(kind=kind)
        for case in cases:
            write_case(case, directory / kind / case.name)
        print(f"{kind}: {len(cases)} cases", file=sys.stderr)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(pathlib.Path(sys.argv[1]))
