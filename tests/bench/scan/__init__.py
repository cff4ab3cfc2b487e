"""The bench of the scan: the product beside the scanners people use, in the lab.

It holds no code itself.
`run` starts it; the modules are its parts.
"""
