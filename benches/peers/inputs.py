"""Writes the matrices and checkpoints that the benchmark draws and measures.

    inputs.py FOLDER HINTON

HINTON draws the numbered pictures that encoders start from.

Every file is made once from a fixed seed and kept; a file that is there is left alone.
"""

import gzip
import io
import json
import os
import pathlib
import pickle
import shutil
import struct
import subprocess
import sys
import types
import zipfile

import h5py
import numpy as np
import onnx
import onnx.helper
import onnx.numpy_helper
import safetensors.numpy

GIB = 1 << 30


def matrix(folder, name, values):
    path = folder / name
    if not path.exists():
        partial = path.with_suffix(".tmp")
        with open(partial, "wb") as file:
            np.save(file, values())
        partial.rename(path)


def header_bytes(tensors):
    """The head of a safetensors file: length, then JSON padded to eight bytes."""
    text = json.dumps(tensors, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def layout(tensors):
    """Entries of a header for (name, dtype, shape, bytes of one value), and the bytes of all."""
    entries, at = {}, 0
    for name, dtype, shape, width in tensors:
        size = int(np.prod(shape)) * width
        entries[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    return entries, at


def two_gib(folder):
    """1 GiB of bf16 and 1 GiB of f32: sixteen weight matrices of each, normal, scaled like a layer."""
    path = folder / "2gib.safetensors"
    if path.exists():
        return
    random = np.random.default_rng(2)
    tensors = [(f"blocks.{i}.bf16.weight", "BF16", (4096, 8192), 2) for i in range(16)]
    tensors += [(f"blocks.{i}.f32.weight", "F32", (4096, 4096), 4) for i in range(16)]
    entries, size = layout(tensors)
    assert size == 2 * GIB
    partial = path.with_suffix(".tmp")
    with open(partial, "wb") as file:
        file.write(header_bytes(entries))
        for _, dtype, shape, _ in tensors:
            values = random.standard_normal(shape, dtype=np.float32) * np.float32(0.02)
            values[random.random(shape[0]) < 0.01] = 0.0
            if dtype == "BF16":
                bits = values.view(np.uint32)
                values = ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
            file.write(values.tobytes())
    partial.rename(path)


def parts(folder, hinton):
    """Summaries of a thousand parts of it."""
    path = folder / "parts"
    if path.exists():
        return
    partial = folder / "parts.tmp"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    for number in range(1, 1001):
        out = partial / f"{number}.hs"
        model = folder / "2gib.safetensors"
        subprocess.run([hinton, "summary", model, "--part", f"{number}/1000", "-o", out], check=True)
    partial.rename(path)


def llama_tensors():
    """Names and shapes of a model of 1.1 * 10^9 values: 201 tensors, as TinyLlama has them."""
    yield "model.embed_tokens.weight", (32000, 2048)
    for layer in range(22):
        block = f"model.layers.{layer}"
        yield f"{block}.input_layernorm.weight", (2048,)
        yield f"{block}.self_attn.q_proj.weight", (2048, 2048)
        yield f"{block}.self_attn.k_proj.weight", (256, 2048)
        yield f"{block}.self_attn.v_proj.weight", (256, 2048)
        yield f"{block}.self_attn.o_proj.weight", (2048, 2048)
        yield f"{block}.post_attention_layernorm.weight", (2048,)
        yield f"{block}.mlp.gate_proj.weight", (5632, 2048)
        yield f"{block}.mlp.up_proj.weight", (5632, 2048)
        yield f"{block}.mlp.down_proj.weight", (2048, 5632)
    yield "model.norm.weight", (2048,)
    yield "lm_head.weight", (32000, 2048)


def bfloat16(values):
    bits = values.view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def llamas(folder):
    """A model of 2.2 GB of bf16, the same again, one whose every value moved by about 2 %, and GGUF of
    Q4_K with random codes under the names of llama.cpp."""
    names = ["llama", "llama-same", "llama-tuned"]
    paths = [folder / f"{name}.safetensors" for name in names]
    if not all(path.exists() for path in paths):
        random = np.random.default_rng(6)
        tensors = [(name, "BF16", shape, 2) for name, shape in llama_tensors()]
        entries, _ = layout(tensors)
        partial = [path.with_suffix(".tmp") for path in paths]
        files = [open(path, "wb") for path in partial]
        for file in files:
            file.write(header_bytes(entries))
        for _, _, shape, _ in tensors:
            values = random.standard_normal(shape, dtype=np.float32) * np.float32(0.02)
            moved = values * (1 + np.float32(0.02) * random.standard_normal(shape, dtype=np.float32))
            same = bfloat16(values).tobytes()
            for file, bytes_ in zip(files, [same, same, bfloat16(moved).tobytes()]):
                file.write(bytes_)
        for file, path, to in zip(files, partial, paths):
            file.close()
            path.rename(to)
    path = folder / "llama-q4_k.gguf"
    if not path.exists():
        tensors = []
        for name, shape in llama_tensors():
            for theirs, ours in GGUF_NAMES:
                name = name.replace(theirs, ours)
            kind = (12, 256, 144, [0, 2]) if len(shape) == 2 else (0, 1, 4, None)
            tensors.append((name, shape[::-1], *kind))
        write_gguf(path, tensors, np.random.default_rng(7))


GGUF_NAMES = [
    ("model.embed_tokens", "token_embd"), ("model.norm", "output_norm"), ("lm_head", "output"),
    ("model.layers", "blk"), ("input_layernorm", "attn_norm"), ("post_attention_layernorm", "ffn_norm"),
    ("self_attn.q_proj", "attn_q"), ("self_attn.k_proj", "attn_k"), ("self_attn.v_proj", "attn_v"),
    ("self_attn.o_proj", "attn_output"), ("mlp.gate_proj", "ffn_gate"), ("mlp.up_proj", "ffn_up"),
    ("mlp.down_proj", "ffn_down"),
]


def hundred_gib(folder):
    """Twenty shards of 5 GiB with true headers and no values: the files are sparse."""
    home = folder / "100gib"
    index = home / "model.safetensors.index.json"
    if index.exists():
        return
    home.mkdir(exist_ok=True)
    names, total = {}, 0
    for shard in range(20):
        file_name = f"model-{shard + 1:05}-of-00020.safetensors"
        tensors = []
        for layer in range(4 * shard, 4 * shard + 4):
            block = f"model.layers.{layer}"
            tensors += [(f"{block}.self_attn.{k}_proj.weight", "BF16", (8192, 8192), 2) for k in "qo"]
            tensors += [(f"{block}.self_attn.{k}_proj.weight", "BF16", (1024, 8192), 2) for k in "kv"]
            tensors += [(f"{block}.mlp.{k}_proj.weight", "BF16", (16384, 8192), 2) for k in ("gate", "up")]
            tensors += [(f"{block}.mlp.down_proj.weight", "BF16", (8192, 16384), 2)]
            tensors += [(f"{block}.{k}_layernorm.weight", "BF16", (8192,), 2) for k in ("input", "post_attention")]
        entries, size = layout(tensors)
        # What is missing to 5 GiB goes into one more matrix.
        rows = (5 * GIB - size) // (8192 * 2)
        tensors.append((f"model.embed_tokens.{shard}.weight", "BF16", (rows, 8192), 2))
        entries, size = layout(tensors)
        head = header_bytes(entries)
        with open(home / file_name, "wb") as file:
            file.write(head)
            file.truncate(len(head) + size)
        names.update(dict.fromkeys(entries, file_name))
        total += size
    index.write_text(json.dumps({"metadata": {"total_size": total}, "weight_map": names}))


def walk(steps, *shape, scale):
    """Values over time that change a little in every step, from 0 to `scale`."""
    random = np.random.default_rng(steps)
    phase = random.random(shape) + 0.004 * np.arange(steps).reshape(-1, *[1] * len(shape)) * random.random(shape)
    return np.abs(phase % 2 - 1) * scale


def frames(folder, hinton, count):
    """The pictures of the annotated film, from which encoders start."""
    home = folder / f"frames-{count}"
    if home.exists():
        return
    command = [hinton, "animate", folder / f"run-{count}.npy", "--as", "heatmap", "--annotate={:.9f}"]
    partial = folder / f"partial-{count}"
    subprocess.run([*command, "--size", "1500x1000px", "-o", f"{partial}/"], check=True)
    partial.rename(home)


def mnist(folder):
    """The training files of MNIST: from HINTON_DATA or shared/data beside the repository, or else
    pictures of as many pixels that are not zero, so that the work is the same."""
    home = folder / "mnist"
    if home.exists():
        return
    partial = folder / "mnist.tmp"
    partial.mkdir(exist_ok=True)
    names = ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"]
    beside = pathlib.Path(__file__).resolve().parents[3] / "shared/data"
    real = pathlib.Path(os.environ.get("HINTON_DATA", beside)) / "mnist"
    if real.is_dir():
        for name in names:
            shutil.copy(real / name, partial / name)
    else:
        random = np.random.default_rng(60000)
        pixels = random.integers(1, 256, (60000, 28, 28), dtype=np.uint8)
        pixels[random.random(pixels.shape) > 0.19] = 0
        labels = random.integers(0, 10, 60000, dtype=np.uint8)
        heads = [struct.pack(">iiii", 2051, 60000, 28, 28), struct.pack(">ii", 2049, 60000)]
        for name, head, values in zip(names, heads, [pixels, labels]):
            (partial / name).write_bytes(gzip.compress(head + values.tobytes(), 6))
    partial.rename(home)


def blocks(random, count, size, scales):
    """Blocks of random codes, whose binary16 numbers at the bytes `scales` are those of a layer."""
    raw = random.integers(0, 256, (count, size), dtype=np.uint8)
    for at in scales:
        scale = (random.standard_normal(count, dtype=np.float32) * 0.002).astype("<f2")
        raw[:, at : at + 2] = scale.view(np.uint8).reshape(count, 2)
    return raw.tobytes()


def gguf(folder):
    """1 GiB of GGUF: weight matrices of Q4_K and of Q8_0, half of the bytes each."""
    path = folder / "1gib.gguf"
    if path.exists():
        return
    random = np.random.default_rng(4)
    tensors = []  # name, (columns, rows), number of the type, values and bytes of a block, scales
    for i in range(16):
        tensors.append((f"blk.{i}.ffn_up.weight", (4096, 14563), 12, 256, 144, [0, 2]))
        tensors.append((f"blk.{i}.attn_q.weight", (4096, 7710), 8, 32, 34, [0]))
    write_gguf(path, tensors, random)


def write_gguf(path, tensors, random):
    """A GGUF file of (name, lengths from the fastest on, number of the type, values and bytes of a block,
    where its scales are); plain values without scales."""

    def text(value):
        return struct.pack("<Q", len(value)) + value.encode()

    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), 1)
    head += text("general.architecture") + struct.pack("<I", 8) + text("llama")
    at = 0
    for name, lengths, kind, values, size, _ in tensors:
        head += text(name) + struct.pack(f"<I{len(lengths)}QIQ", len(lengths), *lengths, kind, at)
        at += int(np.prod(lengths)) // values * size
        at += -at % 32
    partial = path.with_suffix(".tmp")
    with open(partial, "wb") as file:
        file.write(head + bytes(-len(head) % 32))
        for _, lengths, _, values, size, scales in tensors:
            count = int(np.prod(lengths)) // values
            plain = scales is None
            file.write(np.ones(count, np.float32).tobytes() if plain else blocks(random, count, size, scales))
            file.write(bytes(-file.tell() % 32))
    partial.rename(path)


