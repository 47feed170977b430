"""How good a net would be, guessed cheaply: by a short training, or by the record of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from efficient_ai.data import as_inputs, fashion_mnist, stratified_subset, train_validation
from efficient_ai.metrics import accuracy
from efficient_ai.search.nets import build
from efficient_ai.search.table import name_of
from efficient_ai.train.loop import Recipe, fit

if TYPE_CHECKING:
    from efficient_ai.search.space import Candidate

DATA = {"fashion_mnist": fashion_mnist}


@dataclass(frozen=True)
class BriefTraining:
    """Train a net for a moment and look at validation pictures: the table's own recipe, unless it is told otherwise.

    `examples` are stratified training pictures, `max_steps` stops early, `judged` is how many validation pictures are
    looked at. Called with a candidate it gives a fraction.

    Raises:
        ValueError: If there is no such data, or a number is below 1.
    """

    data: str = "fashion_mnist"
    examples: int = 6_000
    epochs: int = 3
    max_steps: int | None = None
    judged: int = 5_000
    seed: int = 0

    def __post_init__(self) -> None:
        if self.data not in DATA:
            raise ValueError(f"data must be one of {', '.join(DATA)}, got {self.data!r}")
        if min(self.examples, self.epochs, self.judged, self.max_steps or 1) < 1:
            raise ValueError(f"examples, epochs, steps and judged pictures must be at least 1, got {self}")

    @property
    def recipe(self) -> Recipe:
        """No augmentation, and the same for every net: enough to rank them, too little for their best."""
        return Recipe(
            epochs=self.epochs,
            learning_rate=0.1,
            batch_size=64,
            weight_decay=5e-4,
            warmup_epochs=0.5,
            augment=False,
            seed=self.seed,
        )

    def __call__(self, candidate: Candidate) -> float:
        import keras

        keras.backend.clear_session()
        data = DATA[self.data]()
        chosen, validation = train_validation(data.train_labels)
        few = chosen[stratified_subset(data.train_labels[chosen], self.examples, seed=0)]
        judged = validation[: self.judged]
        model = build(candidate, seed=self.seed)

        def inputs(at):
            return as_inputs(data.train_images[at], model.input_shape[1:])

        fit(model, inputs(few), data.train_labels[few], self.recipe, max_steps=self.max_steps)
        logits = model.predict(inputs(judged), batch_size=500, verbose=0)
        return accuracy(logits, data.train_labels[judged])


@dataclass(frozen=True)
class Recorded:
    """The accuracy of a training that was done before, by the net's name in the table: a look-up is the trial.

    Raises:
        ValueError: When called, if the net isn't in the record.
    """

    accuracies: Mapping[str, float]

    def __call__(self, candidate: Candidate) -> float:
        name = name_of(candidate)
        if name not in self.accuracies:
            raise ValueError(f"the record has no net {name}: limit the search to those that it has")
        return self.accuracies[name]
