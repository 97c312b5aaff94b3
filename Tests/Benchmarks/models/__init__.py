"""The models that the benchmarks time, written from fixed seeds into a folder once.

    python Tests/Benchmarks/models/__main__.py DIRECTORY [NAME...]
"""

import pathlib
import sys
from dataclasses import dataclass
from typing import Callable

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "Fixtures"))


@dataclass(frozen=True)
class Model:
    """A model file and the work that is timed on it."""

    name: str
    kind: str
    """The class whose target the row has, a key of `targets.RATIOS`."""
    write: Callable[[pathlib.Path], None]
    """Writes the .onnx file, and beside it what native peers load."""
    inputs: Callable[[int], dict]
    """Inputs of a batch, in the order of the graph's inputs."""
    batches: tuple = (1, 8, 32, 128)
    file: str = ""
    """The file's stem when another row shares it."""
    requests: Callable[[dict], list] | None = None
    """Takes a padded batch apart into the inputs of single requests without their padding. Ours answers these, the row's
    peers the batch, and the report has their times for the single requests too."""

    @property
    def stem(self):
        return self.file or self.name

    def path(self, folder):
        """The model's file in `folder`, written when it is missing; by another name first, so never half a file."""
        path = folder / f"{self.stem}.onnx"
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            print(f"writing {path.name}", file=sys.stderr)
            part = path.with_suffix(".part.onnx")
            self.write(part)
            part.rename(path)
        return path


def all_models():
    from . import convolutional, decoder, encoders, recommenders, recurrent, trees

    parts = (recommenders, trees, recurrent, encoders, decoder, convolutional)
    return {model.name: model for part in parts for model in part.MODELS}
