"""A cluster comes to what one machine comes to, whatever happens to its workers."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chatconform.core.rule import Level
from chatconform.core.validation_result import ValidationResult
from chatconform.run import engine_ray, pieces
from chatconform.run.engine_ray import shares
from chatconform.run.jobs import CutShortError
from chatconform.run.judging import Wish
from chatconform.run.recordings import validate_files
from tests.ray.conftest import exchange, lines

pytestmark = pytest.mark.filterwarnings("ignore")  # what Ray and its workers' pipes warn of is not ours


def told(result: ValidationResult) -> Any:
    """All that a result tells, but for how long it took."""
    outcomes = [
        (
            outcome.rule.id,
            outcome.rule.level,
            outcome.counts,
            outcome.findings,
            [
                (p.pointer, p.count, [(e.finding, e.exchange.origin, e.excerpt) for e in p.examples])
                for p in outcome.places.values()
            ],
        )
        for outcome in result.outcomes
    ]
    return outcomes, result.records, result.size, result.files, result.notes, result.missing, result.cut_short


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cuts files in many pieces."""
    monkeypatch.setattr(pieces, "STRETCH", 16 * 1024)
    monkeypatch.setattr(pieces, "REMOTE_STRETCH", 24 * 1024)


@pytest.mark.usefixtures("cluster", "small_pieces")
def test_a_cluster_comes_to_what_one_machine_comes_to(recordings: Path) -> None:
    here = validate_files([str(recordings)])
    there = validate_files([str(recordings)], engine="ray")
    assert told(there) == told(here)
    assert here.failed(Level.MUST)
    assert here.records["exchanges"] > 300
    remote = validate_files([f"file://{recordings}"], engine="ray")
    assert told(remote)[1:4] == told(here)[1:4]
    assert [(o.rule.id, o.counts, o.findings) for o in remote.outcomes] == [
        (o.rule.id, o.counts, o.findings) for o in here.outcomes
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="workers are found by what Linux tells of processes")
@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("what", ["worker", "node"])
def test_nothing_is_lost_or_counted_twice_where_something_is_killed(cluster: Any, tmp_path: Path, what: str) -> None:
    path = tmp_path / "traffic.jsonl"
    path.write_bytes(lines(*map(exchange, range(2000))))
    killed: list[int] = []

    def kill() -> None:
        _, other = cluster.list_all_nodes()
        raylets = {node.all_processes["raylet"][0].process.pid for node in cluster.list_all_nodes()}
        if what == "node":
            wait_until(lambda: bool(list(at_work({other.all_processes["raylet"][0].process.pid}))))
            cluster.remove_node(other, allow_graceful=False)
            killed.append(1)
            return
        wait_until(lambda: bool(list(at_work(raylets))))
        for pid in at_work(raylets):
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)

    here = validate_files([str(path)])
    killer = threading.Thread(target=kill)
    killer.start()
    there = validate_files([str(path)], engine="ray")
    killer.join()
    assert killed
    assert told(there) == told(here)
    assert there.records == {"exchanges": 2000}


def wait_until(true: Callable[[], bool]) -> None:
    """Waits until something is the case."""
    until = time.monotonic() + 60
    while not true():
        assert time.monotonic() < until, "it did not come true"
        time.sleep(0.005)


def at_work(raylets: set[int]) -> Iterator[int]:
    """The workers of some nodes that are judging at this moment, by the titles that Ray gives them."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            title = (folder / "cmdline").read_bytes()
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        if title.startswith(b"ray::Map") and parent in raylets:
            yield int(folder.name)


@pytest.mark.usefixtures("ray")
def test_a_share_that_comes_twice_counts_once_and_one_that_stays_away_is_told(
    recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = pieces.plan([str(recordings / "bodies.jsonl"), str(recordings / "one.json")], frozenset(), None, 2)

    def rows(_: Any, numbered: list[tuple[int, pieces.Piece]], wish: Wish, batches: Any) -> Iterator[dict[str, Any]]:
        for number, piece in reversed(numbered):
            row = {"number": number, "path": piece.path, "form": piece.form, "offset": piece.offset}
            for _ in range(2):
                if number not in left_out:
                    yield engine_ray.judge_row({**row, "length": piece.length}, wish, batches)

    left_out: set[int] = set()
    monkeypatch.setattr(engine_ray, "_rows", rows)
    monkeypatch.setattr(engine_ray, "_connect", lambda _: False)
    came = list(shares(planned.pieces, Wish(), ()))
    assert [piece for piece, _ in came] == list(planned.pieces)
    assert sum(share.judged.records.total() for _, share in came) == 1001
    left_out.add(1)
    with pytest.raises(CutShortError, match=r"one\.json"):
        list(shares(planned.pieces, Wish(), ()))
