#!/usr/bin/env python3
"""Writes a safetensors checkpoint with the names and shapes of a language model.

    tools/make_llama.py OUT.safetensors --layers 22 --hidden 2048 --intermediate 5632
    tools/make_llama.py OUT.safetensors --layers 48 --experts 128 --sparse

Plain Python. The values are noise with what trained weights have: columns of outliers, bands of low
rank, norms near one. --sparse writes the header alone and a hole for the values: a model of 100 GB
takes no disk, and its values are zeros. Beside it lies a config.json.
"""

import argparse
import array
import json
import os
import random
import struct
import sys


def shapes(args):
    """Names and shapes, in the order in which Hugging Face writes them."""
    hidden, heads = args.hidden, args.heads
    kv = hidden // heads * args.kv_heads
    yield "model.embed_tokens.weight", [args.vocab, hidden]
    for layer in range(args.layers):
        prefix = f"model.layers.{layer}."
        yield prefix + "input_layernorm.weight", [hidden]
        yield prefix + "self_attn.q_proj.weight", [hidden, hidden]
        yield prefix + "self_attn.k_proj.weight", [kv, hidden]
        yield prefix + "self_attn.v_proj.weight", [kv, hidden]
        yield prefix + "self_attn.o_proj.weight", [hidden, hidden]
        yield prefix + "post_attention_layernorm.weight", [hidden]
        if args.experts:
            yield prefix + "mlp.gate.weight", [args.experts, hidden]
        groups = [f"mlp.experts.{expert}." for expert in range(args.experts)] or ["mlp."]
        for group in groups:
            yield prefix + group + "gate_proj.weight", [args.intermediate, hidden]
            yield prefix + group + "up_proj.weight", [args.intermediate, hidden]
            yield prefix + group + "down_proj.weight", [hidden, args.intermediate]
    yield "model.norm.weight", [hidden]
    if not args.tied:
        yield "lm_head.weight", [args.vocab, hidden]


def bf16(values):
    """Values as bfloat16, cut off."""
    words = array.array("f", values)
    raw = array.array("H", words.tobytes())
    return raw[1::2] if sys.byteorder == "little" else raw[0::2]


def rows(name, shape, seed):
    """The rows of a tensor. Noise comes from one table at a place that the row draws."""
    rng = random.Random(f"{seed} {name}")
    cols = shape[-1]
    if len(shape) == 1:
        yield bf16([1.0 + 0.1 * rng.gauss(0.0, 1.0) for _ in range(cols)]).tobytes()
        return
    scale = cols**-0.5
    table = [rng.gauss(0.0, scale) for _ in range(8 * cols)]
    for column in rng.sample(range(cols), max(1, cols // 512)):
        for period in range(8):
            table[period * cols + column] *= 12.0
    table = bf16(table)
    strong = bf16([2.5 * rng.gauss(0.0, scale) for _ in range(cols)])
    band = rng.randrange(shape[0])
    for row in range(shape[0]):
        if 0 <= row - band < shape[0] // 16 and row % 2:
            yield strong.tobytes()
        else:
            start = rng.randrange(8) * cols
            yield table[start : start + cols].tobytes()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out")
    parser.add_argument("--layers", type=int, default=22)
    parser.add_argument("--hidden", type=int, default=2048)
    parser.add_argument("--intermediate", type=int, default=5632)
    parser.add_argument("--heads", type=int, default=32)
    parser.add_argument("--kv-heads", type=int, default=4)
    parser.add_argument("--vocab", type=int, default=32000)
    parser.add_argument("--experts", type=int, default=0, help="0: no mixture of experts")
    parser.add_argument("--tied", action="store_true", help="no lm_head")
    parser.add_argument("--sparse", action="store_true", help="a hole in place of the values")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    header, offset = {"__metadata__": {"format": "pt"}}, 0
    tensors = list(shapes(args))
    for name, shape in tensors:
        size = 2
        for length in shape:
            size *= length
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(args.out, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        if args.sparse:
            file.truncate(8 + len(text) + offset)
        else:
            for name, shape in tensors:
                for row in rows(name, shape, args.seed):
                    file.write(row)
    config = {
        "model_type": "qwen3_moe" if args.experts else "llama",
        "hidden_size": args.hidden,
        "intermediate_size": args.intermediate,
        "num_hidden_layers": args.layers,
        "num_attention_heads": args.heads,
        "num_key_value_heads": args.kv_heads,
        "vocab_size": args.vocab,
        "tie_word_embeddings": args.tied,
    }
    if args.experts:
        config["num_experts"] = args.experts
    folder = os.path.dirname(os.path.abspath(args.out))
    with open(os.path.join(folder, "config.json"), "w") as file:
        json.dump(config, file, indent=2)
        file.write("\n")
    print(f"{args.out}: {len(tensors)} tensors, {offset} bytes of values")


if __name__ == "__main__":
    main()
