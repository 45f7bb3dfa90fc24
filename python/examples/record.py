"""A training loop of one's own is recorded, read and played: numpy here, any library as well."""

import numpy as np

import hinton

random = np.random.default_rng(0)
x = random.normal(size=(512, 16))
y = np.sin(x[:, 0]) + x[:, 1] * x[:, 2]
model = {"hidden": random.normal(size=(16, 24)) * 0.3, "out": random.normal(size=24) * 0.3}

with hinton.record("run/", model, overhead=1, trained="a small regression", settings={"lr": 0.05}) as rec:
    for step in range(60):
        hidden = np.tanh(x @ model["hidden"])
        error = hidden @ model["out"] - y
        back = np.outer(error, model["out"]) * (1 - hidden**2)
        model["out"] -= 0.05 * hidden.T @ error / len(x)
        model["hidden"] -= 0.05 * x.T @ back / len(x)
        rec.step(loss=(error**2).mean())

run = hinton.run("run/")
run.draw(metric="loss").save("loss.png")
run.animate("hidden", chart="heatmap", duration=3).save("hidden.gif")
