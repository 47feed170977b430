"""Which nets the study `searched` trains: a page makes the choice again and compares."""

from __future__ import annotations

# Three widths of one net, as one would draw it by hand: MobileNetV1's blocks at the picture's full resolution.
FAMILY = ("separable-8-3x2-k3-32", "separable-16-3x2-k3-32", "separable-24-3x2-k3-32")
# By lot out of the table's nets with at most two million multiply-accumulates: what the proxy is judged by.
DRAWN = (
    "separable-12-2x1-k5-16",
    "inverted-12-3x2-k3-16",
    "inverted-12-3x1-k5-16",
    "separable-24-2x2-k3-16",
    "residual-8-2x2-k3-16",
    "separable-8-2x2-k3-16",
)
# In place of each of the family's nets: the middle choice of three seeds, by the proxy and the latency model.
FIRST_ATTEMPT = ("residual-8-3x2-k5-16", "residual-8-3x1-k5-16", "residual-8-3x1-k5-16")
# The second attempt: all that three seeds chose, and what was taken of it, by the validation pictures and the clock.
SHORTLIST = ("residual-8-3x1-k5-16", "inverted-16-3x2-k3-16", "plain-24-3x2-k3-16", "inverted-32-3x2-k3-16")
SECOND_ATTEMPT = ("inverted-16-3x2-k3-16", "inverted-16-3x2-k3-16", "inverted-32-3x2-k3-16")
# Other seeds and another sampler chose these, too.
OTHERS = ("residual-16-3x2-k3-16", "inverted-16-3x2-k5-16")
CHOSEN = tuple(dict.fromkeys((*FIRST_ATTEMPT, *SHORTLIST, *OTHERS)))
SECOND_SEED: tuple[str, ...] = ()
