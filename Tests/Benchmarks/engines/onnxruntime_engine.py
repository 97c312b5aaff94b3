"""onnxruntime's CPU provider with inputs and outputs bound, called below its Python wrapper."""

import onnxruntime

from . import InProcess, Refused

NAME = "onnxruntime"
VERSION = onnxruntime.__version__


def session(path, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads, options.log_severity_level = threads, 1, 4
    return onnxruntime.InferenceSession(str(path), options, ["CPUExecutionProvider"])


def start(model, path, feeds, threads):
    try:
        made = session(path, threads)
        names = [output.name for output in made.get_outputs()]
        arrays = dict(zip(names, made.run(None, feeds)))
    except Exception as error:
        raise Refused(str(error)) from error
    binding = made.io_binding()
    for name, array in feeds.items():
        binding.bind_ortvalue_input(name, onnxruntime.OrtValue.ortvalue_from_numpy(array))
    bound = {name: onnxruntime.OrtValue.ortvalue_from_numpy(array) for name, array in arrays.items()}
    for name, value in bound.items():
        binding.bind_ortvalue_output(name, value)
    run, low = made._sess.run_with_iobinding, binding._iobinding
    read = lambda: {name: value.numpy() for name, value in bound.items()}
    return InProcess(lambda: run(low, None), read, (made, binding, bound))
