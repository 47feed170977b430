"""GoogLeNet (Inception V1) and Inception V4, as TF-Slim defines them; batch normalization and ReLU after each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras

# Inception V1's modules: 1 × 1; 1 × 1 and 3 × 3; 1 × 1 and 3 × 3 (5 × 5 in the paper); 1 × 1 after pooling.
_V1_MODULES = (
    (64, (96, 128), (16, 32), 32),
    (128, (128, 192), (32, 96), 64),
    None,
    (192, (96, 208), (16, 48), 64),
    (160, (112, 224), (24, 64), 64),
    (128, (128, 256), (24, 64), 64),
    (112, (144, 288), (32, 64), 64),
    (256, (160, 320), (32, 128), 128),
    None,
    (256, (160, 320), (32, 128), 128),
    (384, (192, 384), (48, 128), 128),
)


def _conv(x: Any, filters: int, kernel: int | tuple[int, int], stride: int = 1, padding: str = "same") -> Any:
    from keras import layers

    x = layers.Conv2D(filters, kernel, stride, padding, use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization(scale=False)(x))


def _chain(x: Any, *steps: tuple[int, int | tuple[int, int]]) -> Any:
    for filters, kernel in steps:
        x = _conv(x, filters, kernel)
    return x


def _pool(x: Any, stride: int = 1, kind: str = "Max", padding: str = "same", size: int = 3) -> Any:
    from keras import layers

    return getattr(layers, f"{kind}Pooling2D")(size, stride, padding)(x)


def inception_v1(*, classes: int = 1001, size: int = 224) -> keras.Model:
    """Build Inception V1.

    Args:
        classes: Number of logits.
        size: Side of the square input.

    Returns:
        An untrained Keras model, inputs (1, size, size, 3).

    Source: tfslim2016inception.
    """
    import keras
    from keras import layers

    source = keras.Input(batch_shape=(1, size, size, 3))
    x = _pool(_conv(source, 64, 7, 2), 2)
    x = _pool(_chain(x, (64, 1), (192, 3)), 2)
    for number, module in enumerate(_V1_MODULES):
        if module is None:
            x = _pool(x, 2, size=3 if number == 2 else 2)
            continue
        one, three, other, pooled = module
        branches = [_chain(x, (one, 1))]
        branches += [_chain(x, (narrow, 1), (wide, 3)) for narrow, wide in (three, other)]
        x = layers.Concatenate()([*branches, _conv(_pool(x), pooled, 1)])
    x = layers.Dense(classes)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(source, x, name="inception_v1")


def inception_v4(*, classes: int = 1001, size: int = 299) -> keras.Model:
    """Build Inception V4 without its auxiliary head; arguments and result as for `inception_v1`.

    Source: tfslim2016inception.
    """
    import keras
    from keras import layers

    def join(*branches: Any) -> Any:
        return layers.Concatenate()(list(branches))

    source = keras.Input(batch_shape=(1, size, size, 3))
    x = _conv(_conv(_conv(source, 32, 3, 2, "valid"), 32, 3, 1, "valid"), 64, 3)
    x = join(_pool(x, 2, padding="valid"), _conv(x, 96, 3, 2, "valid"))
    straight = _conv(_conv(x, 64, 1), 96, 3, 1, "valid")
    x = join(straight, _conv(_chain(x, (64, 1), (64, (1, 7)), (64, (7, 1))), 96, 3, 1, "valid"))
    x = join(_conv(x, 192, 3, 2, "valid"), _pool(x, 2, padding="valid"))
    for _ in range(4):
        pooled = _conv(_pool(x, kind="Average"), 96, 1)
        x = join(_conv(x, 96, 1), _chain(x, (64, 1), (96, 3)), _chain(x, (64, 1), (96, 3), (96, 3)), pooled)
    narrowed = _conv(_chain(x, (192, 1), (224, 3)), 256, 3, 2, "valid")
    x = join(_conv(x, 384, 3, 2, "valid"), narrowed, _pool(x, 2, padding="valid"))
    for _ in range(7):
        pooled = _conv(_pool(x, kind="Average"), 128, 1)
        short = _chain(x, (192, 1), (224, (1, 7)), (256, (7, 1)))
        long = _chain(x, (192, 1), (192, (7, 1)), (224, (1, 7)), (224, (7, 1)), (256, (1, 7)))
        x = join(_conv(x, 384, 1), short, long, pooled)
    narrowed = _conv(_chain(x, (256, 1), (256, (1, 7)), (320, (7, 1))), 320, 3, 2, "valid")
    x = join(_conv(_conv(x, 192, 1), 192, 3, 2, "valid"), narrowed, _pool(x, 2, padding="valid"))
    for _ in range(3):
        pooled = _conv(_pool(x, kind="Average"), 256, 1)
        short = _conv(x, 384, 1)
        long = _chain(x, (384, 1), (448, (3, 1)), (512, (1, 3)))
        forks = [_conv(branch, 256, kernel) for branch in (short, long) for kernel in ((1, 3), (3, 1))]
        x = join(_conv(x, 256, 1), *forks, pooled)
    x = layers.Dense(classes)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(source, x, name="inception_v4")
