"""Softmax regression on MNIST in numpy: zeros, Adam, batches of 128 in file order.

    mnist_softmax.py FOLDER EPOCHS

Prints a line an epoch, as `hinton train` does.
"""

import gzip
import pathlib
import sys
import time

import numpy as np


def read(path, head):
    with gzip.open(path) as file:
        return np.frombuffer(file.read(), np.uint8, offset=head)


def main():
    folder, epochs = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    x = read(folder / "train-images-idx3-ubyte.gz", 16).reshape(-1, 784).astype(np.float32)
    x /= np.float32(255)
    y = read(folder / "train-labels-idx1-ubyte.gz", 8)
    held_out, trained = slice(0, 5000), range(5000, 60000, 128)
    weights = [np.zeros((784, 10), np.float32), np.zeros(10, np.float32)]
    means = [np.zeros_like(w) for w in weights]
    squares = [np.zeros_like(w) for w in weights]
    step = 0
    for _ in range(epochs):
        begun = time.perf_counter()
        for at in trained:
            batch, label = x[at : at + 128], y[at : at + 128]
            scores = batch @ weights[0] + weights[1]
            shares = np.exp(scores - scores.max(axis=1, keepdims=True))
            shares /= shares.sum(axis=1, keepdims=True)
            shares[np.arange(len(label)), label] -= 1
            shares /= np.float32(len(label))
            step += 1
            rate = np.float32(0.001 / (1 - 0.9**step))
            root = np.float32(np.sqrt(1 - 0.999**step))
            for w, g, m, s in zip(weights, [batch.T @ shares, shares.sum(axis=0)], means, squares):
                m *= np.float32(0.9)
                m += np.float32(0.1) * g
                s *= np.float32(0.999)
                s += np.float32(0.001) * g * g
                w -= rate * m / (np.sqrt(s) / root + np.float32(1e-8))
        took = time.perf_counter() - begun
        right = (x[held_out] @ weights[0] + weights[1]).argmax(axis=1) == y[held_out]
        print(f"Total time {took:5.2f}s accuracy:{right.mean():.4f}")
    print(weights[0].min(), weights[0].max())


main()
