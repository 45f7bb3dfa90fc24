"""What a fine-tuning changed: two files compared, as a step of CI would."""

import numpy as np

import hinton

random = np.random.default_rng(0)
before = {f"layers.{layer}.weight": random.normal(size=(32, 32)).astype("f4") for layer in range(4)}
after = dict(before)
after["layers.3.weight"] = before["layers.3.weight"] + random.normal(scale=0.01, size=(32, 32)).astype("f4")
np.savez("before.npz", **before)
np.savez("after.npz", **after)

changed = hinton.diff("before.npz", "after.npz")
print("\n".join(changed.summary))
changed.save("report.md")
assert not changed.failures("rel>0.02,nan"), "more than a fine-tuning changes"
