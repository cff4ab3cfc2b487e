"""The bench of memory: every table full, under load, over time.

It never judges: the numbers are recorded.
`tests/bench/memory/run` starts it.
"""
