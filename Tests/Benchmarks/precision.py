"""Our plans with weights of fewer bits beside our own with f32: speed, drift, error."""

import statistics
from dataclasses import dataclass, field

from engines import Refused
from models import all_models
from targets import NARROW_ENCODERS, NARROW_FIRST

PRECISIONS = ("f16", "bf16", "int8")
MODELS = ("mlp", "gpt_step", "minilm_32", "minilm_128", "bert_base_128")


@dataclass
class Narrow:
    """Times of one precision in microseconds, a median for each round."""

    medians: list = field(default_factory=list)
    drift: float = 0
    error: float = 0

    @property
    def median(self):
        return statistics.median(self.medians)


@dataclass
class Row:
    model: str
    kind: str
    batch: int
    wide: Narrow
    """With f32 weights."""
    narrow: dict
    """By precision; None where the model was refused."""

    def faster(self, weights):
        """The time with f32 weights over this one's, round by round."""
        return statistics.median(w / n for w, n in zip(self.wide.medians, self.narrow[weights].medians))

    @property
    def target(self):
        """What f16 is to reach over f32."""
        return NARROW_FIRST if self.batch == 1 and self.kind != "encoder" else NARROW_ENCODERS


def rows(ours, options):
    """The models' batches whose inputs lie there from the comparison with other engines."""
    for name in MODELS:
        model = all_models()[name]
        path = model.path(options.models)
        for batch in model.batches:
            data = options.work / f"{name}-{batch}"
            if (options.only and name not in options.only) or not data.exists():
                continue
            row = measured(ours, model, path, data, batch, options)
            if row:
                yield row


def measured(ours, model, path, data, batch, options):
    runners = {}
    for weights in ("f32", *PRECISIONS):
        try:
            runners[weights] = ours.start(model, path, data, batch, 1, weights)
        except Refused:
            if weights == "f32":
                return None  # The comparison with other engines says why.
    found = {weights: Narrow() for weights in runners}
    for weights, runner in runners.items():
        found[weights].error = runner.error(None)
        found[weights].drift = ours.drifts[model.name, weights] or 0
    for turn in range(options.rounds):
        names = list(runners)
        for weights in names[turn % len(names):] + names[: turn % len(names)]:
            found[weights].medians.append(runners[weights].times(options.seconds)[0])
    return Row(model.name, model.kind, batch, found["f32"], {weights: found.get(weights) for weights in PRECISIONS})
