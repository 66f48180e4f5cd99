"""What a run tells beside its tests: reports of what was found, and that nothing was named to be tested.

The law of this file: what was found is written once, and whole, by the process that the user started.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from chatconform.frontends.pytest_plugin.baselines import baseline, stale
from chatconform.frontends.pytest_plugin.options import option

if TYPE_CHECKING:
    from collections.abc import Generator

    from chatconform.reports import Reportable
    from chatconform.suites.gathering import Gathered

ENDED: Final = frozenset({pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED})
UNNAMED: Final = "chatconform has nothing to test here"
"""How the reason begins of a test that is skipped because no option names what it is to test."""
SHARED: Final = "chatconform_folder"
"""The name under which a process that runs tests is told of the folder that all of them share."""
FOUND: Final = ".found"
FOLDER: Final = pytest.StashKey[Path]()
GATHERED: Final = pytest.StashKey[Any]()


def shared_folder(config: pytest.Config) -> Path | None:
    """The folder that all processes of a run share; None where there is just one process."""
    workerinput: dict[str, Any] | None = getattr(config, "workerinput", None)
    if workerinput is not None:
        return Path(workerinput[SHARED])
    return config.stash.get(FOLDER, None)


def process(config: pytest.Config) -> str:
    """The name of this process among those of a run."""
    return str(getattr(config, "workerinput", {}).get("workerid", "main"))


def gathered(config: pytest.Config) -> Gathered:
    """What this process has found so far."""
    from chatconform.suites.gathering import Gathered

    found: Gathered = config.stash.setdefault(GATHERED, Gathered())
    return found


def wanted(config: pytest.Config) -> list[tuple[str, Path]]:
    """The formats and files of the reports to write. Raises `pytest.UsageError` for one that cannot be."""
    given = option(config, "report") or []
    if not given:
        return []
    from chatconform.reports import FORMATS, ReportError, check_writable

    found = []
    for text in given:
        name, _, path = text.partition("=")
        if name not in FORMATS:
            raise pytest.UsageError(
                f"chatconform: there is no report format {name!r}; the formats are {', '.join(sorted(FORMATS))}"
            )
        if path in {"", "-"}:
            raise pytest.UsageError(f"chatconform: a report goes to a file; write --chatconform-report {name}=FILE")
        try:
            check_writable(path)
        except ReportError as problem:
            raise pytest.UsageError(f"chatconform: {problem}") from None
        found.append((name, Path(path)))
    return found


class Reporting:
    """Hooks that look at the run as a whole."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._unnamed: dict[str, None] = {}
        self._tested = False
        self._told: list[str] = []

    def pytest_sessionstart(self) -> None:
        """Refuses reports that cannot be written, before anything is asked."""
        wanted(self._config)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tells a process that is to run tests of the folder that all share."""
        import tempfile

        if FOLDER not in self._config.stash:
            self._config.stash[FOLDER] = Path(tempfile.mkdtemp(prefix="chatconform-"))
        node.workerinput[SHARED] = str(self._config.stash[FOLDER])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Takes note of whether anything was tested at all."""
        if not report.skipped:
            self._tested = self._tested or report.when == "call"
        elif isinstance(report.longrepr, tuple) and UNNAMED in report.longrepr[2]:
            self._unnamed[report.longrepr[2].rpartition(f"{UNNAMED}: ")[2]] = None
        else:
            self._tested = True

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None]:
        """Writes the reports, or hands on what they are made of; a run that tested nothing is no success."""
        try:
            return (yield)
        finally:
            self._finish(session)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Tells where the reports are, and that nothing was named to be tested."""
        for line in self._told:
            terminalreporter.write_line(f"chatconform: {line}")

    def pytest_unconfigure(self) -> None:
        """Removes the folder that was shared."""
        import shutil

        if FOLDER in self._config.stash:
            shutil.rmtree(self._config.stash[FOLDER], ignore_errors=True)

    def _finish(self, session: pytest.Session) -> None:
        config = self._config
        wants_reports = bool(option(config, "report"))
        wants_all = wants_reports or option(config, "baseline") is not None
        if hasattr(config, "workerinput"):
            if wants_all and GATHERED in config.stash:
                _hand_on(gathered(config), config.workerinput)
            return
        if self._unnamed and not self._tested and session.exitstatus == pytest.ExitCode.OK:
            self._told.append(f"nothing was tested: {'; '.join(self._unnamed)}")
            session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED
        results = self._results() if wants_all else []
        for sentence in stale(config, results) if wants_all and session.exitstatus in ENDED else ():
            self._told.append(sentence)
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if wants_reports:
            try:
                self._write(results)
            except Exception as problem:  # what the tests said stands, whatever becomes of a report
                self._told.append(f"no report was written: {problem}")
                session.exitstatus = session.exitstatus or pytest.ExitCode.INTERNAL_ERROR

    def _results(self) -> list[Reportable]:
        """What all processes found."""
        found = gathered(self._config)
        if (folder := self._config.stash.get(FOLDER, None)) is not None:
            _take_over(found, folder)
        return found.results()

    def _write(self, results: list[Reportable]) -> None:
        """Writes each report; of several results in one run, the second and further into files of their own."""
        from chatconform.reports import write

        if not results:
            self._told.append("no report was written, as nothing was found")
        known = baseline(self._config)
        for number, result in enumerate(results if known is None else map(known.applied, results), 1):
            for name, path in wanted(self._config):
                place = path if number == 1 else path.with_stem(f"{path.stem}-{number}")
                write(name, result, place, strict=bool(option(self._config, "strict")))
                self._told.append(f"{name} report in {place}")


def _hand_on(found: Gathered, workerinput: dict[str, Any]) -> None:
    """Leaves what this process found for the one that writes reports."""
    (Path(workerinput[SHARED]) / f"{workerinput['workerid']}{FOUND}").write_bytes(found.packed())


def _take_over(found: Gathered, folder: Path) -> None:
    """Adds what other processes of this run found."""
    for file in sorted(folder.glob(f"*{FOUND}")):
        found.merge(type(found).unpacked(file.read_bytes()))
