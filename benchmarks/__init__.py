"""Questions about speed, answered as ratios to a named baseline of the same run.

`python -m benchmarks` prints tables. `tests/unit/benchmarks` runs the same at one hundredth of the
size and asserts statements, bytes and memory, never times.
"""
