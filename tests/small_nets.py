"""Nets small enough to convert in a second, and their .tflite forms: for the tests of cost, engines and measure."""

from __future__ import annotations

import functools
import warnings

import numpy as np

PRECISIONS = ("float32", "float16", "dynamic_int8", "int8", "int16x8")


def samples(count: int, shape: tuple[int, ...] = (12, 12, 3), seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, size=(count, *shape)).astype("float32")


@functools.cache
def residual_net():
    """Convolutions, a depthwise one, a residual addition, pooling and a classifier, with moved statistics."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(0)
    source = keras.Input(batch_shape=(1, 12, 12, 3))
    x = layers.Conv2D(8, 3, padding="same")(source)
    x = layers.BatchNormalization()(x)
    x = shortcut = layers.ReLU()(x)
    x = layers.DepthwiseConv2D(3, padding="same")(x)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU(6.0)(x)
    x = layers.Conv2D(8, 1)(x)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(layers.Add()([x, shortcut]))
    x = layers.MaxPooling2D(2)(x)
    x = layers.Conv2D(24, 3, strides=2, padding="same")(x)
    x = layers.GlobalAveragePooling2D()(x)
    model = keras.Model(source, layers.Dense(5)(x), name="residual_net")
    rng = np.random.default_rng(1)
    model.set_weights(
        [
            (
                np.abs(w) + rng.uniform(0.1, 1, w.shape)
                if "variance" in v.path or "gamma" in v.path
                else w + rng.normal(0, 0.1, w.shape)
            )
            for v, w in zip(model.weights, model.get_weights(), strict=True)
        ]
    )
    return model


@functools.cache
def tflite(precision: str = "float32", float_io: bool = False) -> bytes:
    """`residual_net` as a .tflite file; with `float_io`, int8 inside and float32 outside."""
    from efficient_ai import compress

    if float_io:
        return _int8_with_float_io()
    calibration_set = samples(32, seed=7)
    configs = {
        "float32": compress.Float32(),
        "float16": compress.Float16(),
        "dynamic_int8": compress.DynamicInt8(),
        "int8": compress.Int8(calibration_set=calibration_set),
        "int16x8": compress.Int16x8(calibration_set=calibration_set),
    }
    return compress.convert(residual_net(), configs[precision]).content


def _int8_with_float_io() -> bytes:
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(residual_net())
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([image[None]] for image in samples(32, seed=7))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of statistics that the calibration then gives
        return converter.convert()
