"""What is recorded of a training besides its weights, if requested: gradients, updates, activations."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from typing import Any

from . import _arrays
from ._errors import kind_of, refused
from ._snapshot import Copy, numbers

#: Number of examples of a batch whose activations are stored as arrays.
EXAMPLES = 16


class Activations:
    """The outputs of selected torch modules in the last forward pass of a training, while it is armed."""

    def __init__(self, model: Any, patterns: Sequence[str]) -> None:
        if not callable(getattr(model, "named_modules", None)):
            raise refused(
                ValueError,
                f"activations: {kind_of(model)} has no modules of torch to watch",
                "give a torch.nn.Module, or record arrays by tensors= of step()",
            )
        modules = dict(model.named_modules())
        chosen = {
            name: module
            for name, module in modules.items()
            if name and any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
        }
        if not chosen:
            some = ", ".join(name for name in list(modules)[1:7])
            raise refused(KeyError, f"activations: no module is called {' or '.join(patterns)}", f"there are {some}")
        self.is_armed = True
        self._arrays: dict[str, Any] = {}
        self._metrics: dict[str, Any] = {}
        self._hooks = [module.register_forward_hook(self._hook(name)) for name, module in chosen.items()]

    def _hook(self, name: str) -> Any:
        def keep(module: Any, _: Any, output: Any) -> None:
            if not (self.is_armed and module.training and hasattr(output, "detach")):
                return
            output = output.detach()
            self._arrays[f"activation.{name}"] = output[:EXAMPLES].clone()
            if output.is_floating_point():
                wide = output.float()
                self._metrics[f"activation_rms.{name}"] = wide.square().mean().sqrt()
                self._metrics[f"activation_zeros.{name}"] = (wide == 0).float().mean()

        return keep

    def take(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The arrays and metrics of the last pass."""
        taken = self._arrays, self._metrics
        self._arrays, self._metrics = {}, {}
        return taken

    def remove(self) -> None:
        for hook in self._hooks:
            hook.remove()


def gradient_norms(model: Any) -> dict[str, Any]:
    """The norm of each parameter's gradient, and of all together; those of torch stay on their device."""
    norms = {
        name: value.grad.detach().float().norm()
        for name, value in model.named_parameters()
        if value.grad is not None and not hasattr(value.grad, "placements")
    }
    metrics = {f"grad_norm.{name}": norm for name, norm in norms.items()}
    if norms:
        first = next(iter(norms.values()))
        metrics["grad_norm"] = sum(norm.to(first.device).square() for norm in norms.values()).sqrt()
    return metrics


def check_gradients(model: Any) -> None:
    if not callable(getattr(model, "named_parameters", None)):
        raise refused(
            ValueError,
            f"gradients: {kind_of(model)} does not hold its gradients",
            "give a torch.nn.Module, or record them by tensors= or as metrics of step()",
        )


def update_ratios(before: dict[str, Copy], after: dict[str, Copy]) -> list[tuple[str, float]]:
    """For each tensor, the norm of its change in one step, divided by its norm before."""
    import numpy

    found = []
    for name, (old, kind) in before.items():
        if name not in after or not is_float(old, kind):
            continue
        old_values, new_values = numbers(old, kind, name), numbers(*after[name], name)
        norm = float(numpy.linalg.norm(old_values))
        if old_values.shape == new_values.shape and norm > 0:
            found.append((f"update_ratio.{name}", float(numpy.linalg.norm(new_values - old_values)) / norm))
    return found


def is_float(copy: Any, kind: str | None) -> bool:
    if kind is not None or _arrays.is_from(copy, "jax") or _arrays.is_from(copy, "jaxlib"):
        return True
    dtype = getattr(copy, "dtype", None)
    return getattr(dtype, "kind", "f") == "f"
