"""A training of Keras, recorded by a callback, and what the trained network does to its points."""

import keras
import numpy as np

import hinton

keras.utils.set_random_seed(0)
x = np.random.default_rng(0).normal(size=(600, 2)).astype("f4")
y = (x[:, 0] * x[:, 1] > 0).astype(int)
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(16, "tanh"), keras.layers.Dense(2)])
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
model.fit(x, y, epochs=8, verbose=0, validation_split=0.2, callbacks=[hinton.callbacks.keras("run/", overhead=1)])

hinton.run("run/").draw(metric="*loss").save("loss.png")
hinton.draw(model).save("weights.png")
hinton.space(model, x, y).save("space.png")
