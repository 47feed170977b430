"""Models of a user's own, one of each kind that a report has to deal with, saved into a folder."""

from pathlib import Path

import numpy as np


def dense(name="dense"):
    import keras
    from keras import layers

    keras.utils.set_random_seed(0)
    source = keras.Input((8,), name="features")
    return keras.Model(source, layers.Dense(4)(layers.Dense(64, activation="relu")(source)), name=name)


def save_all(folder: Path) -> None:
    """dense, two inputs, LSTM, embedding, text, dynamic shape, SVD, and a subclassed one as a SavedModel."""
    import keras
    from keras import layers

    dense().save(folder / "dense.keras")
    picture, extra = keras.Input((8, 8, 3), name="picture"), keras.Input((5,), name="extra")
    x = layers.Concatenate()([layers.GlobalAveragePooling2D()(layers.Conv2D(8, 3)(picture)), extra])
    two = keras.Model([picture, extra], [layers.Dense(3, name="kind")(x), layers.Dense(1, name="size")(x)], name="two")
    two.save(folder / "two.keras")
    steps = keras.Input((6, 4))
    keras.Model(steps, layers.Dense(3)(layers.LSTM(8)(steps)), name="lstm").save(folder / "lstm.keras")
    words = keras.Input((10,), dtype="int32", name="words")
    x = layers.GlobalAveragePooling1D()(layers.Embedding(50, 8)(words))
    keras.Model(words, layers.Dense(3)(x), name="embedding").save(folder / "embedding.keras")
    reader = layers.TextVectorization(max_tokens=20, output_sequence_length=6)
    reader.adapt(["a b c d", "e f g"])
    text = keras.Input((1,), dtype="string", name="text")
    x = layers.GlobalAveragePooling1D()(layers.Embedding(20, 8)(reader(text)))
    keras.Model(text, layers.Dense(3)(x), name="text").save(folder / "text.keras")
    open_one = keras.Input((None, None, 3), name="picture")
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(8, 3)(open_one))
    keras.Model(open_one, layers.Dense(3)(x), name="dynamic").save(folder / "dynamic.keras")
    source = keras.Input((16,))
    x = keras.ops.linalg.svd(layers.Reshape((4, 4))(layers.Dense(16)(source)))[1]
    keras.Model(source, x, name="svd").save(folder / "svd.keras")

    class Own(keras.Model):
        """Subclassed: a .keras file can't bring it back without its class."""

        def __init__(self):
            super().__init__()
            self.inner = layers.Dense(4)

        def call(self, inputs):
            return self.inner(inputs)

    own = Own()
    own(np.zeros((1, 8), np.float32))
    own.save(folder / "own.keras")
    own.export(folder / "own", verbose=False)
