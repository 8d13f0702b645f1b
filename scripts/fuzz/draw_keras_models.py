"""Draws random valid Keras models and writes each with what Keras predicts, for `npm run fuzz:keras`.

    python draw_keras_models.py draw FOLDER --count 200 --seed 1
    python draw_keras_models.py build FOLDER          (specs as JSON lines on stdin; shrinks a case)
    python draw_keras_models.py audit FOLDER          (names of cases and formats as JSON lines on stdin)

A model is drawn as a spec, a list of calls that JSON can hold, and built from it, so that the
driver can take calls out of a spec and have the smaller model built again. Calls that Keras itself
rejects are dropped while drawing. Each case is a folder with spec.json, io.json, m.keras and, where
Keras can write one, m.h5.

It runs with Keras 3 (the package keras) and with Keras 2 (tf_keras, or keras below 3).
"""

import argparse
import contextlib
import gc
import inspect
import json
import os
import random
import shutil
import sys
import traceback
import warnings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
warnings.filterwarnings("ignore")

import logging  # noqa: E402

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

for quiet in ("absl", "tensorflow"):
    logging.getLogger(quiet).setLevel(logging.ERROR)

try:
    import tf_keras as keras
except ImportError:
    import keras

KERAS3 = int(keras.__version__.split(".")[0]) >= 3
ops = keras.ops if KERAS3 else None
BATCH = 3
COMPILED = 20  # One model in so many is compiled, as `predict` does by default.
STEPS = 5
TOKENS = 7
NOISES = 8  # How often an audited model is run with its numbers moved.

# ---------------------------------------------------------------------------------------------
# What may be drawn: a row a class, with the ranks that it takes (the batch not counted), the
# options that it always needs, and those of which each is set in one of three models.

ACTIVATIONS = [
    "relu", "tanh", "sigmoid", "elu", "selu", "softplus", "softsign", "gelu", "swish", "exponential",
    "linear", "hard_sigmoid", "softmax", "mish", "relu6", "leaky_relu", "log_softmax",
]
if KERAS3:
    ACTIVATIONS += [
        *["silu", "hard_silu", "celu", "log_sigmoid", "glu", "hard_shrink", "hard_tanh", "soft_shrink"],
        *["sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus", "tanh_shrink", "threshold"],
    ]
    ACTIVATIONS = [name for name in ACTIVATIONS if hasattr(keras.activations, name)]
# A layer may stand where an activation does.
ACTIVATIONS += [
    {"class": "LeakyReLU", "config": {}},
    {"class": "ELU", "config": {"alpha": 0.5}},
    {"class": "ReLU", "config": {"max_value": 1.0, "negative_slope": 0.1, "threshold": 0.2}},
    {"class": "Softmax", "config": {"axis": -1}},
]
# What changes what is saved, and not what is computed.
WEIGHTED = {
    "?kernel_initializer": ["he_normal", "orthogonal", "glorot_uniform", "truncated_normal", "lecun_uniform"],
    "?bias_initializer": ["ones", "random_normal"],
    "?kernel_regularizer": ["l2", "l1", "l1_l2"],
    "?kernel_constraint": ["max_norm", "non_neg", "unit_norm"],
}
FORMATS = ["channels_last", "channels_first"]
RECURRENT = {
    "units": [2, 3],
    "?return_state": [True],
    "?recurrent_dropout": [0.2],
    "?return_sequences": [True],
    "?go_backwards": [True],
    "?use_bias": [False],
    "?activation": ["relu", "sigmoid"],
    "?recurrent_activation": ["hard_sigmoid", "tanh"],
    "?zero_output_for_mask": [True],
    "?unroll": [True],
    "?dropout": [0.2],
}
CONV_LSTM = {
    **{"filters": [2], "kernel_size": [2], "?return_sequences": [True], "?return_state": [True]},
    **{"?padding": ["same"], "?strides": [2], "?dilation_rate": [2], "?go_backwards": [True]},
    **{"?activation": ["relu"], "?use_bias": [False], "?dropout": [0.2], "?data_format": FORMATS},
}
RNN = {key: RECURRENT[key] for key in ("?return_sequences", "?return_state", "?go_backwards", "?unroll")}
SIMPLE = {key: value for key, value in RECURRENT.items() if key != "?recurrent_activation"}
CONV = {
    "kernel_size": [1, 2, 3],
    "?padding": ["same"],
    "?strides": [2],
    "?dilation_rate": [2],
    "?use_bias": [False],
    "?activation": ACTIVATIONS,
    "?data_format": FORMATS,
}
FILTERED = {"filters": [2, 4], **CONV}
POOL = {"?pool_size": [2, 3], "?strides": [1, 2], "?padding": ["same"], "?data_format": FORMATS}
GLOBAL = {"?keepdims": [True], "?data_format": FORMATS}
ADAPTIVE = {"output_size": [1, 2]}
NORM = {"?epsilon": [1e-5, 1e-2], "?center": [False], "?scale": [False]}

