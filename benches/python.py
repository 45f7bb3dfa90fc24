"""Times the Python package beside its peers: `python benches/python.py` where hinton, numpy and matplotlib are installed.

Each line is the median of several runs in processes of their own.
"""

import statistics
import subprocess
import sys

IMPORT = "import time; import numpy; t = time.perf_counter(); import {}; print(time.perf_counter() - t)"
ARRAY = "import time, io, numpy; W = numpy.random.default_rng(0).normal(size=(4096, 4096)).astype('f4')\n"
OURS = ARRAY + (
    "import hinton; hinton.draw([[1.0]]).encode('png')\n"
    "t = time.perf_counter(); hinton.draw(W)._repr_png_(); print(time.perf_counter() - t)"
)
PEER = ARRAY + (
    "import matplotlib; matplotlib.use('Agg'); import matplotlib.pyplot as plt; plt.figure().savefig(io.BytesIO())\n"
    "t = time.perf_counter(); plt.imshow(W); plt.colorbar(); plt.savefig(io.BytesIO(), format='png', dpi=192)\n"
    "print(time.perf_counter() - t)"
)
CASES = [
    ("import hinton, beyond numpy's", IMPORT.format("hinton"), 9),
    ("import matplotlib.pyplot, beyond numpy's", IMPORT.format("matplotlib.pyplot"), 5),
    ("draw 4096 x 4096 f32 to PNG, as a notebook does: hinton", OURS, 5),
    ("draw 4096 x 4096 f32 to PNG at the same density: matplotlib imshow", PEER, 3),
]

for about, script, runs in CASES:
    times = []
    for _ in range(runs):
        ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
        if ran.returncode:
            print(f"{about}: {ran.stderr.strip().splitlines()[-1]}")
            break
        times.append(float(ran.stdout))
    else:
        print(f"{about}: {statistics.median(times) * 1000:.0f} ms")
