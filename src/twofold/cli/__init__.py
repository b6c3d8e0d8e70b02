"""The command line: `twofold ...`. Exit code 0 is good, 1 bad input, 2 wrong usage, 130 interrupted."""

from twofold.cli.app import main as main
