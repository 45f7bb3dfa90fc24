"""The points after every step of a network that another library computes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

#: Layers of torch that do not change values at inference.
SILENT = ("Identity", "Dropout", "Flatten")


def spec_of(module: Any, layers: list[str]) -> str | None:
    """The spec of a torch chain in hinton's syntax (`2-3-tanh-2`); None if the module is not such a chain."""
    torch = sys.modules["torch"]
    parts: list[str] = []
    if not isinstance(module, torch.nn.Sequential):
        return None
    for layer in flat(module):
        kind = type(layer).__name__
        if isinstance(layer, torch.nn.Linear):
            if layer.bias is None:
                return None
            parts += [str(layer.in_features)] if not parts else []
            parts.append(str(layer.out_features))
        elif kind in ("Tanh", "ReLU", "Sigmoid", "GELU", "SiLU", "Softmax") and not list(layer.parameters()):
            word = kind.lower()
            if word not in layers or not parts or getattr(layer, "approximate", "none") != "none":
                return None
            parts.append(word)
        elif kind not in SILENT:
            return None
    return "-".join(parts) if parts else None


def chain_of(module: Any) -> dict[str, Any]:
    """The parameters of such a chain, named by index as in the spec."""
    named: dict[str, Any] = {}
    place = 0
    for layer in flat(module):
        if type(layer).__name__ in SILENT:
            continue
        if hasattr(layer, "weight"):
            named[f"{place}.weight"] = layer.weight
            named[f"{place}.bias"] = layer.bias
        place += 1
    return named


def flat(module: Any) -> Any:
    """The layers of nested chains, in order."""
    for layer in module.children():
        if type(layer).__name__ == "Sequential":
            yield from flat(layer)
        else:
            yield layer


def of_module(module: Any, points: Any) -> list[tuple[str, Any]]:
    """The points after each submodule that has no submodules itself, in the order in which torch calls them, and the output
    of the module if that is different. In evaluation mode, without gradients."""
    torch = sys.modules["torch"]
    parameter = next(module.parameters(), None)
    rows = torch.as_tensor(numbers(points))
    if parameter is not None:
        rows = rows.to(device=parameter.device, dtype=parameter.dtype)
    found: list[tuple[str, Any]] = [("Input", flattened(rows))]
    names = {one: name for name, one in module.named_modules()}

    def keep(one: Any, _: Any, output: Any) -> None:
        if isinstance(output, torch.Tensor) and output.ndim >= 1 and output.shape[0] == rows.shape[0]:
            found.append((f"{names[one]}: {type(one).__name__}", flattened(output)))

    hooks = [one.register_forward_hook(keep) for one in names if not list(one.children())]
    was_training = module.training
    try:
        module.eval()
        with torch.no_grad():
            last = module(rows)
    finally:
        module.train(was_training)
        for hook in hooks:
            hook.remove()
    if isinstance(last, torch.Tensor) and last.shape[:1] == rows.shape[:1]:
        output = flattened(last)
        if output.shape != found[-1][1].shape or not torch.equal(output, found[-1][1]):
            found.append(("Output", output))
    return found


def of_keras(model: Any, points: Any) -> list[tuple[str, Any]]:
    """The points after each layer of a Keras chain."""
    return of_functions(model.layers, numbers(points), lambda layer: layer.name)


def of_functions(
    functions: Sequence[Callable[[Any], Any]], points: Any, name: Callable[[Any], str] | None = None
) -> list[tuple[str, Any]]:
    """The points after each function, which takes the result of the previous one."""
    import numpy

    def called(index: int, function: Any) -> str:
        word = str(name(function) if name else getattr(function, "__name__", type(function).__qualname__))
        return f"Function {index + 1}" if word == "<lambda>" else word

    found: list[tuple[str, Any]] = [("Input", numpy.asarray(points))]
    value = points
    for index, function in enumerate(functions):
        value = function(value)
        rows = value.detach().cpu() if hasattr(value, "detach") else value
        array = numpy.asarray(rows)
        found.append((called(index, function), array.reshape(len(array), -1)))
    return found


def numbers(points: Any) -> Any:
    """Points as a numpy array, unless they are a torch tensor."""
    import numpy

    return points if hasattr(points, "detach") else numpy.asarray(points)


def flattened(rows: Any) -> Any:
    """One row of values per point."""
    return rows.detach().cpu().float().reshape(rows.shape[0], -1).clone()
