"""The training loop, its schedules, checkpoints and resume; and the recipes that made the zoo."""

from efficient_ai.train.loop import Recipe, fit
from efficient_ai.train.recipes import RECIPES, train
from efficient_ai.train.schedules import cosine, cubic_sparsity

__all__ = ["RECIPES", "Recipe", "cosine", "cubic_sparsity", "fit", "train"]
