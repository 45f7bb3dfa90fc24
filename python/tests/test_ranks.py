"""Two processes train one model: the first records it, or each its part, and the parts merge exactly."""

import subprocess
import sys

import numpy as np
import pytest

import hinton

torch = pytest.importorskip("torch")
if not torch.distributed.is_available():
    pytest.skip("a torch without torch.distributed", allow_module_level=True)

START = """
import os, sys
rank, folder = int(sys.argv[1]), sys.argv[2]
import torch, hinton
import torch.distributed as dist
dist.init_process_group("gloo", init_method="file://" + folder + "/meeting", rank=rank, world_size=2)
torch.manual_seed(0)
module = torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.Tanh(), torch.nn.Linear(5, 3)).to(torch.bfloat16)
x = torch.randn(6, 4).to(torch.bfloat16)

def learn(model, rec, steps=5):
    optimizer = torch.optim.SGD(model.parameters(), 0.5)
    for step in range(steps):
        optimizer.zero_grad()
        loss = model(x).float().square().mean()
        loss.backward()
        optimizer.step()
        rec.step(loss=loss)
"""

REPLICATED = START + """
from torch.nn.parallel import DistributedDataParallel
model = DistributedDataParallel(module)
with hinton.record(folder + "/run", model, overhead=1e9) as rec:
    learn(model, rec)
"""

SPREAD = START + """
from torch.distributed.fsdp import fully_shard
try:
    hinton.record(folder + "/no", fully_shard(torch.nn.Linear(2, 2)))
    raise SystemExit("a spread model was taken without `every`")
except ValueError as error:
    assert "every" in str(error), error
fully_shard(module)
with hinton.record(folder + "/run", module, every=2, trained="spread") as rec:
    learn(module, rec)
whole = {name: value.full_tensor().float().numpy() for name, value in module.state_dict().items()}
if rank == 0:
    import numpy
    numpy.savez(folder + "/whole.npz", **whole)
"""


def run_two(code, folder):
    processes = [
        subprocess.Popen([sys.executable, "-c", code, str(rank), str(folder)], stderr=subprocess.PIPE, text=True)
        for rank in range(2)
    ]
    for process in processes:
        _, said = process.communicate(timeout=240)
        assert process.returncode == 0, said


def test_the_first_process_records_what_all_hold(tmp_path):
    run_two(REPLICATED, tmp_path)
    run = hinton.run(tmp_path / "run")
    assert len(run.steps) == 5 and "module.0.weight" in run.names


def test_parts_of_a_spread_model_merge_to_the_whole(tmp_path):
    if not hasattr(torch.distributed, "fsdp") or not hasattr(torch.distributed.fsdp, "fully_shard"):
        pytest.skip("a torch without fully_shard")
    run_two(SPREAD, tmp_path)
    assert hinton.merge_ranks(tmp_path / "run") == [0, 2, 4]
    run = hinton.run(tmp_path / "run")
    assert run.trained == "spread" and len(run.metrics["loss"]) == 5
    with np.load(tmp_path / "whole.npz") as whole:
        last = run.at(4)
        assert sorted(last.names) == sorted(whole) and last.dtypes["0.weight"] == "bf16"
        for name in whole:
            np.testing.assert_array_equal(last[name].numpy(), whole[name])
    with pytest.raises(ValueError, match="already"):
        hinton.merge_ranks(tmp_path / "run")
    with pytest.raises(ValueError, match="no parts"):
        hinton.merge_ranks(tmp_path)
