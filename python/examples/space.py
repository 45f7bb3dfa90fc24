"""What networks do to points: one that is written down, one that was trained, and functions of one's own."""

import numpy as np

import hinton

hinton.space("2-3-tanh-3-tanh-2", scale=2).save("fold.png")

trained = hinton.train("spirals", model="2-16-tanh-16-tanh-2", epochs=20, record="spirals/")
print(f"{trained.accuracy:.1%} of the points set apart are right")
hinton.space("spirals/").save("spirals.html")

random = np.random.default_rng(0)
points = random.normal(size=(400, 2))
inside = (np.hypot(*points.T) < 1).astype(int)


def squares(rows):
    return np.c_[rows, rows[:, 0] ** 2 + rows[:, 1] ** 2]


def line(rows):
    return rows[:, 2:] @ np.array([[-1.0, 1.0]]) + np.array([1.0, -1.0])


separated = hinton.space([squares, line], points, inside)
print(f"{separated.accuracy:.1%} are right after one bend")
separated.save("lifted.gif")
