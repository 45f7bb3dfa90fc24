#!/usr/bin/env python3
"""Writes the demo data in crates/hinton/assets/demo/ and the weights that tests use.

    pip install numpy==2.4.6 scikit-learn==1.9.1
    python tools/assets/make_demo_weights.py

Three small networks, trained in numpy on the UCI 8x8 handwritten digits that
scikit-learn carries, as safetensors files; the first ten images of each
class; and the matrix of the usual Hinton-diagram demo.

The run is deterministic on one machine (fixed seeds), but another BLAS may
change the last bits, so the files in the repository are not rebuilt in tests.
"""

import json
import pathlib

import numpy as np
from sklearn.datasets import load_digits

CRATE = pathlib.Path(__file__).resolve().parents[2] / "crates/hinton"
OUT = CRATE / "assets/demo"
WEIGHTS = CRATE / "tests/fixtures/demo"
SEED = 1797


def safetensors(path, tensors, metadata):
    """The tensors in the order given, after a header padded to 8 bytes."""
    header, parts, at = {"__metadata__": metadata}, [], 0
    for name, array in tensors.items():
        data = np.ascontiguousarray(array, dtype="<f4").tobytes()
        header[name] = {
            "dtype": "F32", "shape": list(array.shape), "data_offsets": [at, at + len(data)],
        }
        parts.append(data)
        at += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(parts))


def digits():
    """Training images and labels, then the held-out fifth, shuffled once."""
    data = load_digits()
    order = np.random.default_rng(SEED).permutation(len(data.target))
    x, y = data.data[order] / 16, data.target[order]
    cut = len(y) * 4 // 5
    return x[:cut], y[:cut], x[cut:], y[cut:]


def softmax_gradient(logits, labels):
    """d(mean cross entropy)/d(logits)."""
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(labels)), labels] -= 1
    return p / len(labels)


class Adam:
    def __init__(self, params, rate, decay=0.0):
        self.params, self.rate, self.decay, self.steps = params, rate, decay, 0
        self.mean = [np.zeros_like(p) for p in params]
        self.square = [np.zeros_like(p) for p in params]

    def step(self, gradients):
        self.steps += 1
        for p, g, m, v in zip(self.params, gradients, self.mean, self.square):
            g = g + self.decay * p  # L2, as torch's weight_decay: quiets the pixels rarely inked
            m += 0.1 * (g - m)
            v += 0.001 * (g * g - v)
            m1, v1 = m / (1 - 0.9**self.steps), v / (1 - 0.999**self.steps)
            p -= self.rate * m1 / (np.sqrt(v1) + 1e-8)


def train(params, forward, gradients, epochs, rate, batch=32, decay=0.0):
    """Adam over shuffled batches; the held-out accuracy and the optimizer."""
    x, y, x_test, y_test = digits()
    adam = Adam(params, rate, decay)
    rng = np.random.default_rng(SEED + 1)
    for _ in range(epochs):
        order = rng.permutation(len(y))
        for i in range(0, len(y), batch):
            rows = order[i : i + batch]
            adam.step(gradients(x[rows], y[rows]))
    accuracy = np.mean(forward(x_test)[-1].argmax(axis=1) == y_test)
    return f"{accuracy:.4f}", adam


def metadata(what, epochs, accuracy):
    return {"what": what, "epochs": str(epochs), "accuracy": accuracy}


def make_softmax():
    epochs = 60
    w, b = np.zeros((64, 10)), np.zeros(10)

    def forward(x):
        return [x @ w + b]

    def gradients(x, y):
        g = softmax_gradient(forward(x)[0], y)
        return [x.T @ g, g.sum(axis=0)]

    accuracy, adam = train([w, b], forward, gradients, epochs, 0.01, decay=1e-3)
    safetensors(
        WEIGHTS / "digits_softmax.safetensors",
        {
            "weight": w,
            "bias": b,
            "optimizer.exp_avg.weight": adam.mean[0],
            "optimizer.exp_avg_sq.weight": adam.square[0],
        },
        metadata("softmax regression on the UCI 8x8 handwritten digits", epochs, accuracy),
    )
    print("softmax", accuracy)


def make_mlp():
    epochs = 60
    rng = np.random.default_rng(SEED + 2)
    w0, b0 = rng.normal(0, 0.03, (32, 64)), np.zeros(32)
    w2, b2 = rng.normal(0, 1 / 32**0.5, (10, 32)), np.zeros(10)

    def forward(x):
        h = np.tanh(x @ w0.T + b0)
        return [h, h @ w2.T + b2]

    def gradients(x, y):
        h, logits = forward(x)
        g = softmax_gradient(logits, y)
        gh = (g @ w2) * (1 - h * h)
        return [gh.T @ x, gh.sum(axis=0), g.T @ h, g.sum(axis=0)]

    accuracy, _ = train([w0, b0, w2, b2], forward, gradients, epochs, 0.005, decay=1e-3)
    safetensors(
        WEIGHTS / "digits_mlp.safetensors",
        {"0.weight": w0, "0.bias": b0, "2.weight": w2, "2.bias": b2},
        metadata("a 64-32-10 tanh network on the UCI 8x8 handwritten digits", epochs, accuracy),
    )
    print("mlp", accuracy)


def make_conv():
    epochs = 60
    rng = np.random.default_rng(SEED + 3)
    w1, b1 = rng.normal(0, 0.05, (16, 1, 5, 5)), np.zeros(16)
    w2, b2 = rng.normal(0, 1 / 16, (10, 256)), np.zeros(10)

    def patches(x):
        """[images, 4*4 places, 25 pixels]"""
        views = np.lib.stride_tricks.sliding_window_view(x.reshape(-1, 8, 8), (5, 5), axis=(1, 2))
        return views.reshape(len(x), 16, 25)

    def forward(x):
        p = patches(x)
        a = p @ w1.reshape(16, 25).T + b1
        h = np.maximum(a, 0).transpose(0, 2, 1).reshape(len(x), 256)
        return [p, a, h, h @ w2.T + b2]

    def gradients(x, y):
        p, a, h, logits = forward(x)
        g = softmax_gradient(logits, y)
        ga = (g @ w2).reshape(-1, 16, 16).transpose(0, 2, 1) * (a > 0)
        return [
            np.einsum("npc,npk->ck", ga, p).reshape(w1.shape),
            ga.sum(axis=(0, 1)),
            g.T @ h,
            g.sum(axis=0),
        ]

    accuracy, _ = train([w1, b1, w2, b2], forward, gradients, epochs, 0.004, decay=1e-3)
    safetensors(
        WEIGHTS / "digits_conv.safetensors",
        {"conv1.weight": w1, "conv1.bias": b1, "fc.weight": w2, "fc.bias": b2},
        metadata(
            "a 5x5 convolution of 16 channels, relu and a linear layer"
            " on the UCI 8x8 handwritten digits",
            epochs,
            accuracy,
        ),
    )
    print("conv", accuracy)


def make_images():
    data = load_digits()
    rows = np.concatenate([np.flatnonzero(data.target == k)[:10] for k in range(10)])
    np.save(OUT / "digits_images.npy", data.images[rows].astype(np.uint8))


def make_matrix():
    np.save(OUT / "hinton_demo.npy", np.random.RandomState(19680801).rand(20, 20) - 0.5)


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    WEIGHTS.mkdir(parents=True, exist_ok=True)
    make_softmax()
    make_mlp()
    make_conv()
    make_images()
    make_matrix()
