"""`tessera`: the root of the command line, and how an error becomes a sentence and an exit code.

Commands import what they need inside their functions, so that `tessera --help` is quick.
"""

from __future__ import annotations

import sys

import typer

from cli.commands import (
    accounts,
    activities,
    demo,
    graph,
    import_files,
    links,
    run,
    serve,
    session,
    trash,
)
from cli.objects import gather_lists
from cli.output import exit_code
from cli.supervisor import end_with_supervisor
from shared.errors import TesseraError

app = typer.Typer(
    name="tessera",
    help="Microscopy and pathology images: browse, import, share, render.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("run")(run.run)
app.command("import")(import_files.import_)
app.command("login")(session.login)
app.command("logout")(session.logout)
app.command("link")(links.link)
app.command("unlink")(links.unlink)
app.command("chgrp")(graph.chgrp)
app.command("chown")(graph.chown)
app.command("duplicate")(graph.duplicate)
app.command("delete")(graph.delete)
app.add_typer(trash.app, name="trash")
app.add_typer(activities.app, name="activities")
app.command("demo")(demo.demo)
app.command("migrate")(serve.migrate)
app.command("set-password")(accounts.set_password)
app.command("worker")(serve.worker)
app.add_typer(serve.app, name="serve")


LISTS = frozenset({"--include", "--exclude", "--duplicate", "--reference", "--ignore"})
"""Options whose values may be written one after the other."""


def main() -> None:
    """Run the command line; a TesseraError is told in one line and ends with its exit code."""
    end_with_supervisor()
    sys.argv[1:] = gather_lists(sys.argv[1:], LISTS)
    try:
        app()
    except TesseraError as error:
        print(f"tessera: {error}", file=sys.stderr)
        sys.exit(exit_code(error))
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
