"""Pictures of arrays: in a paper, beside one another, in matplotlib's own axes where it is installed."""

import numpy as np

import hinton

random = np.random.default_rng(0)
weights = random.normal(size=(12, 24)) * np.linspace(0.2, 1.5, 24)

hinton.draw(weights, name="fc1").save("hinton.png")
hinton.heatmap(weights[:6, :8], annotate=".1f").save("table.pdf")
hinton.histogram({"fc1": weights, "fc2": random.normal(size=(8, 8))}, log=True).save("spread.svg")
hinton.animate([weights * step for step in np.linspace(0.1, 1, 12)], chart="heatmap").save("growing.gif")
