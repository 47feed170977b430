"""How long a net takes, learned: a model of this machine, fitted to the times of single layers.

Two lines make it, and a third uses it:

    layer_times = search.measured_layers()                     # about ten seconds: LiteRT, one thread
    latency_model = search.fit_latency_model(layer_times)      # a few seconds
    latency_model.predict_model(net, precision="int8")         # seconds of one inference, from its shapes alone
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from efficient_ai.errors import EngineMissing
from efficient_ai.metrics import spearman
from efficient_ai.search.candidate_shapes import candidate_layers
from efficient_ai.search.layer_shapes import LayerShape, features, layers_of
from efficient_ai.search.layer_times import LayerTime, LayerTimes
from efficient_ai.search.space import Candidate

if TYPE_CHECKING:
    import keras

FOLDS = 6
# Features that say much the same are judged together: of two that stand for each other, neither would be missed.
GROUPS: dict[str, tuple[str, ...]] = {
    "MACs": ("MACs", "MACs in whole registers"),
    "bytes in and out": ("bytes in", "bytes out"),
    "bytes of weights": ("bytes of weights",),
    "pixels": ("output pixels", "pixels gathered"),
    "channels": ("channels in", "channels out"),
    "kernel and stride": ("kernel", "stride"),
    "kind of layer": ("conv", "depthwise", "dense", "add", "pool"),
    "precision": ("int8",),
}


@dataclass(frozen=True)
class HeldOut:
    """A layer that was timed, and what a model says of it that has seen no layer of its shape."""

    time: LayerTime
    measured_us: float
    predicted_us: float


@dataclass(frozen=True)
class MethodScore:
    """How well a method did on held-out layers: rank correlation, and the median of |predicted / measured − 1|."""

    method: str
    spearman: float
    median_error: float
    mean_log_error: float


@dataclass(frozen=True)
class LatencyModel:
    """What layers and nets take on the machine whose layers it has learned.

    `scores` has every method that was tried, the chosen one, `method`, first; `held_out` is the chosen one's
    cross-validation; `ranges` says between which values each feature lay.
    """

    method: str
    scores: tuple[MethodScore, ...]
    held_out: tuple[HeldOut, ...] = field(repr=False)
    ranges: Mapping[str, tuple[float, float]] = field(repr=False)
    times: LayerTimes = field(repr=False)
    estimator: Any = field(repr=False)

    def predict_layers(self, shapes: Sequence[LayerShape], *, precision: str = "float32") -> np.ndarray:
        """What layers take, without what an inference costs besides.

        Args:
            shapes: Layers.
            precision: "float32" or "int8".

        Returns:
            Seconds, (layers,).

        Raises:
            ValueError: If the precision was not among those measured.
        """
        if precision not in self.times.call_us:
            raise ValueError(f"precision must be one of {', '.join(self.times.call_us)}, got {precision!r}")
        return np.exp(self.estimator.predict(_table(shapes, [precision] * len(shapes)))) / 1e6

    def predict_model(self, net: keras.Model | Candidate, *, precision: str = "float32") -> float:
        """What one inference of a net takes: the sum of its layers, and what any inference costs.

        Args:
            net: A candidate, or a Keras model of convolutions, depthwise and dense layers, additions and average
                pooling, as `search.build` makes them; neither is converted.
            precision: "float32" or "int8".

        Returns:
            Seconds.

        Raises:
            BadModel: If the model has a layer of another kind.
            ValueError: If the precision was not among those measured.
        """
        shapes = candidate_layers(net) if isinstance(net, Candidate) else layers_of(net)
        return float(self.predict_layers(shapes, precision=precision).sum() + self.times.call_us[precision] / 1e6)

    def outside(self, shape: LayerShape, *, precision: str = "float32") -> tuple[str, ...]:
        """The features in which a layer lies outside of all layers measured: there the model only guesses."""
        found = features(shape, precision)
        return tuple(name for name, (low, high) in self.ranges.items() if not low <= found[name] <= high)

    def importance(self, *, repeats: int = 5, seed: int = 0) -> dict[str, float]:
        """How much each group of features matters: how many times worse held-out layers are predicted without it.

        In each fold the group's columns are shuffled among the held-out layers, together, and the error is taken
        again.

        Args:
            repeats: Shuffles of each group.
            seed: Of the shuffles.

        Returns:
            By group, falling: the mean absolute error of the logarithm over that without a shuffle; 1 is no loss.
        """
        random = np.random.default_rng(seed)
        table, target, groups = _examples(self.times)
        names = list(features(self.times.rows[0].shape, self.times.rows[0].precision))
        plain: list[np.ndarray] = []
        shuffled: dict[str, list[np.ndarray]] = {group: [] for group in GROUPS}
        for seen, unseen in _folds(groups):
            fitted = _fitted(self.method, table[seen], target[seen], seed)
            plain.append(np.abs(fitted.predict(table[unseen]) - target[unseen]))
            for group, members in GROUPS.items():
                columns = [names.index(member) for member in members]
                for _ in range(repeats):
                    other = table[unseen].copy()
                    other[:, columns] = other[random.permutation(len(unseen))][:, columns]
                    shuffled[group].append(np.abs(fitted.predict(other) - target[unseen]))
        base = np.concatenate(plain).mean()
        lost = {group: float(np.concatenate(errors).mean() / base) for group, errors in shuffled.items()}
        return dict(sorted(lost.items(), key=lambda pair: -pair[1]))


def fit_latency_model(times: LayerTimes, *, seed: int = 0) -> LatencyModel:
    """Learn what a layer takes from layers that were measured.

    Three methods learn the logarithm of the time from `features`: a ridge regression on all products of two features,
    boosted trees, and a Gaussian process. Each predicts layers in folds that keep layers with the same input and the
    same channels together, whatever their kernel, stride or precision; the one with the smallest mean error there is
    fitted to all.

    Args:
        times: As `measured_layers` gives them, of at least twelve different shapes.
        seed: Of the trees.

    Returns:
        The fitted model with its held-out predictions.

    Raises:
        EngineMissing: If scikit-learn isn't installed.
        ValueError: If there are too few layers, or a time isn't positive.
    """
    _require()
    table, target, groups = _examples(times)
    if len(set(groups)) < 2 * FOLDS or not np.isfinite(target).all():
        raise ValueError(
            f"expected positive times of at least {2 * FOLDS} shapes, got {len(set(groups))}: measure more layers"
        )
    scores, predictions = {}, {}
    for method in METHODS:
        found = np.empty_like(target)
        for seen, unseen in _folds(groups):
            found[unseen] = _fitted(method, table[seen], target[seen], seed).predict(table[unseen])
        predictions[method] = found
        error = np.abs(found - target)
        scores[method] = MethodScore(
            method, spearman(found, target), float(np.median(np.abs(np.expm1(found - target)))), float(error.mean())
        )
    ranked = sorted(scores.values(), key=lambda score: score.mean_log_error)
    chosen = ranked[0].method
    names = features(times.rows[0].shape, times.rows[0].precision)
    return LatencyModel(
        method=chosen,
        scores=tuple(ranked),
        held_out=tuple(
            HeldOut(row, float(measured), float(predicted))
            for row, measured, predicted in zip(times.rows, np.exp(target), np.exp(predictions[chosen]), strict=True)
        ),
        ranges={
            name: (float(low), float(high))
            for name, low, high in zip(names, table.min(axis=0), table.max(axis=0), strict=True)
        },
        times=times,
        estimator=_fitted(chosen, table, target, seed),
    )


def _require() -> None:
    if importlib.util.find_spec("sklearn") is None:
        raise EngineMissing("a latency model needs scikit-learn: pip install scikit-learn")


def _table(shapes: Sequence[LayerShape], precisions: Sequence[str]) -> np.ndarray:
    return np.array([list(features(s, p).values()) for s, p in zip(shapes, precisions, strict=True)])


def _examples(times: LayerTimes) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Features, log microseconds, and the group that each layer is held out with."""
    table = _table([row.shape for row in times.rows], [row.precision for row in times.rows])
    with np.errstate(divide="ignore", invalid="ignore"):
        target = np.log(times.layer_us())
    groups = [str((r.shape.kind, r.shape.height, r.shape.width, r.shape.inputs, r.shape.outputs)) for r in times.rows]
    return table, target, groups


def _folds(groups: Sequence[str]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    from sklearn.model_selection import GroupKFold

    return GroupKFold(FOLDS).split(np.zeros(len(groups)), groups=groups)


def _ridge(seed: int) -> Any:
    from sklearn.linear_model import RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import PolynomialFeatures, StandardScaler

    return make_pipeline(StandardScaler(), PolynomialFeatures(2), RidgeCV(np.logspace(-2, 4, 13)))


def _trees(seed: int) -> Any:
    from sklearn.ensemble import GradientBoostingRegressor

    return GradientBoostingRegressor(
        n_estimators=300, max_depth=3, learning_rate=0.08, subsample=0.7, random_state=seed
    )


def _process(seed: int) -> Any:
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    kernel = ConstantKernel(1.0) * RBF(3.0) + WhiteKernel(0.01)
    return make_pipeline(StandardScaler(), GaussianProcessRegressor(kernel, normalize_y=True))


METHODS = {"quadratic ridge": _ridge, "boosted trees": _trees, "Gaussian process": _process}


def _fitted(method: str, table: np.ndarray, target: np.ndarray, seed: int) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a kernel's parameter at its bound is no fault here
        return METHODS[method](seed).fit(table, target)
