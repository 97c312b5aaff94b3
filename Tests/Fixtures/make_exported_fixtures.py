"""Writes tree models of Tests/Fixtures/onnx as onnxmltools and skl2onnx export them from trained boosters.

    pip install -r Tests/Fixtures/exporters.txt && python Tests/Fixtures/make_exported_fixtures.py

The data is made up; the expected outputs are those of onnxruntime.
"""

import lightgbm
import numpy as np
import xgboost
from onnxmltools import convert_lightgbm, convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType
from skl2onnx import to_onnx
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier

from make_onnx_fixtures import normal, write

FEATURES = 6
INPUT = [("X", FloatTensorType([None, FEATURES]))]


def data(classes):
    random = np.random.default_rng(20)
    x = normal(random, 600, FEATURES)
    signal = x[:, 0] * x[:, 1] + np.sin(2 * x[:, 2]) + 0.1 * normal(random, 600)
    return x, signal if classes == 0 else np.digitize(signal, np.quantile(signal, np.arange(1, classes) / classes))


def rows(missing):
    def make(random, count):
        x = normal(random, count, FEATURES)
        if missing:
            x[random.random(x.shape) < 0.2] = np.nan
        return {"X": x}

    return make


def lightgbm_classifier(classes):
    x, y = data(classes)
    model = lightgbm.LGBMClassifier(n_estimators=8, num_leaves=8, random_state=1, n_jobs=1, verbose=-1).fit(x, y)
    return convert_lightgbm(model, initial_types=INPUT, zipmap=False, target_opset=15)


def lightgbm_regressor():
    model = lightgbm.LGBMRegressor(n_estimators=8, num_leaves=8, random_state=1, n_jobs=1, verbose=-1).fit(*data(0))
    return convert_lightgbm(model, initial_types=INPUT, target_opset=8)


def xgboost_classifier(classes):
    model = xgboost.XGBClassifier(n_estimators=6, max_depth=3, random_state=1, n_jobs=1).fit(*data(classes))
    return convert_xgboost(model, initial_types=INPUT, target_opset=15)


def xgboost_regressor():
    model = xgboost.XGBRegressor(n_estimators=8, max_depth=3, random_state=1, n_jobs=1).fit(*data(0))
    return convert_xgboost(model, initial_types=INPUT, target_opset=15)


def sklearn_forest():
    model = RandomForestClassifier(n_estimators=5, max_depth=4, random_state=1, n_jobs=1).fit(*data(3))
    return to_onnx(model, data(3)[0][:1], options={"zipmap": False}, target_opset=17)


def sklearn_boosting():
    model = GradientBoostingRegressor(n_estimators=8, max_depth=3, random_state=1).fit(*data(0))
    return to_onnx(model, data(0)[0][:1], target_opset=17)


CASES = {
    "exported_lightgbm_binary": (lightgbm_classifier(2), False),
    "exported_lightgbm_multiclass": (lightgbm_classifier(3), False),
    "exported_lightgbm_regressor": (lightgbm_regressor(), False),
    "exported_xgboost_binary": (xgboost_classifier(2), True),
    "exported_xgboost_multiclass": (xgboost_classifier(3), True),
    "exported_xgboost_regressor": (xgboost_regressor(), True),
    "exported_sklearn_forest": (sklearn_forest(), False),
    "exported_sklearn_boosting": (sklearn_boosting(), False),
}

if __name__ == "__main__":
    for name, (model, missing) in CASES.items():
        write(name, model, rows(missing))
        print(name, [node.op_type for node in model.graph.node], [(o.domain, o.version) for o in model.opset_import])
