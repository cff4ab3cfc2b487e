"""Configuration of the real daemons the hosts run, one module per duty.

Nothing here starts a process; each function writes files and returns the shell commands that do.
`catalogue.py` composes hosts from them.
"""
