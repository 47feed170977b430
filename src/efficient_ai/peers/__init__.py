"""Other people's tools, run on our nets beside our own code: the same data, the same start, the same steps.

Each runs in a process of its own, since it needs other packages, or another Keras, than we do.
"""

from efficient_ai.peers import counters, edge_quantizer, scale_sim, tfmot

__all__ = ["counters", "edge_quantizer", "scale_sim", "tfmot"]
