"""gjax: differentiable gamma-ray astronomy on JAX."""
