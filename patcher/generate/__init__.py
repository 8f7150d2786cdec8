"""From a plan to patches: what each step changes in the tree at hand, and what libclang says of it."""
