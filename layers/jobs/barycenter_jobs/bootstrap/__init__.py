"""The composition root, a module for each kind of function.

It reads the environment once and puts the parts together. A function pays for imports at every cold start: a
module imports at its head what its function needs on every invocation; what is rarely needed is imported
where it is made, and what only types need is not imported at all.
"""
