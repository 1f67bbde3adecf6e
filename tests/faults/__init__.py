"""Load over the three frameworks, faults under it, and a checker of what was acknowledged.

python -m tests.faults --help
"""
