"""XGBoost and LightGBM: 500 trees of depth 6 on 64 features, a binary classifier; ONNX by onnxmltools' converters.

Beside the .onnx file: what the libraries load themselves (.json, .txt).
"""

import numpy as np
import onnx

from . import Model

FEATURES, TREES, DEPTH = 64, 500, 6


def training_set():
    """20,000 rows whose label depends on products and thresholds of a few features, with noise."""
    random = np.random.default_rng(21)
    x = random.standard_normal((20_000, FEATURES), np.float32)
    signal = x[:, 0] * x[:, 1] + np.abs(x[:, 2]) - 0.8 + (x[:, 3] > 0.5) * x[:, 4] + 0.3 * x[:, 5:20].sum(axis=1)
    return x, (signal + random.standard_normal(len(x)) > 0).astype(np.int64)


def converted_inputs():
    from onnxmltools.convert.common.data_types import FloatTensorType

    return [("x", FloatTensorType([None, FEATURES]))]


def save(model, path):
    """With the label's rows left open: the converters declare one row, which no engine can bind a batch to."""
    del model.graph.output[0].type.tensor_type.shape.dim[:]
    model.graph.output[0].type.tensor_type.shape.dim.add().dim_param = "batch"
    onnx.save(model, path)


def write_xgboost(path):
    import xgboost
    from onnxmltools import convert_xgboost

    x, y = training_set()
    model = xgboost.XGBClassifier(n_estimators=TREES, max_depth=DEPTH, learning_rate=0.1, random_state=1, n_jobs=2)
    model.fit(x, y)
    model.save_model(path.with_name("xgboost500.json"))
    save(convert_xgboost(model, initial_types=converted_inputs(), target_opset=15), path)


def write_lightgbm(path):
    import lightgbm
    from onnxmltools import convert_lightgbm

    x, y = training_set()
    model = lightgbm.LGBMClassifier(
        n_estimators=TREES, max_depth=DEPTH, num_leaves=2**DEPTH, learning_rate=0.1, random_state=1, n_jobs=2, verbose=-1,
        deterministic=True,
    )
    model.fit(x, y)
    model.booster_.save_model(path.with_name("lightgbm500.txt"))
    save(convert_lightgbm(model, initial_types=converted_inputs(), target_opset=15, zipmap=False), path)


def data(batch):
    return {"x": np.random.default_rng(5).standard_normal((batch, FEATURES), np.float32)}


MODELS = (
    Model("xgboost500", "trees", write_xgboost, data),
    Model("lightgbm500", "trees", write_lightgbm, data),
)
