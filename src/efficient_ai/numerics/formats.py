"""Number formats with few values, and one verb that moves real numbers onto them: what low-precision training rounds.

The functions take and give float32 tensors, so that a network can be trained with numbers that have only the values of
a format, on a processor that has no arithmetic of that format. What a format does is stated by its config alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf

ROUNDINGS = ("nearest", "stochastic")
# Of each float format: bits of the mantissa, exponent of the smallest normal number, largest finite number.
FLOATS = {
    "float16": (10, -14, 65504.0),
    "bfloat16": (7, -126, float(np.float32(2.0**128 - 2.0**120))),
    "float8_e4m3fn": (3, -6, 448.0),
    "float8_e5m2": (2, -14, 57344.0),
}
OVERFLOW = {"float8_e4m3fn": np.nan}  # it has no infinity
TERNARY_SHARE = 0.75


def _checked(rounding: str) -> None:
    if rounding not in ROUNDINGS:
        raise ValueError(f"rounding must be one of {', '.join(ROUNDINGS)}, got {rounding!r}")


@dataclass(frozen=True)
class FloatFormat:
    """A floating-point format: "float16", "bfloat16", "float8_e4m3fn" or "float8_e5m2".

    Beyond the largest number lies infinity, or for e4m3, which has none, NaN; with `saturate` the largest number takes
    their place. With `scaled` a tensor is first multiplied by the power of two that brings its largest magnitude just
    below the format's, and divided by it again, as is done with float8, whose range is small.

    Source: micikevicius2022fp8, section 3, for the 8-bit formats.
    """

    name: str
    rounding: str = "nearest"
    saturate: bool = False
    scaled: bool = False

    def __post_init__(self) -> None:
        if self.name not in FLOATS:
            raise ValueError(f"the format must be one of {', '.join(FLOATS)}, got {self.name!r}")
        _checked(self.rounding)

    @property
    def largest(self) -> float:
        """The largest finite number."""
        return FLOATS[self.name][2]

    @property
    def bits(self) -> int:
        """Of one number."""
        return 8 if self.name.startswith("float8") else 16


@dataclass(frozen=True)
class IntFormat:
    """Integers of `bits` bits, 2 to 16, times a scale that is chosen so that the largest value just fits.

    `axis` gives each entry along that axis a scale of its own. A symmetric grid reaches from −top to top, with
    top = 2^(bits − 1) − 1; one that isn't covers the values' range and zero with all 2^bits integers. With `shift` the
    scale is the next power of two, so that hardware can rescale by shifting bits.

    Source: krishnamoorthi2018quantizing, section 2.
    """

    bits: int
    axis: int | None = None
    rounding: str = "nearest"
    symmetric: bool = True
    shift: bool = False

    def __post_init__(self) -> None:
        if not 2 <= self.bits <= 16:
            raise ValueError(f"bits must be in 2..16, got {self.bits}; for one bit use Binary()")
        _checked(self.rounding)

    @property
    def top(self) -> int:
        """The largest integer of the symmetric grid, or how many steps there are in the other."""
        return 2 ** (self.bits - 1) - 1 if self.symmetric else 2**self.bits - 1


@dataclass(frozen=True)
class Ternary:
    """−a, 0 or a: zero up to 0.75 times the mean magnitude, and a the mean magnitude of what lies beyond.

    That share makes the squared error least where weights are normally distributed. `axis` gives each entry along that
    axis an a of its own.

    Source: li2016ternary, section 2.3.
    """

    axis: int | None = None
    bits = 2


@dataclass(frozen=True)
class Binary:
    """−a or a, with a the mean magnitude; zero becomes a.

    The nearest of the two keeps the sign. Stochastic rounding gives a with the probability that makes the mean right,
    as far as it can be: (1 + x / a) / 2, within 0 and 1.

    Source: rastegari2016xnor, section 3.1, for a; courbariaux2015binaryconnect, section 2.2, for the probability.
    """

    axis: int | None = None
    rounding: str = "nearest"
    bits = 1

    def __post_init__(self) -> None:
        _checked(self.rounding)


Format = FloatFormat | IntFormat | Ternary | Binary


def round_to(values: Any, fmt: Format, *, seed: Any = None, scale: Any = None) -> tf.Tensor:
    """Move each number to one that a format has.

    Args:
        values: float32, any shape; a tensor or what becomes one.
        fmt: The format. Nearest means ties to even. Stochastic means up or down with the probabilities that make the
            mean right.
        seed: For stochastic rounding: an integer, or an int32 tensor of two, as TensorFlow's stateless generators
            take; the same seed gives the same result.
        scale: For integers: the scale to use, for instance of values that have been rounded before; whatever lies
            beyond the grid moves to its end. Chosen from the values when left out.

    Returns:
        float32 of the same shape, on the format's grid.

    Raises:
        ValueError: If stochastic rounding has no seed, or a format that isn't of integers gets a scale.

    Source: gupta2015deep, section 3, for stochastic rounding.
    """
    import tensorflow as tf

    values = tf.convert_to_tensor(values, tf.float32)
    if scale is not None and not isinstance(fmt, IntFormat):
        raise ValueError(f"only integers have a scale that can be given, got {fmt}")
    if isinstance(fmt, FloatFormat):
        return _float(values, fmt, seed)
    if isinstance(fmt, IntFormat):
        return _integers(values, fmt, seed, step_of(values, fmt) if scale is None else scale)
    return _ternary(values, fmt) if isinstance(fmt, Ternary) else _binary(values, fmt, seed)


def step_of(values: Any, fmt: IntFormat) -> tf.Tensor:
    """The scale that `round_to` chooses: the distance between neighbours on the grid.

    Args:
        values: float32, any shape.
        fmt: Integers.

    Returns:
        float32 that broadcasts against the values; 1 where all of them are zero.
    """
    import tensorflow as tf

    values = tf.convert_to_tensor(values, tf.float32)
    axes = _shared(values, fmt.axis)
    if fmt.symmetric:
        reach = tf.reduce_max(tf.abs(values), axes, keepdims=True)
    else:
        low, high = _ends(values, axes)
        reach = high - low
    scale = tf.where(reach > 0, reach / fmt.top, 1.0)
    return _power_above(scale) if fmt.shift else scale


def straight_through(x: tf.Tensor, fmt: Format, *, seed: Any = None, scale: Any = None) -> tf.Tensor:
    """`round_to` going forward; going back the gradient passes as if nothing had been rounded.

    Where a number was cut off, as beyond the end of a given scale or of a float that saturates, it is zero.

    Source: bengio2013estimating.
    """
    import tensorflow as tf

    @tf.custom_gradient
    def rounding(values: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        def back(above: tf.Tensor) -> tf.Tensor:
            if isinstance(fmt, FloatFormat) and fmt.saturate and not fmt.scaled:
                return tf.where(tf.abs(values) <= fmt.largest, above, 0.0)
            if scale is not None and fmt.symmetric:
                return tf.where(tf.abs(values) <= fmt.top * scale, above, 0.0)
            return above

        return round_to(values, fmt, seed=seed, scale=scale), back

    return rounding(x)


def rounded_gradient(x: tf.Tensor, fmt: Format, *, seed: Any = None) -> tf.Tensor:
    """The number itself going forward; going back its gradient, moved onto a format."""
    import tensorflow as tf

    @tf.custom_gradient
    def passing(values: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        return tf.identity(values), lambda above: round_to(above, fmt, seed=seed)

    return passing(x)


def grid(fmt: Format, *, scale: float = 1.0) -> np.ndarray:
    """All finite numbers of a format in order, float32; `scale` times what integers, ternary and binary ones have."""
    if isinstance(fmt, FloatFormat):
        mantissa, lowest, largest = FLOATS[fmt.name]
        exponents = range(lowest, int(np.log2(largest)) + 1)
        below = np.arange(2**mantissa) * 2.0 ** (lowest - mantissa)
        above = np.concatenate([np.arange(2**mantissa, 2 ** (mantissa + 1)) * 2.0 ** (e - mantissa) for e in exponents])
        halves = np.concatenate([below, above[above <= largest]])
        return np.concatenate([-halves[:0:-1], halves]).astype(np.float32)
    if isinstance(fmt, IntFormat):
        points = (
            np.arange(-fmt.top, fmt.top + 1)
            if fmt.symmetric
            else np.arange(-(2 ** (fmt.bits - 1)), 2 ** (fmt.bits - 1))
        )
    else:
        points = np.array((-1, 0, 1) if isinstance(fmt, Ternary) else (-1, 1))
    return (points * scale).astype(np.float32)


def _float(values: tf.Tensor, fmt: FloatFormat, seed: Any) -> tf.Tensor:
    import tensorflow as tf

    if fmt.scaled:
        reach = tf.reduce_max(tf.abs(values))
        factor = _power_below(tf.where(reach > 0, fmt.largest / reach, 1.0))
        factor = tf.clip_by_value(factor, 2.0**-100, 2.0**100)
        inner = FloatFormat(fmt.name, fmt.rounding, saturate=True)
        return _float(values * factor, inner, seed) / factor
    if fmt.saturate:
        values = tf.clip_by_value(values, -fmt.largest, fmt.largest)
    if fmt.rounding == "nearest":
        return tf.cast(tf.cast(values, fmt.name), tf.float32)
    mantissa, lowest, largest = FLOATS[fmt.name]
    below = tf.maximum(_power_below(values), 2.0**lowest)  # the power of two that the number's own exponent stands for
    rounded = _stochastic(values / below * 2.0**mantissa, seed) * 2.0**-mantissa * below
    beyond = OVERFLOW.get(fmt.name, np.inf)
    cut = tf.where(values > 0, beyond, tf.where(values < 0, -beyond, values))
    return tf.where(tf.abs(rounded) <= largest, rounded, cut)


def _integers(values: tf.Tensor, fmt: IntFormat, seed: Any, scale: Any) -> tf.Tensor:
    import tensorflow as tf

    steps = values / scale
    rounded = tf.round(steps) if fmt.rounding == "nearest" else _stochastic(steps, seed)
    if fmt.symmetric:
        return tf.clip_by_value(rounded, -float(fmt.top), float(fmt.top)) * scale
    lowest = tf.round(_ends(values, _shared(values, fmt.axis))[0] / scale)
    return tf.clip_by_value(rounded, lowest, lowest + fmt.top) * scale


def _ternary(values: tf.Tensor, fmt: Ternary) -> tf.Tensor:
    import tensorflow as tf

    axes = _shared(values, fmt.axis)
    magnitudes = tf.abs(values)
    kept = tf.cast(magnitudes > TERNARY_SHARE * tf.reduce_mean(magnitudes, axes, keepdims=True), tf.float32)
    count = tf.maximum(tf.reduce_sum(kept, axes, keepdims=True), 1.0)
    return tf.sign(values) * kept * (tf.reduce_sum(magnitudes * kept, axes, keepdims=True) / count)


def _binary(values: tf.Tensor, fmt: Binary, seed: Any) -> tf.Tensor:
    import tensorflow as tf

    mean = tf.reduce_mean(tf.abs(values), _shared(values, fmt.axis), keepdims=True)
    if fmt.rounding == "nearest":
        return tf.where(values < 0, -mean, mean)
    within = tf.clip_by_value(tf.math.divide_no_nan(values, mean), -1.0, 1.0)
    return (2 * _stochastic((within + 1) / 2, seed) - 1) * mean


def _stochastic(values: tf.Tensor, seed: Any) -> tf.Tensor:
    """Up or down to a whole number, up with a probability of what stands behind the point."""
    import tensorflow as tf

    if seed is None:
        raise ValueError("stochastic rounding needs a seed: an integer, or an int32 tensor of two")
    pair = tf.convert_to_tensor((seed, 0) if isinstance(seed, int) else seed)
    low = tf.floor(values)
    drawn = tf.random.stateless_uniform(tf.shape(values), pair, alg="philox")
    return low + tf.cast(drawn < values - low, tf.float32)


def _shared(values: tf.Tensor, axis: int | None) -> list[int]:
    """The axes over which one scale reaches."""
    rank = len(values.shape)
    return [i for i in range(rank) if axis is None or i != axis % rank]


def _ends(values: tf.Tensor, axes: list[int]) -> tuple[tf.Tensor, tf.Tensor]:
    """The range of the values, zero included."""
    import tensorflow as tf

    low = tf.minimum(tf.reduce_min(values, axes, keepdims=True), 0.0)
    return low, tf.maximum(tf.reduce_max(values, axes, keepdims=True), 0.0)


def _power_below(values: tf.Tensor) -> tf.Tensor:
    """The largest power of two that isn't above a number's magnitude, read from its exponent; zero for zero."""
    import tensorflow as tf

    return tf.bitcast(tf.bitcast(values, tf.int32) & 0x7F800000, tf.float32)


def _power_above(values: tf.Tensor) -> tf.Tensor:
    """The smallest power of two that isn't below a positive number."""
    import tensorflow as tf

    power = _power_below(values)
    return tf.where(power < values, 2 * power, power)
