"""Writes the models into a folder: `python Tests/Benchmarks/models DIRECTORY [NAME...]`."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from models import all_models  # noqa: E402

if len(sys.argv) < 2:
    raise SystemExit(__doc__)
for name, model in all_models().items():
    if not sys.argv[2:] or name in sys.argv[2:]:
        print(model.path(pathlib.Path(sys.argv[1])))
