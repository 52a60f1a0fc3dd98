"""`python -m cli`: the same as `tessera`."""

from cli.main import main

main()
