"""The lab's own tests: the truth against the network, seen with plain tools.

They import no code of the product.
`tests/lab/selftest` runs them.
"""
