"""Hypotheses of the field, made small enough to be tested: tickets, learning to learn, sharing, joint design."""

from efficient_ai.emerging.few_shot import Episodes, adaptation_macs, episodes, nearest_centroid
from efficient_ai.emerging.meta import Maml, Pretrain, Reptile, adapted_right, centroid_right, learn

__all__ = [
    "Episodes",
    "Maml",
    "Pretrain",
    "Reptile",
    "adaptation_macs",
    "adapted_right",
    "centroid_right",
    "episodes",
    "learn",
    "nearest_centroid",
]
