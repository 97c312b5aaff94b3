"""XGBoost's own prediction on its own model, through its C interface: no DMatrix, no Python wrapper."""

import ctypes
import json

import numpy as np
import xgboost
from xgboost.core import _LIB

from . import InProcess, Refused

NAME = "XGBoost"
VERSION = xgboost.__version__


def start(model, path, feeds, threads):
    if model.name != "xgboost500":
        raise Refused("another model")
    booster = xgboost.Booster(params={"nthread": threads}, model_file=path.with_name("xgboost500.json"))
    booster.set_param({"nthread": threads})
    (x,) = feeds.values()
    array = {"data": [x.ctypes.data, False], "strides": None, "shape": list(x.shape), "typestr": "<f4", "version": 3}
    settings = {
        "type": 0, "training": False, "iteration_begin": 0, "iteration_end": 0, "strict_shape": False,
        "missing": float("nan"), "cache_id": 0,
    }
    array, settings = json.dumps(array).encode(), json.dumps(settings).encode()
    shape, rank = ctypes.POINTER(ctypes.c_uint64)(), ctypes.c_uint64()
    result = ctypes.POINTER(ctypes.c_float)()
    out = (ctypes.byref(shape), ctypes.byref(rank), ctypes.byref(result))

    def run():
        if _LIB.XGBoosterPredictFromDense(booster.handle, array, settings, None, *out):
            raise RuntimeError("XGBoosterPredictFromDense failed")

    def read():
        second = np.array(result[: len(x)], np.float32)
        return {"probabilities": np.stack([1 - second, second], axis=1)}

    return InProcess(run, read, (booster, x))
