"""The cells of the matrix page as markup, written here and not by the template: there may be tens of thousands.

A cell of a matrix is a sign, and the word for who does not see it; one that fails is a link to more. Where there are
more columns than a browser or a reader can take, a row tells how many came to what instead, and who fails.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from markupsafe import Markup

from chatconform.reports.digest import Judged, Shade
from chatconform.reports.html_view import BADGES, Badge, badge_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatconform.reports.matrix import Row

MOST_NAMED: Final = 50
"""Who fails a row is told by name up to here."""
SUPPORTS: Final = ("honoured", "refused", "ignored", "unknown")
ABSENT: Final = Markup("<td><i>not among the chosen</i>")
FAILED: Final = Markup('<td class={}><a href="{}">{} {}<i> {}</i></a>')
NUMBER: Final = Markup('<td class="number {}">{}')
NAMED: Final = Markup('<a href="{}">{}</a>')


def look_of(one: Judged) -> Badge:
    """How a rule or scenario looks: a failure that a baseline names is no news."""
    return BADGES["known"] if one.excused else badge_of(one.shade, one.level)


def _told(look: Badge) -> Markup:
    return Markup("<td class={}>{}<i> {}</i>").format(look.shade, look.sign, look.word)


OTHERS: Final = {shade: _told(BADGES[shade]) for shade in Shade if shade is not Shade.FAILED}
SUPPORTED: Final = {support: _told(BADGES[support]) for support in SUPPORTS}


def cells(row: Row, links: Sequence[str]) -> Markup:
    """A cell for each column; `links` leads to what a column fails, but for the id at its end."""
    fragment = quote(row.id, safe="")
    return Markup("").join(_cell(cell, link + fragment) for cell, link in zip(row.cells, links, strict=True))


def _cell(cell: Judged | None, link: str) -> Markup:
    if cell is None:
        return ABSENT
    if cell.shade is not Shade.FAILED:
        return OTHERS[cell.shade]
    look = look_of(cell)
    return FAILED.format(look.shade, link, look.sign, cell.level, look.word)


def tally(row: Row, shades: Sequence[Shade], names: Sequence[str], links: Sequence[str]) -> Markup:
    """A cell for each shade with how many came to it, and one that names who fails."""
    counts = Counter(cell.shade for cell in row.cells if cell is not None)
    numbers = [_number(counts[shade], badge_of(shade, row.level).shade) for shade in shades]
    fragment = quote(row.id, safe="")
    failing = [
        NAMED.format(link + fragment, name)
        for cell, name, link in zip(row.cells, names, links, strict=True)
        if cell is not None and cell.shade is Shade.FAILED
    ]
    return Markup("").join([*numbers, _who(failing)])


def _number(count: int, shade: str) -> Markup:
    return NUMBER.format(shade if count else "none", f"{count:,}" if count else "")


def _who(failing: Sequence[Markup]) -> Markup:
    if not failing:
        return Markup("<td class=who>")
    more = f" and {len(failing) - MOST_NAMED:,} more" if len(failing) > MOST_NAMED else ""
    told = Markup(", ").join(failing[:MOST_NAMED])
    return Markup("<td class=who><details><summary>who</summary>{}{}</details>").format(told, more)


def supports(found: Sequence[str | None]) -> Markup:
    """A cell for each column, with how it treats a capability."""
    return Markup("").join(ABSENT if support is None else SUPPORTED[support] for support in found)


def support_tally(found: Sequence[str | None]) -> Markup:
    """A cell for each way to treat a capability, with how many do so."""
    counts = Counter(found)
    return Markup("").join(_number(counts[support], BADGES[support].shade) for support in SUPPORTS)
