"""What a network does to points, with numpy and matplotlib.

    space.py networks OUT_FOLDER        the six networks over a mesh of 10,000 points, each a PNG
    space.py forward POINTS.npy         the six networks over the points, nothing drawn
    space.py scatter POINTS.npy OUT.png one scatter picture
    space.py density POINTS.npy OUT.png counts per pixel, equalised, with datashader
"""

import sys

import numpy as np


def networks():
    rng = np.random.default_rng(0)
    first = np.array([[3.0, 0.0], [0.0, 3.0], [6.0, 6.0]])
    within = rng.uniform(-1, 1, (3, 3)) / np.sqrt(3)
    last = rng.uniform(-1, 1, (2, 3)) / np.sqrt(3)
    chains = [[first], [first, None], [first, None, last], [first, None, within]]
    chains += [[first, None, within, None], [first, None, within, None, last]]
    return [[weight if weight is None else weight.T for weight in chain] for chain in chains]


def forward(points, chain):
    for weight in chain:
        points = np.tanh(points) if weight is None else points @ weight
    return points


def draw_networks(folder):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    axis = np.arange(-5, 5, 0.1)
    points = np.stack(np.meshgrid(axis, axis, indexing="ij"), -1).reshape(-1, 2)
    plt.style.use("dark_background")
    for at, chain in enumerate(networks()):
        after = forward(points, chain)
        figure = plt.figure(figsize=(12, 12))
        space = after.shape[1] == 3
        axes = figure.add_subplot(projection="3d" if space else None)
        axes.scatter(*after.T, c=points[:, 0], s=20)
        figure.savefig(f"{folder}/peer-space-{at}.png")
        plt.close(figure)


def scatter(points, target):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(10, 10), dpi=100)
    axes.scatter(points[:, 0], points[:, 1], c=points[:, 0], s=1)
    figure.savefig(target)


def density(points, target):
    import datashader
    import datashader.transfer_functions as shade
    import pandas

    frame = pandas.DataFrame({"x": points[:, 0], "y": points[:, 1]})
    canvas = datashader.Canvas(plot_width=1000, plot_height=1000)
    picture = shade.shade(canvas.points(frame, "x", "y"), how="eq_hist")
    shade.set_background(picture, "black").to_pil().save(target)


def main():
    way, *rest = sys.argv[1:]
    if way == "networks":
        draw_networks(rest[0])
        return
    points = np.load(rest[0])
    if way == "forward":
        for chain in networks():
            forward(points, chain)
    elif way == "scatter":
        scatter(points, rest[1])
    else:
        density(points, rest[1])


main()
