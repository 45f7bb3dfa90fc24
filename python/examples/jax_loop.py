"""A loop of JAX and optax, recorded without waiting for a step to be computed."""

import jax
import jax.numpy as jnp
import optax

import hinton

keys = jax.random.split(jax.random.key(0), 3)
x = jax.random.normal(keys[0], (256, 8))
y = jnp.sin(x).sum(1)
params = {"hidden": jax.random.normal(keys[1], (8, 32)) * 0.3, "out": jax.random.normal(keys[2], (32,)) * 0.3}
optimizer = optax.adam(1e-2)
state = optimizer.init(params)


@jax.jit
def learn(params, state):
    loss, gradients = jax.value_and_grad(lambda p: ((jnp.tanh(x @ p["hidden"]) @ p["out"] - y) ** 2).mean())(params)
    updates, state = optimizer.update(gradients, state)
    return optax.apply_updates(params, updates), state, loss


with hinton.record("run/", overhead=1) as rec:
    for _ in range(40):
        params, state, loss = learn(params, state)
        rec.step(model=params, loss=loss)

hinton.run("run/").animate("hidden", chart="heatmap", duration=2).save("hidden.gif")
