"""The command line: people and scripts come in through HTTP like everybody else.

Only `serve`, `worker`, `run`, `migrate` and `demo` import a service, inside the command's function.
"""
