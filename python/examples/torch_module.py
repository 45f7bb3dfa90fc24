"""A module of torch: its weights, the points after each of its parts, and a recorded training."""

import torch

import hinton

torch.manual_seed(0)
module = torch.nn.Sequential(
    torch.nn.Linear(2, 16), torch.nn.LayerNorm(16), torch.nn.GELU(), torch.nn.Linear(16, 2)
)
x = torch.randn(600, 2)
y = (x[:, 0] * x[:, 1] > 0).long()
optimizer = torch.optim.Adam(module.parameters(), lr=0.01)
with hinton.record("run/", module, overhead=1) as rec:
    rec.attach(optimizer)
    for _ in range(60):
        loss = torch.nn.functional.cross_entropy(module(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        rec.log(loss=loss)

hinton.draw(module).save("weights.png")
hinton.space(module, x, y).save("space.png")
hinton.run("run/").draw(metric="loss").save("loss.png")
