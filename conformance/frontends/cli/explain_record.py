"""`chatconform validate --explain`: one record whole, and everything that is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def tell_record(args: argparse.Namespace) -> int:
    """Prints a record and its findings; gives the exit status as for the whole file."""
    from chatconform.core.failure import sight
    from chatconform.core.verdicts import exit_status, is_conclusive
    from chatconform.reports.plain import plain
    from chatconform.reports.validation_terminal import place_of
    from chatconform.run.one_record import one_record
    from chatconform.run.recordings import wish_of

    wish = wish_of(args.type, args.only, args.skip, args.profile, args.lint)
    found = one_record(args.paths, args.explain, wish, args.format)
    print(f"{plain(found.file)}:{found.line}")
    for line in found.text.split("\n"):
        print(f"  {plain(line, 100_000)}")
    print()
    for outcome in found.outcomes:
        for example in outcome.examples():
            expected = f" (expected {plain(example.finding.expected, 300)})" if example.finding.expected else ""
            print(f"{plain(place_of(example), 400)} {plain(example.finding.message, 400)}{expected}")
            print(f"  {outcome.rule.level} {outcome.rule.id}: {plain(outcome.rule.text, 400)}")
    count = sum(outcome.findings for outcome in found.outcomes)
    judged = sum(outcome.judged > 0 for outcome in found.outcomes)
    findings = "no findings" if not count else "1 finding" if count == 1 else f"{count:,} findings"
    print(f"{findings}, {judged} rules judged")
    return exit_status(
        sight("validate", found.outcomes), None, strict=args.strict, conclusive=is_conclusive(found.outcomes)
    )
