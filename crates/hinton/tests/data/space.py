"""Makes space_numpy.json and space_onnx.json: what numpy and onnxruntime say of small networks.

    space.py FOLDER_OF_ONNX_FILES

The six networks of the notebooks over a small mesh in double precision; and for ONNX files the first
values of every step for two points that a formula makes.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

HERE = Path(__file__).parent


def six_networks():
    axis = np.arange(-5, 5, 2.5)
    points = np.array([[x, y] for x in axis for y in axis])
    w1 = np.array([[3.0, 0.0], [0.0, 3.0], [6.0, 6.0]])
    rng = np.random.default_rng(7)
    h = np.round(rng.uniform(-0.6, 0.6, (3, 3)), 6)
    w3 = np.round(rng.uniform(-0.6, 0.6, (2, 3)), 6)
    result = {"points": points.tolist(), "W1": w1.tolist(), "H": h.tolist(), "W3": w3.tolist()}
    for name, function in [("tanh", np.tanh), ("relu", lambda x: np.maximum(x, 0))]:
        one = points @ w1.T
        two = function(one)
        three = two @ h.T
        four = function(three)
        result[name] = {
            "L-NL-H-NL-L": [v.tolist() for v in [one, two, three, four, four @ w3.T]],
            "L-NL-L": [v.tolist() for v in [one, two, two @ w3.T]],
        }
    result["singular_values"] = {
        "W1": np.linalg.svd(w1, compute_uv=False).tolist(),
        "H": np.linalg.svd(h, compute_uv=False).tolist(),
        "W3": np.linalg.svd(w3, compute_uv=False).tolist(),
    }
    result["determinant"] = float(np.linalg.det(h))
    (HERE / "space_numpy.json").write_text(json.dumps(result) + "\n")


def onnx_values(folder):
    result = {}
    for name in ["crafted_mnist_softmax.onnx", "rten_mnist.onnx"]:
        model = onnx.load(folder / name)
        values = [o for node in model.graph.node for o in node.output if node.op_type != "Constant"]
        kept = list(model.graph.output)
        del model.graph.output[:]
        model.graph.output.extend(onnx.ValueInfoProto(name=value) for value in values)
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        source = session.get_inputs()[0]
        points = np.array([[(i * 37 + p * 11) % 101 / 100 for i in range(784)] for p in range(2)])
        shape = [d if isinstance(d, int) else -1 for d in source.shape]
        steps = {}
        for p in range(2):
            x = points[p].astype(np.float32).reshape([1] + shape[1:])
            for value, array in zip(values, session.run(values, {source.name: x})):
                if array.dtype == np.float32:
                    flat = array.reshape(-1)
                    steps.setdefault(value, {"width": len(flat), "first": [], "sum": []})
                    steps[value]["first"].append([float(v) for v in flat[:8]])
                    steps[value]["sum"].append(float(flat.astype(np.float64).sum()))
        result[name] = steps
        print(name, source.shape, [(k, v["width"]) for k, v in steps.items()], kept[0].name)
    (HERE / "space_onnx.json").write_text(json.dumps(result) + "\n")


six_networks()
onnx_values(Path(sys.argv[1]))
