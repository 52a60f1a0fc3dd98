"""Questions about speed, answered as ratios to a named baseline of the same run.

`python -m benchmarks` prints tables; the tests beside them run at one hundredth of the size and assert
statements, bytes and memory, never times.
"""
