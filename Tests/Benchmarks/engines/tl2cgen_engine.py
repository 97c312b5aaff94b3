"""tl2cgen: the forest as C in if-else form, compiled once (minutes) by the clang at hand and kept beside the model."""

import os
import shutil

import numpy as np
import tl2cgen
import treelite

from . import InProcess, Refused

NAME = "tl2cgen"
VERSION = tl2cgen.__version__


def library(model, path):
    """The shared object of a model, compiled when it is missing."""
    built = path.with_name(f"{path.stem}.tl2cgen.so")
    if not built.exists():
        if model.name == "xgboost500":
            forest = treelite.frontend.load_xgboost_model(path.with_name("xgboost500.json"))
        else:
            forest = treelite.frontend.load_lightgbm_model(path.with_name("lightgbm500.txt"))
        part = path.with_name(f"{path.stem}.tl2cgen.part.so")
        toolchain = "clang" if shutil.which("clang") else "gcc"
        tl2cgen.export_lib(forest, toolchain=toolchain, libpath=part, params={"parallel_comp": os.cpu_count()})
        part.rename(built)
    return built


def start(model, path, feeds, threads):
    if model.kind != "trees":
        raise Refused("not trees")
    try:
        predictor = tl2cgen.Predictor(library(model, path), nthread=threads)
    except Exception as error:
        raise Refused(str(error)) from error
    (x,) = feeds.values()
    rows, last = tl2cgen.DMatrix(x, dtype="float32"), []

    def run():
        last[:] = [predictor.predict(rows)]

    def read():
        second = np.asarray(last[0]).reshape(-1)
        return {"probabilities": np.stack([1 - second, second], axis=1)}

    return InProcess(run, read, (predictor, rows))
