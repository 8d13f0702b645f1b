"""Saves two models of Keras, each for this package (.keras) and for LiteRT.js (.tflite).

    python make_keras_models.py FOLDER      in the environment of requirements/keras3.txt

`encoder` is a transformer encoder as Keras's users build it, from built-in layers; `norm` is one layer
normalisation. Writes NAME.json, with an input, what Keras predicts, and both files in base64.
"""

import base64
import json
import os
import pathlib
import sys
import tempfile

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from keras import layers

BLOCKS, HEADS = 4, 4
ENCODER = (1, 128, 256)
NORM = (8, 512, 768)


def encoder(width):
    x = inputs = keras.Input(ENCODER[1:], batch_size=ENCODER[0])
    for _ in range(BLOCKS):
        y = layers.LayerNormalization()(x)
        x = x + layers.MultiHeadAttention(HEADS, width // HEADS)(y, y)
        y = layers.LayerNormalization()(x)
        x = x + layers.Dense(width)(layers.Dense(4 * width, activation="relu")(y))
    return keras.Model(inputs, layers.LayerNormalization()(x))


def norm():
    inputs = keras.Input(NORM[1:], batch_size=NORM[0])
    return keras.Model(inputs, layers.LayerNormalization()(inputs))


def base64_of(data):
    return base64.b64encode(data).decode()


def save(name, model, folder):
    rng = np.random.default_rng(1)
    for weight in model.weights:
        kind = weight.name.split("/")[-1]
        if kind in ("gamma", "beta", "bias"):
            low = 0.8 if kind == "gamma" else -0.1
            weight.assign(rng.uniform(low, low + 0.4, weight.shape))
    x = rng.standard_normal(model.inputs[0].shape).astype("float32")
    with tempfile.TemporaryDirectory() as temporary:
        file = pathlib.Path(temporary, "model.keras")
        model.save(file)
        in_keras = file.read_bytes()
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    tensor = lambda values: {"shape": list(values.shape), "values": base64_of(values.tobytes())}
    case = {
        "name": name,
        "source": f"Keras {keras.__version__}, TensorFlow {tf.__version__}",
        "x": tensor(x),
        "y": tensor(model.predict(x, batch_size=len(x), verbose=0)),
        "keras": base64_of(in_keras),
        "tflite": base64_of(converter.convert()),
    }
    (folder / f"{name}.json").write_text(json.dumps(case))


keras.utils.set_random_seed(1)
to = pathlib.Path(sys.argv[1])
to.mkdir(parents=True, exist_ok=True)
save("encoder", encoder(ENCODER[2]), to)
save("norm", norm(), to)