LAYERS = [
    ("Dense", {1, 2, 3}, {"units": [2, 3, 4], "?activation": ACTIVATIONS, "?use_bias": [False], **WEIGHTED}),
    ("Activation", {1, 2, 3}, {"activation": ACTIVATIONS}),
    ("Dropout", {1, 2, 3}, {"rate": [0.3]}),
    ("GaussianNoise", {1, 2}, {"stddev": [0.1]}),
    ("SpatialDropout1D", {2}, {"rate": [0.2]}),
    ("BatchNormalization", {1, 2, 3}, {**NORM, "?axis": [-1, 1]}),
    ("LayerNormalization", {1, 2, 3}, {**NORM, "?axis": [-1, 1, [1, 2], [2, 1]], "?rms_scaling": [True]}),
    ("LayerNormalization", {1, 2, 3}, NORM),
    ("GroupNormalization", {1, 2, 3}, {"groups": [1, 2, -1], "?axis": [1, -2], **NORM}),
    ("UnitNormalization", {1, 2, 3}, {"?axis": [-1, 1, [1, 2]]}),
    ("RMSNormalization", {1, 2}, {"?epsilon": [1e-5]}),
    ("Rescaling", {1, 2, 3}, {"scale": [0.5, 2.0], "?offset": [-1.0]}),
    ("LeakyReLU", {1, 2}, {}),
    ("PReLU", {1, 2, 3}, {"?shared_axes": [[1]]}),
    ("ELU", {1, 2}, {"?alpha": [0.5]}),
    ("ReLU", {1, 2}, {"?max_value": [1.0], "?negative_slope": [0.1], "?threshold": [0.2]}),
    ("Softmax", {1, 2, 3}, {"?axis": [-1, 1, [1, 2]]}),
    ("Flatten", {0, 1, 2, 3, 4}, {"?data_format": FORMATS}),
    ("RepeatVector", {1}, {"n": [2, 5]}),
    ("Permute", {2}, {"dims": [[2, 1]]}),
    ("Permute", {3}, {"dims": [[2, 1, 3], [3, 1, 2]]}),
    ("Reshape", {1, 2, 3}, {"target_shape": [[-1], [-1, 1], [2, -1], [-1, 2, 1]]}),
    ("Masking", {2}, {"mask_value": [0.0]}),
    ("LSTM", {2}, RECURRENT),
    ("GRU", {2}, {**RECURRENT, "?reset_after": [False]}),
    ("SimpleRNN", {2}, SIMPLE),
    ("TimeDistributed", {2, 3}, {"layer": ["Dense", "LayerNormalization", "BatchNormalization", "Sequential"]}),
    ("TimeDistributed", {3}, {"layer": ["LSTM", "Conv1D", "GlobalAveragePooling1D", "Bidirectional", "Flatten"]}),
    ("TimeDistributed", {4}, {"layer": ["Conv2D", "GlobalMaxPooling2D", "MaxPooling2D"]}),
    ("Bidirectional", {2}, {"layer": ["LSTM", "GRU", "SimpleRNN"], "?merge_mode": ["sum", "mul", "ave", "concat", None]}),
    ("Bidirectional", {2}, {"layer": ["LSTM"], "backward_layer": ["LSTM", "GRU"], "?merge_mode": ["sum", None]}),
    ("Bidirectional", {2}, {"layer": ["RNN"]}),
    ("RNN", {2}, {"cell": ["LSTMCell", "GRUCell", "SimpleRNNCell", "StackedRNNCells"], **RNN}),
    ("RNN", {2}, {"cell": [["LSTMCell", "GRUCell"], ["GRUCell", "GRUCell"]], **RNN}),
    ("Conv1D", {2}, {**FILTERED, "?padding": ["same", "causal"], "?groups": [2]}),
    ("SeparableConv1D", {2}, {**FILTERED, "?depth_multiplier": [2]}),
    ("DepthwiseConv1D", {2}, {**CONV, "?depth_multiplier": [2]}),
    ("Conv1DTranspose", {2}, FILTERED),
    ("MaxPooling1D", {2}, POOL),
    ("AveragePooling1D", {2}, POOL),
    ("GlobalAveragePooling1D", {2}, GLOBAL),
    ("GlobalMaxPooling1D", {2}, GLOBAL),
    ("Cropping1D", {2}, {"cropping": [1, [1, 0]]}),
    ("ZeroPadding1D", {2}, {"padding": [1, [0, 2]]}),
    ("UpSampling1D", {2}, {"size": [2]}),
    ("Conv2D", {3}, {**FILTERED, "?groups": [2]}),
    ("SeparableConv2D", {3}, {**FILTERED, "?depth_multiplier": [2]}),
    ("DepthwiseConv2D", {3}, {**CONV, "?depth_multiplier": [2]}),
    ("Conv2DTranspose", {3}, {**FILTERED, "?output_padding": [1]}),
    ("MaxPooling2D", {3}, POOL),
    ("AveragePooling2D", {3}, POOL),
    ("GlobalAveragePooling2D", {3}, GLOBAL),
    ("GlobalMaxPooling2D", {3}, GLOBAL),
    ("Cropping2D", {3}, {"cropping": [1, [[1, 0], [0, 1]]], "?data_format": FORMATS}),
    ("ZeroPadding2D", {3}, {"padding": [1, [[1, 0], [0, 2]]], "?data_format": FORMATS}),
    ("UpSampling2D", {3}, {"size": [2, [1, 2]], "?interpolation": ["bilinear"], "?data_format": FORMATS}),
    ("ConvLSTM1D", {3}, CONV_LSTM),
    ("Conv3D", {4}, FILTERED),
    ("MaxPooling3D", {4}, POOL),
    ("GlobalAveragePooling3D", {4}, GLOBAL),
    ("EinsumDense", {2}, {"equation": ["abc,cd->abd"], "output_shape": [[None, 3]], "?bias_axes": ["d"]}),
    ("EinsumDense", {2}, {"equation": ["abc,cde->abde"], "output_shape": [[None, 2, 2]], "?bias_axes": ["de", "e"], "?activation": ACTIVATIONS}),
    ("EinsumDense", {1, 2, 3}, {"equation": ["...x,xy->...y"], "output_shape": [[3]], "?bias_axes": ["y"]}),
    ("Identity", {1, 2}, {}),
    ("ActivityRegularization", {1, 2}, {"l2": [0.01]}),
    ("AlphaDropout", {1, 2}, {"rate": [0.2]}),
    ("GaussianDropout", {1, 2}, {"rate": [0.2]}),
    ("SpatialDropout2D", {3}, {"rate": [0.2]}),
    ("SpatialDropout3D", {4}, {"rate": [0.2]}),
    ("ThresholdedReLU", {1, 2}, {"theta": [0.3]}),
    ("SpectralNormalization", {1, 2}, {"layer": ["Dense"], "?power_iterations": [2]}),
    ("SpectralNormalization", {2}, {"layer": ["Conv1D"]}),
    ("Normalization", {1, 2, 3}, {"mean": [0.5], "variance": [2.0], "?invert": [True], "?axis": [None, 1]}),
    ("Discretization", {1, 2}, {"bin_boundaries": [[-0.5, 0.5]], "?output_mode": ["one_hot"]}),
    ("LocallyConnected1D", {2}, {"filters": [2], "kernel_size": [2], "?strides": [2], "?implementation": [2, 3]}),
    ("LocallyConnected2D", {3}, {"filters": [2], "kernel_size": [2], "?strides": [2], "?implementation": [2, 3]}),
    ("AdaptiveAveragePooling1D", {2}, ADAPTIVE),
    ("AdaptiveMaxPooling1D", {2}, ADAPTIVE),
    ("AdaptiveAveragePooling2D", {3}, ADAPTIVE),
    ("AdaptiveMaxPooling2D", {3}, ADAPTIVE),
    ("AdaptiveAveragePooling3D", {4}, ADAPTIVE),
    ("AdaptiveMaxPooling3D", {4}, ADAPTIVE),
    ("ConvLSTM2D", {4}, CONV_LSTM),
    ("ConvLSTM3D", {5}, CONV_LSTM),
    ("Conv3DTranspose", {4}, FILTERED),
    ("AveragePooling3D", {4}, POOL),
    ("GlobalMaxPooling3D", {4}, GLOBAL),
    ("Cropping3D", {4}, {"cropping": [1, [[1, 0], [0, 1], [1, 1]]]}),
    ("ZeroPadding3D", {4}, {"padding": [1], "?data_format": FORMATS}),
    ("UpSampling3D", {4}, {"size": [[1, 2, 1]], "?data_format": FORMATS}),
    ("CenterCrop", {3}, {"height": [3], "width": [4]}),
    ("Resizing", {3}, {"height": [5], "width": [4], "?interpolation": ["nearest", "bicubic"]}),
    ("RandomCrop", {3}, {"height": [3], "width": [4]}),
    ("AutoContrast", {3}, {"value_range": [[-2.0, 2.0]]}),
    ("RandomFlip", {3}, {}),
    ("RandomBrightness", {3}, {"factor": [0.2]}),
    ("RandomContrast", {3}, {"factor": [0.2]}),
    ("RandomRotation", {3}, {"factor": [0.1]}),
    ("RandomTranslation", {3}, {"height_factor": [0.1], "width_factor": [0.1]}),
    ("RandomZoom", {3}, {"height_factor": [0.1]}),
    ("MelSpectrogram", {1}, {"fft_length": [4], "sequence_stride": [2], "num_mel_bins": [2], "?power_to_db": [False]}),
    ("STFTSpectrogram", {2}, {"frame_length": [2], "window": [[0.5, 1.0]], "?mode": ["real", "stft", "psd"], "?expand_dims": [True]}),
]
MERGES = [
    ("Add", {}), ("Subtract", {}), ("Multiply", {}), ("Average", {}), ("Maximum", {}), ("Minimum", {}),
    ("Concatenate", {"?axis": [-1, 1, -2]}), ("Dot", {"axes": [-1, 1, [1, 2], [2, 2]], "?normalize": [True]}),
]
ATTENTION = [
    (
        "MultiHeadAttention",
        {
            **{"num_heads": [1, 2], "key_dim": [2, 3], "?value_dim": [4], "?use_bias": [False], "?output_shape": [3]},
            **{"?dropout": [0.1], "?attention_axes": [1, 2]},
        },
    ),
    ("Attention", {"?use_scale": [True], "?score_mode": ["concat"], "?dropout": [0.1]}),
    ("AdditiveAttention", {"?use_scale": [False], "?dropout": [0.1]}),
    ("GroupQueryAttention", {"num_query_heads": [2], "num_key_value_heads": [1, 2], "head_dim": [2], "?use_bias": [False]}),
]
INNER = {
    "Dense": {"units": 3},
    "LayerNormalization": {},
    "BatchNormalization": {},
    "LSTM": {"units": 2},
    "GRU": {"units": 2},
    "SimpleRNN": {"units": 2},
    "Conv1D": {"filters": 2, "kernel_size": 2},
    "GlobalAveragePooling1D": {},
    "LSTMCell": {"units": 2},
    "GRUCell": {"units": 2},
    "SimpleRNNCell": {"units": 2},
    "Flatten": {},
    "MaxPooling2D": {},
    "GlobalMaxPooling2D": {},
    "Conv2D": {"filters": 2, "kernel_size": 2},
    "Bidirectional": {"layer": {"class": "GRU", "config": {"units": 2}}},
    "RNN": {"cell": {"class": "LSTMCell", "config": {"units": 2}}},
    "StackedRNNCells": {
        "cells": [{"class": "SimpleRNNCell", "config": {"units": 3}}, {"class": "LSTMCell", "config": {"units": 2}}]
    },
    "Sequential": {
        "layers": [
            {"class": "Dense", "config": {"units": 4}},
            {"class": "LayerNormalization", "config": {}},
            {"class": "Dense", "config": {"units": 4}},
        ]
    },
}
HELD = ("layer", "backward_layer", "cell", "cells", "layers", "activation", "recurrent_activation")

