"""`chatconform schema`: prints the schemas, and compares them with a published OpenAPI document."""

from __future__ import annotations

import argparse
from pathlib import Path

from chatconform.frontends.cli.arguments import refused

HELP = "print the schema of a type, or compare all schemas with a published OpenAPI document"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments to its parser."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="the type; without it, the types are listed")
    parser.add_argument("--strict", action="store_true", help="the strict strength: closed objects, formats asserted")
    parser.add_argument("--bundle", action="store_true", help="one document with all that the type refers to")
    parser.add_argument("--one-of", action="store_true", help="a bundle whose unions are plain oneOfs, for generators")
    parser.add_argument(
        "--drift",
        metavar="OPENAPI",
        type=Path,
        help="tell what was added, removed and changed in this document (JSON, or YAML where PyYAML is installed)",
    )
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="with --drift: tell also what our schemas say on purpose"
    )


def run(args: argparse.Namespace) -> int:
    """Runs the command and returns its exit status: 0 done or no drift, 1 drift, 2 bad input."""
    if args.drift is not None:
        if args.name or args.bundle or args.one_of or args.strict:
            return refused("--drift compares all schemas: it takes no NAME, --bundle, --one-of or --strict")
        return _tell_drift(args.drift, args.verbose)
    if args.name is None:
        if args.bundle or args.one_of or args.strict:
            return refused("which type? --bundle, --one-of and --strict need a NAME")
        return _list_names()
    return _print_schema(args.name, args.strict, args.bundle or args.one_of, args.one_of)


def _list_names() -> int:
    from chatconform.schemas import names, schema

    width = max(map(len, names()))
    for name in names():
        print(f"{name:<{width}}  {schema(name)['title']}")
    return 0


def _print_schema(name: str, strict: bool, bundled: bool, one_of: bool) -> int:
    import json

    from chatconform.schemas import UnknownType, bundle, schema

    try:
        document = bundle(name, strict=strict, one_of=one_of) if bundled else schema(name, strict=strict)
    except UnknownType as problem:
        return refused(str(problem))
    print(json.dumps(document, indent=2))
    return 0


def _tell_drift(path: Path, verbose: bool) -> int:
    from chatconform.schemas.drift import BadDocument, compared, read_document

    try:
        found = compared(read_document(path), str(path))
    except BadDocument as problem:
        return refused(str(problem))
    for difference in found.differences:
        print(difference)
    if verbose:
        for difference in found.deliberate:
            print(difference)
    types = f"{found.compared} types compared"
    if not found.differences:
        print(f"{types}, no drift.")
        return 0
    count = len(found.differences)
    print(f"{types}, {count} {'difference' if count == 1 else 'differences'}.")
    return 1
