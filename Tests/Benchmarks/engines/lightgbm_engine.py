"""LightGBM's own prediction on its own model, through its C interface; the prepared single-row call at batch 1."""

import ctypes

import lightgbm
import numpy as np
from lightgbm.basic import _LIB

from . import InProcess, Refused

NAME = "LightGBM"
VERSION = lightgbm.__version__
FLOAT32, ROW_MAJOR, NORMAL = 0, 1, 0


def start(model, path, feeds, threads):
    if model.name != "lightgbm500":
        raise Refused("another model")
    booster = lightgbm.Booster(model_file=str(path.with_name("lightgbm500.txt")))
    (x,) = feeds.values()
    rows, columns = x.shape
    result, written = np.zeros(rows), ctypes.c_int64()
    data = ctypes.c_void_p(x.ctypes.data)
    out = (ctypes.byref(written), result.ctypes.data_as(ctypes.POINTER(ctypes.c_double)))
    settings, everything = f"num_threads={threads}".encode(), (NORMAL, 0, -1)
    if rows == 1:
        prepared = ctypes.c_void_p()
        _LIB.LGBM_BoosterPredictForMatSingleRowFastInit(
            booster._handle, *everything, FLOAT32, ctypes.c_int32(columns), settings, ctypes.byref(prepared))
        call = lambda: _LIB.LGBM_BoosterPredictForMatSingleRowFast(prepared, data, *out)
    else:
        call = lambda: _LIB.LGBM_BoosterPredictForMat(
            booster._handle, data, FLOAT32, ctypes.c_int32(rows), ctypes.c_int32(columns), ROW_MAJOR, *everything, settings,
            *out)

    def run():
        if call():
            raise RuntimeError("LightGBM's prediction failed")

    return InProcess(run, lambda: {"probabilities": np.stack([1 - result, result], axis=1)}, (booster, x, result))
