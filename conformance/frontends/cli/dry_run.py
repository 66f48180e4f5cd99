"""`chatconform check --dry-run`: what would be sent, how many requests, and how many tokens at the most."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatconform.frontends.cli.arguments import api_key, headers
from chatconform.reports.plain import plain

if TYPE_CHECKING:
    import argparse

    from chatconform.core.ask import Ask

USUAL = 160
WHOLE = 64 * 1024


def tell_plan(args: argparse.Namespace) -> int:
    """Prints the requests of each case, and the sums."""
    from chatconform.run.opening import base_url
    from chatconform.run.plan import plan

    if args.url is not None:
        base_url(args.url)
    api_key(args)
    headers(args.header)
    planned = plan(
        model=args.model,
        only=args.only,
        skip=args.skip,
        profile=args.profile,
        have=args.have,
        lack=args.lack,
        seed=args.seed,
        fuzz=args.fuzz,
    )
    most = WHOLE if args.verbose else USUAL
    case = None
    for request in planned.requests:
        if request.case is not case:
            case = request.case
            print(f"{case.id}: {case.purpose}")
        print(f"  {_told(request.ask, most)}")
    for number, one in enumerate(planned.generated):
        if not number:
            print("fuzz: generated requests, on top")
        print(f"  {one.kind}, {plain(one.point)}: {_told(one.ask, most)}")
    asked = f"{len(planned.requests) + len(planned.generated)} requests, and a few to find the target"
    if planned.generated:
        asked += ", to see that it lives after each refusal, and to look into what fails"
    unlimited = f", and what {planned.unlimited} of them generate without a limit" if planned.unlimited else ""
    print(
        f"\n{asked}; at most {planned.tokens} completion tokens{unlimited}.\n"
        "Nothing was sent to the target: answers that later requests build on came from the embedded "
        "reference server."
    )
    return 0


def _told(ask: Ask, most: int) -> str:
    body = plain(ask.payload[: most * 4].decode(errors="replace"), most)
    size = f" ({len(ask.payload)} bytes)" if len(ask.payload) > most else ""
    named = [f"{name}: {value}" if value is not None else f"no {name}" for name, value in ask.headers.items()]
    extra = f" [{plain('; '.join(named), USUAL)}]" if named else ""
    return f"{ask.method} {ask.path}{extra}{size} {body}".rstrip()
