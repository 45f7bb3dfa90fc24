"""An annotated heat map over time with matplotlib's animation, 1500x1000 pixels.

    film.py RUN.npy OUT.gif|OUT.mp4 pillow|ffmpeg

The first axis is time. Image and texts are changed in place, the fastest way matplotlib has; one range
of colours holds for all frames.
"""

import shutil
import sys

import numpy as np
from annotated import annotated
from matplotlib import animation


def main():
    source, target, writer = sys.argv[1:]
    if writer == "ffmpeg" and shutil.which("ffmpeg") is None:
        print("there is no ffmpeg", file=sys.stderr)
        sys.exit(77)
    steps = np.load(source)
    figure, image, texts = annotated(steps[0])
    image.set_clim(steps.min(), steps.max())
    threshold = image.norm(steps.max()) / 2

    def show(at):
        image.set_data(steps[at])
        for text, value in zip(texts, steps[at].flat):
            text.set_text(f"{value:.9f}")
            text.set_color("white" if image.norm(value) > threshold else "black")

    film = animation.FuncAnimation(figure, show, frames=len(steps))
    film.save(target, writer=writer, fps=10)


main()
