"""One command or group of commands per file."""
