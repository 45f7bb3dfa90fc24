"""Makes stored.json: what the packages gguf and safetensors say is stored in quantised fixtures.

    stored.py

For each tensor its dtype, its shape and the 64-bit FNV-1a hash of its bytes.
"""

import json
from pathlib import Path

import gguf
import safetensors

HERE = Path(__file__).parent
FIXTURES = HERE.parents[2] / "hinton-format/tests/fixtures"


def fnv(data):
    state = 0xCBF29CE484222325
    for byte in data:
        state = (state ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{state:016x}"


def of_gguf(path):
    tensors = {}
    for tensor in gguf.GGUFReader(path).tensors:
        # The package gives blocks of Q8_1 40 bytes, ggml 36; BF16 is no block type.
        if tensor.data.dtype == "uint8" and tensor.tensor_type.name not in ("Q8_1", "BF16"):
            data = tensor.data
            kind = tensor.tensor_type.name
            tensors[tensor.name] = [kind, list(data.shape), fnv(data.tobytes())]
    return tensors


def of_safetensors(path):
    tensors = {}
    for name, told in safetensors.deserialize(path.read_bytes()):
        tensors[name] = [told["dtype"], list(told["shape"]), fnv(told["data"])]
    return tensors


truth = {"gguf/every_type.gguf": of_gguf(FIXTURES / "gguf/every_type.gguf")}
for path in sorted((FIXTURES / "quantised").glob("*.safetensors")):
    truth[f"quantised/{path.name}"] = of_safetensors(path)
(HERE / "stored.json").write_text(json.dumps(truth) + "\n")
