"""`chatconform completion`: prints what makes a shell complete the command line of chatconform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import argparse

HELP = "print what makes your shell complete commands, options, ids and the names of your targets"
SHELLS: Final = {
    "bash": 'eval "$(chatconform completion bash)"    in ~/.bashrc',
    "zsh": 'eval "$(chatconform completion zsh)"    in ~/.zshrc, after compinit',
    "fish": "chatconform completion fish | source    in ~/.config/fish/config.fish",
}
PROGRAM: Final = "chatconform"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments to its parser."""
    parser.add_argument("shell", choices=tuple(SHELLS), help="the shell to print it for")


def run(args: argparse.Namespace) -> int:
    """Runs the command and returns its exit status: 0 printed, 2 there is no such shell."""
    from argcomplete.shell_integration import shellcode

    print(shellcode([PROGRAM], shell=args.shell).strip("\n"))
    print(f"# {SHELLS[args.shell]}")  # last, since zsh asks for a first line of its own
    return 0