def torch_zip(path, tensors):
    """What torch.save writes of f32 tensors: a zip of a pickle and of one stored member a storage."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")

    class FloatStorage:
        pass

    def rebuild(*_):
        pass

    for module, item, name in [(torch, FloatStorage, "FloatStorage"), (utils, rebuild, "_rebuild_tensor_v2")]:
        item.__module__, item.__name__, item.__qualname__ = module.__name__, name, name
        setattr(module, name, item)

    class Tensor:
        def __init__(self, key, shape):
            self.key, self.shape = key, shape

        def __reduce__(self):
            storage = Storage(self.key, int(np.prod(self.shape)))
            strides = tuple(int(np.prod(self.shape[axis + 1 :])) for axis in range(len(self.shape)))
            return rebuild, (storage, 0, self.shape, strides, False, {})

    class Storage:
        def __init__(self, key, count):
            self.key, self.count = key, count

    class Pickler(pickle.Pickler):
        def persistent_id(self, item):
            if isinstance(item, Storage):
                return ("storage", FloatStorage, item.key, "cpu", item.count)
            return None

    state = {name: Tensor(str(at), values.shape) for at, (name, values) in enumerate(tensors)}
    text = io.BytesIO()
    # Only names are written of the two modules, which need not be there.
    sys.modules["torch"], sys.modules["torch._utils"] = torch, utils
    try:
        Pickler(text, 2).dump(state)
    finally:
        del sys.modules["torch"], sys.modules["torch._utils"]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("archive/data.pkl", text.getvalue())
        for at, (_, values) in enumerate(tensors):
            archive.writestr(f"archive/data/{at}", values.tobytes())
        archive.writestr("archive/version", "3\n")


def onnx_file(path, tensors):
    held = [onnx.numpy_helper.from_array(values, name) for name, values in tensors]
    graph = onnx.helper.make_graph([], "weights", [], [], initializer=held)
    onnx.save(onnx.helper.make_model(graph), path)


def hdf5_file(path, tensors):
    with h5py.File(path, "w") as file:
        for name, values in tensors:
            file.create_dataset(name.replace(".", "/"), data=values)


WRITERS = {
    "1gib.safetensors": lambda path, tensors: safetensors.numpy.save_file(dict(tensors), path),
    "1gib.pt": torch_zip,
    "1gib.h5": hdf5_file,
    "1gib.onnx": onnx_file,
    "1gib.npz": lambda path, tensors: np.savez(path, **dict(tensors)),
}


def kinds(folder):
    """1 GiB of f32 as each kind of file that one meets at that size: sixteen matrices."""
    missing = [name for name in WRITERS if not (folder / name).exists()]
    if not missing:
        return
    random = np.random.default_rng(5)
    shape = (4096, 4096)
    tensors = [(f"blocks.{i}.weight", random.standard_normal(shape, dtype=np.float32) * np.float32(0.02)) for i in range(16)]
    for name in missing:
        partial = folder / f"partial-{name}"
        WRITERS[name](str(partial), tensors)
        partial.rename(folder / name)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)

    def normal(seed, *shape):
        return lambda: np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)

    matrix(folder, "20x20.npy", lambda: np.random.RandomState(19680801).rand(20, 20) - 0.5)
    matrix(folder, "256x256.npy", normal(256, 256, 256))
    matrix(folder, "1024x1024.npy", normal(1024, 1024, 1024))
    matrix(folder, "2048x2048.npy", normal(2048, 2048, 2048))
    matrix(folder, "8x16.npy", lambda: np.random.default_rng(8).random((8, 16)) * 0.05)
    matrix(folder, "8192x8192.npy", normal(8192, 8192, 8192))
    matrix(folder, "run-200.npy", lambda: walk(200, 8, 16, scale=0.05))
    matrix(folder, "run-30.npy", lambda: walk(30, 8, 16, scale=0.05))
    matrix(folder, "run-1000.npy", lambda: (walk(1000, 784, 10, scale=2.0) - 1.0).astype(np.float32))
    frames(folder, sys.argv[2], 200)
    frames(folder, sys.argv[2], 30)
    matrix(folder, "points-1m.npy", normal(61, 1_000_000, 2))
    matrix(folder, "points-10m.npy", normal(62, 10_000_000, 2))
    two_gib(folder)
    parts(folder, sys.argv[2])
    llamas(folder)
    hundred_gib(folder)
    mnist(folder)
    gguf(folder)
    kinds(folder)


main()
