"""The set of schemas says which published API it follows, and since when."""

from __future__ import annotations

from datetime import date

from chatconform.schemas import edition


def test_a_schema_that_changed_has_a_new_date() -> None:
    assert edition.EDITION.digest == edition.digest(), (
        f"the schemas of the API changed: give EDITION the date of today and the digest {edition.digest()}"
    )


def test_the_edition_has_a_date() -> None:
    assert date.fromisoformat(edition.EDITION.date) <= date.today()
