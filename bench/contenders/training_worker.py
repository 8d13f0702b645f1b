"""A step of training of the encoder of encoder.ts, in Python: a line of JSON in, a line out.

    python training_worker.py eager|compiled|torch        the first two are of TensorFlow

The weights come from the benchmark, so that the losses can be held against those in JavaScript.
"""

import json
import sys
import time

import numpy as np

HEADS = 4
EPSILON = 1e-3
RATE = 0.01
PER_BLOCK = 10  # gamma and beta twice, then six matrices


def torch_step(threads, weights, x, target):
    import torch
    from torch.nn import functional

    torch.set_num_threads(threads)
    weights = [torch.from_numpy(weight).requires_grad_() for weight in weights]
    x, target = torch.from_numpy(x), torch.from_numpy(target)
    batch, tokens, width = x.shape

    def norm(x, gamma, beta):
        return functional.layer_norm(x, [width], gamma, beta, EPSILON)

    def split(x):
        return x.reshape(batch, tokens, HEADS, width // HEADS).transpose(1, 2)

    def block(x, g1, b1, g2, b2, query, key, value, output, expand, contract):
        q, k, v = (split(norm(x, g1, b1) @ w) for w in (query, key, value))
        scores = (q @ k.transpose(2, 3)) * (width // HEADS) ** -0.5
        mixed = (torch.softmax(scores, -1) @ v).transpose(1, 2).reshape(x.shape)
        x = x + mixed @ output
        return x + torch.relu(norm(x, g2, b2) @ expand) @ contract

    optimizer = torch.optim.SGD(weights, lr=RATE)

    def step():
        y = x
        for i in range(0, len(weights), PER_BLOCK):
            y = block(y, *weights[i : i + PER_BLOCK])
        loss = functional.mse_loss(y, target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return torch.__version__, step


def tensorflow_step(is_compiled, threads, weights, x, target):
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    weights = [tf.Variable(weight) for weight in weights]
    x, target = tf.constant(x), tf.constant(target)
    batch, tokens, width = x.shape

    def norm(x, gamma, beta):
        # What Keras's layer calls.
        mean, variance = tf.nn.moments(x, -1, keepdims=True)
        return tf.nn.batch_normalization(x, mean, variance, beta, gamma, EPSILON)

    def dense(x, w):
        return tf.reshape(tf.reshape(x, [-1, x.shape[-1]]) @ w, [batch, tokens, w.shape[1]])

    def split(x):
        return tf.transpose(tf.reshape(x, [batch, tokens, HEADS, width // HEADS]), [0, 2, 1, 3])

    def block(x, g1, b1, g2, b2, query, key, value, output, expand, contract):
        normed = norm(x, g1, b1)
        q, k, v = (split(dense(normed, w)) for w in (query, key, value))
        scores = tf.matmul(q, k, transpose_b=True) * (width // HEADS) ** -0.5
        mixed = tf.reshape(tf.transpose(tf.nn.softmax(scores) @ v, [0, 2, 1, 3]), x.shape)
        x = x + dense(mixed, output)
        return x + dense(tf.nn.relu(dense(norm(x, g2, b2), expand)), contract)

    def step():
        with tf.GradientTape() as tape:
            y = x
            for i in range(0, len(weights), PER_BLOCK):
                y = block(y, *weights[i : i + PER_BLOCK])
            loss = tf.reduce_mean(tf.square(y - target))
        for weight, gradient in zip(weights, tape.gradient(loss, weights)):
            weight.assign_sub(RATE * gradient)
        return loss

    run = tf.function(step, jit_compile=False) if is_compiled else step
    return tf.__version__, lambda: float(run())


def start(framework, request):
    shapes, data = request["shapes"], np.fromfile(request["file"], np.float32)
    ends = np.cumsum([np.prod(shape) for shape in shapes])
    arrays = [part.reshape(shape).copy() for part, shape in zip(np.split(data, ends), shapes)]
    *weights, x, target = arrays
    if framework == "torch":
        return torch_step(request["threads"], weights, x, target)
    return tensorflow_step(framework == "compiled", request["threads"], weights, x, target)


def main():
    step = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if "file" in request:
                version, step = start(sys.argv[1], request)
                reply = {"version": version}
            else:
                begin = time.perf_counter()
                losses = [step() for _ in range(request["calls"])]
                reply = {"ms": 1000 * (time.perf_counter() - begin) / len(losses), "losses": losses}
        except Exception as error:  # told to the benchmark, which lists it
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)


main()
