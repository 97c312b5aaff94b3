"""OpenVINO's CPU plugin, f32, one stream, inputs bound; started and awaited below its Python wrapper."""

import openvino

from . import InProcess, Refused

NAME = "OpenVINO"
VERSION = openvino.__version__.split("-")[0]
LOW = openvino._pyopenvino.InferRequest


def compiled(path, threads):
    settings = {
        "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32",
    }
    return openvino.Core().compile_model(str(path), "CPU", settings)


def start(model, path, feeds, threads):
    try:
        made = compiled(path, threads)
        request = made.create_infer_request()
        for name, array in feeds.items():
            request.set_tensor(name, openvino.Tensor(array, shared_memory=True))

        def run():
            LOW.start_async(request, {}, None)
            LOW.wait(request)

        read = lambda: {port.any_name: request.get_tensor(port).data.copy() for port in made.outputs}
        return InProcess(run, read, (made, feeds))
    except Exception as error:
        raise Refused(str(error)) from error
