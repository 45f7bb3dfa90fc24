"""An encoder alone, on what is there already.

    encode.py palettegen|gifski|x264 FRAMES OUT      a folder of frame_0000.png …
    encode.py gifsicle IN.gif OUT.gif                a film, made smaller without loss
"""

import glob
import os
import shutil
import sys


def main():
    how, source, target = sys.argv[1:]
    ffmpeg = ["ffmpeg", "-loglevel", "error", "-y", "-framerate", "10", "-i", f"{source}/frame_%04d.png"]
    command = {
        "palettegen": [*ffmpeg, "-vf", "split[a][b];[a]palettegen[p];[b][p]paletteuse", target],
        "x264": [*ffmpeg, "-c:v", "libx264", "-crf", "18", "-pix_fmt", "yuv420p", target],
        "gifski": ["gifski", "--quiet", "--fps", "10", "-o", target, *sorted(glob.glob(f"{source}/*.png"))],
        "gifsicle": ["gifsicle", "-O3", source, "-o", target],
    }[how]
    if shutil.which(command[0]) is None:
        print(f"there is no {command[0]}", file=sys.stderr)
        sys.exit(77)
    # In the place of this process, so that only the program is counted.
    os.execvp(command[0], command)


main()