# An operation: its name, the ranks that it takes (the batch not counted), how many tensors, how to
# compute it from them and a constant c. `ops` is keras.ops in Keras 3 and TensorFlow in Keras 2.
OPERATIONS = {
    "add_constant": ({1, 2, 3}, 1, lambda x, c: x + c),
    "constant_minus": ({1, 2, 3}, 1, lambda x, c: c - x),
    "times": ({1, 2, 3}, 1, lambda x, c: x * c),
    "divided": ({1, 2}, 1, lambda x, c: x / c),
    "negated": ({1, 2}, 1, lambda x, c: -x),
    "square": ({1, 2}, 1, lambda x, c: x**2),
    "first_step": ({2, 3}, 1, lambda x, c: x[:, 0]),
    "last_step": ({2, 3}, 1, lambda x, c: x[:, -1]),
    "all_but_first": ({2, 3}, 1, lambda x, c: x[:, 1:]),
    "every_other": ({2}, 1, lambda x, c: x[:, ::2]),
    "last_feature": ({1, 2}, 1, lambda x, c: x[..., -1:]),
    "new_axis": ({1, 2}, 1, lambda x, c: x[:, None]),
    "plus": ({1, 2, 3}, 2, lambda x, y, c: x + y),
    "minus": ({1, 2, 3}, 2, lambda x, y, c: x - y),
    "product": ({1, 2}, 2, lambda x, y, c: x * y),
    "quotient": ({1, 2}, 2, lambda x, y, c: x / (y * y + 1)),
    "floor_divided": ({1, 2}, 1, lambda x, c: x // c),
    "remainder": ({1, 2}, 1, lambda x, c: x % c),
    "times_row": ({1, 2, 3}, 1, lambda x, c: x * np.linspace(0.5, 1.5, x.shape[-1]).astype("float32")),
    "one_step": ({2, 3}, 1, lambda x, c: x[:, 2, :]),
    "middle": ({2, 3}, 1, lambda x, c: x[:, 1:-1]),
    "reversed": ({2, 3}, 1, lambda x, c: x[:, ::-1]),
    "both_axes": ({2, 3}, 1, lambda x, c: x[:, 1:, :1]),
}
if KERAS3:
    OPERATIONS.update({
        "mean": ({2, 3}, 1, lambda x, c: ops.mean(x, axis=1)),
        "mean_kept": ({1, 2}, 1, lambda x, c: ops.mean(x, axis=-1, keepdims=True)),
        "max": ({2}, 1, lambda x, c: ops.max(x, axis=1)),
        "sum": ({2}, 1, lambda x, c: ops.sum(x, axis=-1)),
        "variance": ({2}, 1, lambda x, c: ops.var(x, axis=1)),
        "reshape": ({2, 3}, 1, lambda x, c: ops.reshape(x, (-1, int(np.prod(x.shape[1:]))))),
        "transpose": ({2}, 1, lambda x, c: ops.transpose(x, (0, 2, 1))),
        "expand": ({1, 2}, 1, lambda x, c: ops.expand_dims(x, 1)),
        "concatenate": ({1, 2}, 2, lambda x, y, c: ops.concatenate([x, y], axis=-1)),
        "stack": ({1}, 2, lambda x, y, c: ops.stack([x, y], axis=1)),
        "maximum": ({1, 2}, 2, lambda x, y, c: ops.maximum(x, y)),
        "maximum_constant": ({1, 2}, 1, lambda x, c: ops.maximum(x, c)),
        "matmul": ({2}, 2, lambda x, y, c: ops.matmul(x, ops.transpose(y, (0, 2, 1)))),
        "softmax": ({1, 2}, 1, lambda x, c: ops.softmax(x, axis=-1)),
        "gelu": ({1, 2}, 1, lambda x, c: ops.gelu(x)),
        "sigmoid": ({1, 2}, 1, lambda x, c: ops.sigmoid(x)),
        "clip": ({1, 2}, 1, lambda x, c: ops.clip(x, -0.5, 0.5)),
        "where": ({1, 2}, 2, lambda x, y, c: ops.where(x > y, x, y * c)),
        "abs": ({1, 2}, 1, lambda x, c: ops.abs(x)),
        "exp": ({1}, 1, lambda x, c: ops.exp(x * 0.1)),
        "cumsum": ({2}, 1, lambda x, c: ops.cumsum(x, axis=1)),
        "flip": ({2}, 1, lambda x, c: ops.flip(x, axis=1)),
        "roll": ({2}, 1, lambda x, c: ops.roll(x, 1, axis=1)),
        "tile": ({1}, 1, lambda x, c: ops.tile(x, (1, 2))),
        "repeat": ({2}, 1, lambda x, c: ops.repeat(x, 2, axis=1)),
        "pad": ({2}, 1, lambda x, c: ops.pad(x, ((0, 0), (1, 0), (0, 0)))),
        "argmax": ({1, 2}, 1, lambda x, c: ops.cast(ops.argmax(x, axis=-1), "float32")),
        "one_hot": ({1, 2}, 1, lambda x, c: ops.one_hot(ops.argmax(x, axis=-1), x.shape[-1])),
        "any": ({2}, 1, lambda x, c: ops.cast(ops.any(x > c, axis=1), "float32")),
        "logical": ({1, 2}, 2, lambda x, y, c: ops.cast(ops.logical_and(x > 0, y > 0), "float32")),
        "take": ({2}, 1, lambda x, c: ops.take(x, [1, 0], axis=1)),
        "einsum": ({2}, 2, lambda x, y, c: ops.einsum("bij,bkj->bik", x, y)),
        "swapaxes": ({2, 3}, 1, lambda x, c: ops.swapaxes(x, 1, 2)),
        "moveaxis": ({3}, 1, lambda x, c: ops.moveaxis(x, 1, -1)),
        "squeeze": ({2, 3}, 1, lambda x, c: ops.squeeze(x[:, :1], axis=1)),
        "norm": ({2}, 1, lambda x, c: ops.norm(x + 3, axis=-1)),
        "normalize": ({1, 2}, 1, lambda x, c: ops.normalize(x + 3, axis=-1)),
        "logsumexp": ({2}, 1, lambda x, c: ops.logsumexp(x, axis=1)),
        "sort": ({1, 2}, 1, lambda x, c: ops.sort(x, axis=-1)),
        "top_k": ({1, 2}, 1, lambda x, c: ops.top_k(x, 1)[0]),
        "std": ({2, 3}, 1, lambda x, c: ops.std(x, axis=-1)),
        "power": ({1, 2}, 1, lambda x, c: ops.power(ops.abs(x) + 1, c)),
        "stack_last": ({2}, 2, lambda x, y, c: ops.stack([x, y], axis=-1)),
        "unstack": ({2}, 1, lambda x, c: ops.unstack(x[:, :2], axis=1)[1]),
        "broadcast": ({1}, 1, lambda x, c: ops.broadcast_to(ops.expand_dims(x, 1), (BATCH, 2, x.shape[-1]))),
        "tanh": ({1, 2}, 1, lambda x, c: ops.tanh(x)),
        "sqrt": ({1, 2}, 1, lambda x, c: ops.sqrt(ops.square(x) + 1)),
        "log": ({1, 2}, 1, lambda x, c: ops.log(ops.abs(x) + 1)),
        "round": ({1, 2}, 1, lambda x, c: ops.round(x * 1.3)),
        "triu": ({2}, 1, lambda x, c: ops.triu(x)),
        "count": ({1, 2}, 1, lambda x, c: ops.cast(ops.count_nonzero(x > 0, axis=-1), "float32")),
        "pool": ({2}, 1, lambda x, c: ops.max_pool(x, 2, strides=1, padding="same")),
        "shape": ({2}, 1, lambda x, c: ops.reshape(x, (ops.shape(x)[0], -1))),
        "split": ({2}, 1, lambda x, c: ops.split(x, [1], axis=1)[1]),
        "positions": ({2}, 1, lambda x, c: x + ops.expand_dims(ops.cast(ops.arange(x.shape[1]), "float32"), -1)),
        "baked": ({1, 2}, 1, lambda x, c: x * ops.convert_to_tensor(np.linspace(0.5, 1.5, x.shape[-1]).astype("float32"))),
    })
else:
    OPERATIONS.update({
        "mean": ({2, 3}, 1, lambda x, c: tf.reduce_mean(x, axis=1)),
        "max": ({2}, 1, lambda x, c: tf.reduce_max(x, axis=1)),
        "reshape": ({2, 3}, 1, lambda x, c: tf.reshape(x, (-1, int(np.prod(x.shape[1:]))))),
        "transpose": ({2}, 1, lambda x, c: tf.transpose(x, (0, 2, 1))),
        "expand": ({1, 2}, 1, lambda x, c: tf.expand_dims(x, 1)),
        "concatenate": ({1, 2}, 2, lambda x, y, c: tf.concat([x, y], axis=-1)),
        "maximum": ({1, 2}, 2, lambda x, y, c: tf.maximum(x, y)),
        "matmul": ({2}, 2, lambda x, y, c: tf.matmul(x, y, transpose_b=True)),
        "softmax": ({1, 2}, 1, lambda x, c: tf.nn.softmax(x, axis=-1)),
        "sigmoid": ({1, 2}, 1, lambda x, c: tf.sigmoid(x)),
        "sum": ({2}, 1, lambda x, c: tf.reduce_sum(x, axis=-1, keepdims=True)),
        "stack": ({1}, 2, lambda x, y, c: tf.stack([x, y], axis=1)),
        "where": ({1, 2}, 2, lambda x, y, c: tf.where(x > y, x, y)),
        "abs": ({1, 2}, 1, lambda x, c: tf.abs(x)),
        "sqrt": ({1, 2}, 1, lambda x, c: tf.sqrt(tf.square(x) + 1.0)),
        "tile": ({1}, 1, lambda x, c: tf.tile(x, [1, 2])),
        "squeeze": ({2}, 1, lambda x, c: tf.squeeze(x[:, :1], axis=1)),
        "split": ({2}, 1, lambda x, c: tf.split(x[:, :2], 2, axis=1)[1]),
        "gather": ({2}, 1, lambda x, c: tf.gather(x, [1, 0], axis=1)),
        "cast": ({1, 2}, 1, lambda x, c: tf.cast(x > c, "float32")),
        "argmax": ({1, 2}, 1, lambda x, c: tf.cast(tf.argmax(x, axis=-1), "float32")),
        "one_hot": ({2}, 1, lambda x, c: tf.one_hot(tf.argmax(x, axis=-1), 4)),
        "backend_mean": ({2}, 1, lambda x, c: keras.backend.mean(x, axis=1)),
        "l2_normalize": ({1, 2}, 1, lambda x, c: tf.math.l2_normalize(x + 3.0, axis=-1)),
        "minimum": ({1, 2}, 1, lambda x, c: tf.minimum(x, c)),
        "relu": ({1, 2}, 1, lambda x, c: tf.nn.relu(x)),
        "shape": ({2}, 1, lambda x, c: tf.reshape(x, [tf.shape(x)[0], -1])),
        "clip": ({1, 2}, 1, lambda x, c: tf.clip_by_value(x, -0.5, 0.5)),
    })

# ---------------------------------------------------------------------------------------------
# From a spec to a model.


class NotSaved(ValueError):
    """Keras would not save options that a layer was given."""

    def __init__(self, name, given, lost):
        super().__init__(f"{name} does not save {', '.join(lost)}")
        self.given = given
        self.lost = lost


def make_layer(name, given):
    config = {k: tuple(v) if k in ("target_shape", "dims") else v for k, v in given.items()}
    for key in HELD:
        inner = config.get(key)
        if isinstance(inner, dict):
            config[key] = make_layer(inner["class"], inner["config"])
        elif isinstance(inner, list):
            config[key] = [make_layer(each["class"], each["config"]) for each in inner]
    layer = getattr(keras if name == "Sequential" else keras.layers, name)(**config)
    # Such are rms_scaling before Keras 3.4 and output_padding of 3.6: no file tells that they were set.
    lost = [] if name == "Sequential" else set(config) - set(layer.get_config())
    if lost:
        raise NotSaved(name, given, lost)
    return layer


def make_part(call):
    """The layer or model of a call."""
    part = build_model(call["spec"]) if call["kind"] == "model" else make_layer(call["class"], call["config"])
    if call.get("frozen"):
        part.trainable = False
    return part


def not_padding(tokens):
    return ops.not_equal(tokens, 0) if KERAS3 else tf.not_equal(tokens, 0)


IN_NAMES = ["in_1", "in_0", "in_2"]
OUT_NAMES = ["z", "a", "m"]


class Builder:
    """Builds the calls of a spec one by one; `values` holds the tensors that each call gives."""

    def __init__(self, spec):
        self.layers = {}
        self.values = {}
        self.inputs = []
        for i, given in enumerate(spec["inputs"]):
            shape = [None, *given["shape"][1:]] if given.get("open") else given["shape"]
            name = IN_NAMES[i] if spec.get("dicts") else f"in_{i}"
            tensor = keras.Input(shape=tuple(shape), dtype=given["dtype"], name=name)
            self.inputs.append(tensor)
            self.values[given["id"]] = [tensor]
        for call in spec["calls"]:
            self.add(call)

    def tensor(self, ref):
        return self.values[ref[0]][ref[1]]

    def argument(self, key, value):
        """A mask is saved as the tokens that it is computed of, and a state as its tensors."""
        if key == "attention_mask":
            mask = not_padding(self.tensor(value))
            return ops.expand_dims(mask, 1) if KERAS3 else tf.expand_dims(mask, 1)
        if key.endswith("mask") and isinstance(value, list):
            return [not_padding(self.tensor(ref)) for ref in value] if isinstance(value[0], list) else not_padding(self.tensor(value))
        if key == "initial_state":
            return [self.tensor(ref) for ref in value]
        return value

    def add(self, call):
        given = [self.tensor(ref) for ref in call["in"]]
        if call["kind"] == "operation":
            result = OPERATIONS[call["name"]][2](*given, call["constant"])
        else:
            owner = call.get("shares", call["id"])
            if owner not in self.layers:
                self.layers[owner] = make_part(call)
            layer = self.layers[owner]
            kwargs = {key: self.argument(key, value) for key, value in call.get("kwargs", {}).items()}
            style = call.get("style", "list")
            if call.get("spec", {}).get("dicts"):
                result = layer(dict(zip(IN_NAMES, given)), **kwargs)
                result = [result[name] for name in OUT_NAMES if name in result]
            elif style == "separate":
                result = layer(*given, **kwargs)
            elif style == "keyword":
                result = layer(**{next(iter(inspect.signature(layer.call).parameters)): given[0]}, **kwargs)
            else:
                result = layer(given if len(given) > 1 else given[0], **kwargs)
        self.values[call["id"]] = list(result) if isinstance(result, (list, tuple)) else [result]


def build_model(spec):
    if spec.get("sequential"):
        layers = [make_part(call) for call in spec["calls"]]
        first = spec["inputs"][0]
        return keras.Sequential([keras.Input(shape=tuple(first["shape"]), dtype=first["dtype"]), *layers])
    builder = Builder(spec)
    outputs = [builder.tensor(ref) for ref in spec["outputs"]]
    if spec.get("dicts"):
        return keras.Model(dict(zip(IN_NAMES, builder.inputs)), dict(zip(OUT_NAMES, outputs)))
    return keras.Model(
        builder.inputs if len(builder.inputs) > 1 else builder.inputs[0],
        outputs if len(outputs) > 1 else outputs[0],
    )


# ---------------------------------------------------------------------------------------------
# Drawing a spec.

# Names that the alphabet would put elsewhere, or that need care in a path; Keras 3 takes no slash.
NAMES = ["z{}", "A{}", "{}", "dense_1{}", "a.b{}", "x-{}"] + ([] if KERAS3 else ["block{}/conv"])


class Drawing:
    """Draws calls and builds them at once, so that what Keras rejects is dropped."""

    def __init__(self, rng, inputs, depth=0, sequential=False):
        self.rng = rng
        self.sequential = sequential
        self.depth = depth
        self.spec = {"inputs": inputs, "calls": [], "outputs": []}
        self.builder = Builder(self.spec)
        self.used = set()
        self.next = 0
        self.named = 0

    def options(self, table):
        config = {}
        for key, choices in table.items():
            if key.startswith("?") and self.rng.random() > 0.33:
                continue
            config[key.lstrip("?")] = self.rng.choice(choices)
        for key in ("layer", "backward_layer", "cell"):
            names = config.get(key)
            if names is None:
                continue
            inner = lambda name: {"class": name, "config": dict(INNER[name])}  # noqa: E731
            config[key] = [inner(n) for n in names] if isinstance(names, list) else inner(names)
        recurrent = [
            config[key]["config"]
            for key in ("layer", "backward_layer")
            if key in config and config[key]["class"] in ("LSTM", "GRU", "SimpleRNN", "RNN")
        ]
        for option in ("return_sequences", "return_state"):
            if recurrent and self.rng.random() < (0.5 if option == "return_sequences" else 0.15):
                for each in recurrent:
                    each[option] = True
        if "backward_layer" in config:
            config["backward_layer"]["config"]["go_backwards"] = True
        if self.rng.random() < 0.05:
            config["trainable"] = False
        if self.rng.random() < 0.1:
            self.named += 1
            config["name"] = self.rng.choice(NAMES).format(f"{self.depth}{self.named}")
        return config

    def refs(self, ranks=None, floats=True):
        """The tensors that there are, those not used yet and the latest more often."""
        found = []
        for name, tensors in self.builder.values.items():
            for i, tensor in enumerate(tensors):
                rank = len(tensor.shape) - 1
                is_float = "float" in str(getattr(tensor.dtype, "name", tensor.dtype))
                if (ranks is None or rank in ranks) and is_float == floats:
                    found += [[name, i]] * (1 if (name, i) in self.used else 4)
        return found

    def attempt(self, call):
        call = {"id": f"c{self.depth}_{self.next}", **call}
        self.next += 1
        try:
            self.builder.add(call)
            for tensor in self.builder.values[call["id"]]:
                size = int(np.prod([d or 1 for d in tensor.shape[1:]]))
                if not 0 < size <= 600 or len(tensor.shape) > 6:
                    raise ValueError("too large")
        except Exception:
            self.builder.values.pop(call["id"], None)
            self.builder.layers.pop(call["id"], None)
            return False
        self.spec["calls"].append(call)
        self.used.update((ref[0], ref[1]) for ref in call["in"])
        return True

    def step(self):
        kind = self.rng.choices(
            ["layer", "merge", "attention", "operation", "model", "share", "tokens", "mask", "state"],
            [10, 3, 2.5, 4, 1.5 if self.depth < 2 else 0, 1.5, 4, 1.5, 1],
        )[0]
        return getattr(self, f"draw_{kind}")()

    def draw_layer(self):
        refs = self.refs()
        if not refs:
            return False
        ref = self.rng.choice(refs)
        rank = len(self.builder.tensor(ref).shape) - 1
        rows = [row for row in LAYERS if rank in row[1]]
        if not rows:
            return False
        name, _, table = self.rng.choice(rows)
        call = {"kind": "layer", "class": name, "config": self.options(table), "in": [ref]}
        if self.rng.random() < 0.05:
            call["kwargs"] = {"training": False}
        if self.rng.random() < 0.05:
            call["style"] = "keyword"
        return self.attempt(call)

    def draw_tokens(self):
        if self.rng.random() < 0.8:
            return self.draw_embedding()
        refs = [ref for ref in self.refs({0, 1}, floats=False) if ref[0][0] == "i"]
        if not refs:
            return False
        name, config = self.rng.choice(
            [
                ("CategoryEncoding", {"num_tokens": TOKENS, "output_mode": self.rng.choice(["multi_hot", "count"])}),
                ("IntegerLookup", {"vocabulary": [3, 1, 5], "output_mode": self.rng.choice(["multi_hot", "count"])}),
            ]
        )
        return self.attempt({"kind": "layer", "class": name, "config": config, "in": [self.rng.choice(refs)]})

    def draw_embedding(self):
        refs = self.refs({0, 1, 2}, floats=False)
        if not refs:
            return False
        config = {"input_dim": TOKENS, "output_dim": self.rng.choice([2, 4]), "mask_zero": self.rng.random() < 0.7}
        ref = self.rng.choice(refs)
        if ref[0][0] != "i":  # only inputs hold tokens
            return False
        return self.attempt({"kind": "layer", "class": "Embedding", "config": config, "in": [ref]})

    def pair(self, ranks):
        refs = self.refs(ranks)
        if len(refs) < 2:
            return None
        first, second = self.rng.choice(refs), self.rng.choice(refs)
        return [first, second] if first != second or self.rng.random() < 0.1 else None

    def draw_merge(self):
        pair = self.pair({1, 2, 3})
        if not pair:
            return False
        name, table = self.rng.choice(MERGES)
        if self.rng.random() < 0.2:
            pair.append(self.rng.choice(pair if self.rng.random() < 0.3 else self.refs({1, 2, 3})))
        return self.attempt({"kind": "layer", "class": name, "config": self.options(table), "in": pair})

    def draw_attention(self):
        refs = self.refs({2} if self.rng.random() < 0.85 else {3})
        if not refs:
            return False
        name, table = self.rng.choice(ATTENTION)
        query = self.rng.choice(refs)
        given = [query, query if self.rng.random() < 0.5 else self.rng.choice(refs)]
        if self.rng.random() < 0.2:
            given.append(self.rng.choice(refs))
        separate = name in ("MultiHeadAttention", "GroupQueryAttention")
        kwargs = {"use_causal_mask": True} if self.rng.random() < 0.25 else {}
        if self.rng.random() < 0.15:
            kwargs["return_attention_scores"] = True
        tokens = self.token_inputs()
        if tokens and self.rng.random() < 0.2:
            if separate:
                key = self.rng.choice(["attention_mask", "query_mask", "value_mask", "key_mask"])
                kwargs[key] = self.rng.choice(tokens)
            else:
                kwargs["mask"] = [self.rng.choice(tokens), self.rng.choice(tokens)]
        call = {"kind": "layer", "class": name, "config": self.options(table), "in": given}
        return self.attempt({**call, "kwargs": kwargs, "style": "separate" if separate else "list"})

    def token_inputs(self):
        return [[given["id"], 0] for given in self.spec["inputs"] if given["dtype"] != "float32" and given["shape"] == [STEPS]]

    def draw_operation(self):
        name = self.rng.choice(list(OPERATIONS))
        ranks, count, _ = OPERATIONS[name]
        given = self.pair(ranks) if count == 2 else self.refs(ranks)
        if not given:
            return False
        given = given if count == 2 else [self.rng.choice(given)]
        constant = self.rng.choice([0.5, 2.0, -1.0])
        return self.attempt({"kind": "operation", "name": name, "constant": constant, "in": given})

    def draw_model(self):
        refs = self.refs({1, 2, 3}) + ([] if self.sequential else 2 * self.token_inputs())
        if not refs:
            return False
        given = [self.rng.choice(refs) for _ in range(1 if self.sequential else self.rng.choice([1, 1, 2]))]
        inputs = []
        for k, ref in enumerate(given):
            tensor = self.builder.tensor(ref)
            dtype = str(getattr(tensor.dtype, "name", tensor.dtype))
            shape = [None if d is None else int(d) for d in tensor.shape[1:]]
            inputs.append({"id": f"i{self.depth + 1}_{k}", "shape": shape, "dtype": dtype})
        spec = draw_spec(self.rng, inputs, self.depth + 1, sequential=len(given) == 1 and self.rng.random() < 0.4)
        if spec is None:
            return False
        if self.sequential:  # takes one tensor, and gives one
            spec.pop("dicts", None)
            del spec["outputs"][1:]
        call = {"kind": "model", "spec": spec, "in": given}
        if self.rng.random() < 0.1:
            call["frozen"] = True
        return self.attempt(call)

    def draw_share(self):
        # An Embedding of numbers that are no tokens would look up rows that it does not have.
        calls = [
            c
            for c in self.spec["calls"]
            if c["kind"] != "operation" and len(c["in"]) == 1 and not takes_tokens(c)
        ]
        refs = self.refs()
        if not calls or not refs:
            return False
        call = {**self.rng.choice(calls), "in": [self.rng.choice(refs)]}
        call["shares"] = call.get("shares", call["id"])
        call.pop("id")
        return self.attempt(call)

    def draw_mask(self):
        """An explicit mask: one that not_equal computes of an input of tokens."""
        tokens = self.token_inputs()
        name = self.rng.choice(
            ["LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional", "GlobalAveragePooling1D", "TimeDistributed", "Softmax"]
        )
        refs = [ref for ref in self.refs({1} if name == "Softmax" else {2}) if self.builder.tensor(ref).shape[1] in (STEPS, None)]
        if not tokens or not refs:
            return False
        table = next(row[2] for row in LAYERS if row[0] == name)
        call = {"kind": "layer", "class": name, "config": self.options(table), "in": [self.rng.choice(refs)]}
        return self.attempt({**call, "kwargs": {"mask": self.rng.choice(tokens)}})

    def draw_state(self):
        """An encoder that gives its state, and a decoder that starts from it."""
        refs = self.refs({2})
        if not refs:
            return False
        name = self.rng.choice(["LSTM", "GRU", "SimpleRNN"])
        config = {"units": 2, "return_state": True, "return_sequences": self.rng.random() < 0.5}
        if not self.attempt({"kind": "layer", "class": name, "config": config, "in": [self.rng.choice(refs)]}):
            return False
        encoder = self.spec["calls"][-1]["id"]
        states = [[encoder, 1 + i] for i in range(len(self.builder.values[encoder]) - 1)]
        decoder = {"units": 2, "return_sequences": self.rng.random() < 0.5}
        if self.rng.random() < 0.25:
            name, decoder, states = "Bidirectional", {"layer": {"class": name, "config": decoder}}, states + states
        call = {"kind": "layer", "class": name, "config": decoder, "in": [self.rng.choice(refs)]}
        self.used.update((ref[0], ref[1]) for ref in states)
        return self.attempt({**call, "kwargs": {"initial_state": states}})


SHAPES = {
    **{"tokens": [STEPS], "vector": [4], "sequence": [STEPS, 4], "image": [6, 6, 4], "photo": [5, 4, 3]},
    **{"volume": [4, 4, 4, 2], "film": [2, 3, 3, 3, 2], "scalar": []},
}
WHOLE = ["int32"] * 6 + ["int64", "uint8"]


def takes_tokens(call):
    if call["kind"] == "model":
        return any(given["dtype"] != "float32" for given in call["spec"]["inputs"])
    return call["class"] in ("Embedding", "CategoryEncoding", "IntegerLookup")


def draw_spec(rng, inputs=None, depth=0, sequential=False):
    top = inputs is None
    if top:
        kinds = rng.choices(list(SHAPES), [5, 2, 4, 2, 0.7, 0.7, 0.2, 0.3], k=rng.choice([1, 1, 2]))
        inputs = [
            {"id": f"i0_{k}", "shape": SHAPES[kind], "dtype": rng.choice(WHOLE) if kind == "tokens" else "float32"}
            for k, kind in enumerate(kinds)
        ]
        for given, kind in zip(inputs, kinds):
            if kind in ("tokens", "sequence") and rng.random() < 0.15:
                given["open"] = True
        sequential = len(inputs) == 1 and rng.random() < 0.15
    drawing = Drawing(rng, inputs, depth, sequential)
    wanted = rng.randint(1, 7 if top else 3)
    for _ in range(40):
        if len(drawing.spec["calls"]) >= wanted:
            break
        if not sequential:
            drawing.step()
            continue
        last = drawing.spec["calls"][-1]["id"] if drawing.spec["calls"] else inputs[0]["id"]
        drawing.refs = lambda ranks=None, floats=True, last=last: (
            [[last, 0]] if fits(drawing.builder.values[last][0], ranks, floats) else []
        )
        drawing.draw_embedding() or (rng.random() < 0.1 and drawing.draw_model()) or drawing.draw_layer()
    spec = drawing.spec
    if not spec["calls"]:
        return None
    if sequential:
        spec["sequential"] = True
        spec["outputs"] = [[spec["calls"][-1]["id"], 0]]
        return spec
    open_ends = [
        [name, i]
        for name, tensors in drawing.builder.values.items()
        for i, _ in enumerate(tensors)
        if name[0] == "c" and (name, i) not in drawing.used
    ]
    wanted = 3 if top else rng.choice([1, 1, 2])
    spec["outputs"] = open_ends[:wanted] or [[spec["calls"][-1]["id"], 0]]
    if rng.random() < 0.1:
        spec["outputs"].append([rng.choice(spec["calls"])["id"], 0])
    if not top and rng.random() < 0.25:
        spec["dicts"] = True
    if top and rng.random() < 0.25:
        spec["compile"] = {"optimizer": rng.choice(["adam", "sgd", "rmsprop", "adamax", "nadam"]), "loss": "mse"}
    return spec


def fits(tensor, ranks, floats):
    is_float = "float" in str(getattr(tensor.dtype, "name", tensor.dtype))
    return is_float == floats and (ranks is None or len(tensor.shape) - 1 in ranks)


# ---------------------------------------------------------------------------------------------
# Weights, inputs, files.


def give_weights(model, rng):
    """Random weights: Keras starts biases at 0 and moving variances at 1, which would hide faults."""
    for weight in model.weights:
        dtype = str(getattr(weight.dtype, "name", weight.dtype))
        if "float" not in dtype:
            continue
        shape = tuple(weight.shape)
        fan_in = max(1, int(np.prod(shape[:-1])))
        value = rng.normal(size=shape) / np.sqrt(fan_in)
        name = getattr(weight, "path", weight.name)
        if "variance" in name:
            value = np.abs(value) + 0.5
        elif "gamma" in name or "scale" in name:
            value = value * 0.2 + 1
        weight.assign(value.astype("float32"))


def draw_inputs(spec, rng):
    drawn = []
    for given in spec["inputs"]:
        shape = [BATCH, *given["shape"]]
        if given["dtype"] != "float32":
            tokens = rng.integers(1, TOKENS, size=shape)
            tokens[0, -2:] = 0
            tokens[1, rng.integers(0, shape[1])] = 0
            drawn.append(tokens.astype(given["dtype"]))
            continue
        x = np.round(rng.normal(size=shape), 3)
        if len(shape) == 3:
            x[0, -1:] = 0  # steps that Masking masks
        drawn.append(x.astype("float32"))
    return drawn


def encode(array):
    def number(v):
        if isinstance(v, float) and not np.isfinite(v):
            return str(v).replace("nan", "NaN").replace("inf", "Infinity")
        return v

    def walk(v):
        return [walk(each) for each in v] if isinstance(v, list) else number(v)

    return walk(array.tolist())


def predict(model, x, compiled):
    """What `predict` gives, in TensorFlow's graph or eagerly: to compile takes longer than all the rest."""
    x = x if len(x) > 1 else x[0]
    if compiled:
        y = model.predict(x, verbose=0)
    else:
        model.run_eagerly = True
        y = model.predict_on_batch(x)
        model.run_eagerly = False
    return y if isinstance(y, (list, tuple)) else [y]


def write_case(spec, folder, seed):
    """Builds, predicts and saves. Returns False where Keras cannot, or gives what is not a number."""
    keras.backend.clear_session()
    model = build_model(spec)
    if "compile" in spec:
        model.compile(**spec["compile"])
    rng = np.random.default_rng(seed)
    give_weights(model, rng)
    x = draw_inputs(spec, rng)
    y = [np.asarray(each) for each in predict(model, x, seed % COMPILED == 0)]
    if not all(np.isfinite(each).all() and np.abs(each).max(initial=0) < 1e4 for each in y):
        return False
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    model.save(os.path.join(folder, "m.keras"))
    try:
        model.save(os.path.join(folder, "m.h5"))
    except Exception:
        if os.path.exists(os.path.join(folder, "m.h5")):
            os.remove(os.path.join(folder, "m.h5"))
    io = {
        "keras": keras.__version__,
        "dtypes": [given["dtype"] for given in spec["inputs"]],
        "inputs": [encode(each) for each in x],
        "outputs": [encode(np.asarray(each, "float32").astype("float64")) for each in y],
        "shapes": [list(each.shape) for each in y],
    }
    for name, content in (("io.json", io), ("spec.json", {"seed": seed, **spec})):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            json.dump(content, file)
    return True


def draw(folder, count, seed):
    gc.collect()
    gc.freeze()  # `clear_session` collects: of what the imports made there is nothing to collect
    made = 0
    case = 0
    while made < count:
        case += 1
        number = seed * 1_000_000 + case
        keras.backend.clear_session()
        try:
            spec = draw_spec(random.Random(number))
            done = spec is not None and write_case(spec, os.path.join(folder, f"case_{number}"), number)
        except Exception:
            done = False  # Keras itself cannot build, predict or save it
        if done:
            made += 1
            print(json.dumps({"case": f"case_{number}"}), flush=True)


def build(folder):
    """Answers each spec on stdin: whether Keras could build it, into FOLDER/case."""
    for line in sys.stdin:
        spec = json.loads(line)
        try:
            built = write_case(spec, os.path.join(folder, "case"), spec.get("seed", 1))
        except Exception as error:
            built = False
            if os.environ.get("VERBOSE"):
                traceback.print_exception(error, file=sys.stderr)
        print(json.dumps({"built": built}), flush=True)


def moved(values, rng):
    """Each number that is not whole moved by its last binary place, up or down; zeros stay, for masks."""
    if values.dtype.kind != "f":
        return values
    signs = rng.choice([-1, 1], size=values.shape)
    return (values * (1 + signs * 2.0**-23)).astype(values.dtype)


@contextlib.contextmanager
def noisy_calls(rng):
    """What each layer and operation gives is moved, where the model is run eagerly."""
    base = next((each for each in keras.layers.Layer.__mro__ if each.__name__ == "Operation"), keras.layers.Layer)
    call = base.__call__

    def noisy(y):
        if not isinstance(y, tf.Tensor) or not y.dtype.is_floating:
            return y
        z = tf.constant(moved(y.numpy(), rng))
        if hasattr(y, "_keras_mask"):
            z._keras_mask = y._keras_mask
        return z

    base.__call__ = lambda self, *args, **kwargs: tf.nest.map_structure(noisy, call(self, *args, **kwargs))
    try:
        yield
    finally:
        base.__call__ = call


def open_again(folder, format, spec):
    """The model of a saved file. Keras cannot open each file that it has saved: then that of the other
    format, or what both hold, the model of the spec without the options that no file has."""
    for each in (format, *({"keras", "h5"} - {format})):
        try:
            return keras.models.load_model(os.path.join(folder, f"m.{each}"), compile=False)
        except Exception:
            continue
    while True:
        try:
            model = build_model(spec)
        except NotSaved as error:
            for option in error.lost:
                del error.given[option]
            continue
        give_weights(model, np.random.default_rng(spec.get("seed", 1)))
        return model


def audit_case(folder, format):
    """What Keras itself makes of a saved model: its outputs, compiled and not, and their noise.

    The noise is how far outputs move, relative to the largest number of each, where inputs, weights and
    what each layer gives move by a last binary place.
    """
    with open(os.path.join(folder, "io.json"), encoding="utf-8") as file:
        io = json.load(file)
    if io["keras"] != keras.__version__:
        return {"cause": f"Keras {io['keras']} drew it, and this Python has {keras.__version__}"}
    with open(os.path.join(folder, "spec.json"), encoding="utf-8") as file:
        spec = json.load(file)
    keras.backend.clear_session()
    model = open_again(folder, format, spec)
    x = [np.asarray(each, dtype) for each, dtype in zip(io["inputs"], io["dtypes"])]

    def outputs(x, compiled):
        model.predict_function = None
        return [np.asarray(each, "float32").astype("float64") for each in predict(model, x, compiled)]

    plain = outputs(x, False)
    try:
        readings = [plain, outputs(x, True)]
    except Exception:
        readings = [plain]  # Keras cannot compile each model that it can run
    weights = [(weight, np.asarray(weight)) for weight in model.weights]
    rng = np.random.default_rng(spec.get("seed", 1))
    noise = 0.0
    for _ in range(NOISES):
        for weight, value in weights:
            weight.assign(moved(value, rng))
        with noisy_calls(rng):
            noisy = outputs([moved(each, rng) for each in x], False)
        for before, after in zip(plain, noisy):
            largest = np.abs(before).max(initial=0) or 1
            noise = max(noise, float(np.abs(after - before).max(initial=0) / largest))
    given = [
        {"outputs": [encode(each) for each in y], "shapes": [list(each.shape) for each in y]}
        for y in readings
    ]
    return {"readings": given, "noise": noise}


def audit(folder):
    """Answers each {"name", "format"} on stdin."""
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer = audit_case(os.path.join(folder, asked["name"]), asked["format"])
        except Exception as error:
            answer = {"cause": f"Keras fails on its file: {str(error)[:200]}"}
        print(json.dumps({"audited": answer}), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("action", choices=["draw", "build", "audit"])
    parser.add_argument("folder")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    flags = parser.parse_args()
    os.makedirs(flags.folder, exist_ok=True)
    if flags.action == "draw":
        draw(flags.folder, flags.count, flags.seed)
    elif flags.action == "audit":
        audit(flags.folder)
    else:
        build(flags.folder)


if __name__ == "__main__":
    main()
