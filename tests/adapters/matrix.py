"""The client matrix: what every bundled adapter's client made of every scenario.

`python tests/adapters/matrix.py FOLDER` installs the clients into that folder (what is there already is kept), takes a
few minutes, and writes `reports/published/clients.md`; nobody writes there by hand.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from chatconform.core.scenario import Grade
from chatconform.core.scenario_result import ClientRunResult, ScenarioOutcome, ScenarioResult
from chatconform.reports.plain import plain

PAGE = Path(__file__).parents[2] / "reports" / "published" / "clients.md"
FROM_PYPI: Mapping[str, Sequence[str]] = {
    "langchain-openai": ["langchain-openai"],
    "litellm": ["litellm", "mcp"],
    "openai": ["openai"],
    "openai-stream": ["openai"],
    "pydantic-ai": ["pydantic-ai-slim[openai]"],
    "requests": ["requests"],
}
FROM_NPM: Mapping[str, Sequence[str]] = {
    "ai-sdk": ["ai", "@ai-sdk/openai-compatible"],
    "openai-node": ["openai"],
}
COUNTED = (ScenarioOutcome.PASSED, ScenarioOutcome.LOSSY, ScenarioOutcome.UNSUPPORTED, ScenarioOutcome.BLOCKED)
SIGNS = {ScenarioOutcome.UNSUPPORTED: "–", ScenarioOutcome.BLOCKED: "blocked"}
HEAD = """\
# Clients

Every client that the kit brings an adapter for (`chatconform client --adapter NAME`), put through all scenarios. A
`must` is published and kept by both official SDKs, a `should` is seen in the wild, a `policy` is about retries and
time limits, a `strict` is legal and an official SDK fails it, a `hostile` is undefined. Only a `must` fails a run by
default. *Lossy* is passed with something reshaped, *unsupported* is not declared by the adapter. `requests` and `fetch`
are not those libraries but what tutorials write with them.

This page is written by `python tests/adapters/matrix.py FOLDER`, never by hand.

"""
NAME = re.compile(r"^\| `(?P<name>[^`]+)` \| [^|]* \| \d", re.MULTILINE)


def page(results: Mapping[str, ClientRunResult]) -> str:
    """The page for what came of each adapter's run, by the adapter's name."""
    total = max(len(result.scenarios) for result in results.values())
    outcomes = " | ".join(outcome.value for outcome in COUNTED)
    lines = [f"{HEAD}{len(results)} adapters, {total} scenarios.", "", "## Outcomes", ""]
    lines += [f"| adapter | client | {outcomes} | failed: {' | '.join(Grade)} |", "|---|---|" + "---|" * 9]
    lines += [_summary(name, result) for name, result in results.items()]
    lines += ["", "## Scenarios that some client fails", ""]
    lines += [f"| scenario | level | {' | '.join(results)} |", "|---|---|" + "---|" * len(results)]
    lines += _failures_by_scenario(results)
    for name, result in results.items():
        lines += ["", f"## {name}", "", _client(result), "", *_failures(result)]
    return "\n".join([*lines, ""])


def names_on(text: str) -> list[str]:
    """The adapters that a page tells of."""
    return [match["name"] for match in NAME.finditer(text.partition("## Scenarios")[0])]


def _summary(name: str, result: ClientRunResult) -> str:
    counts = [result.summary[outcome] for outcome in COUNTED] + [len(result.failed(grade)) for grade in Grade]
    return f"| `{name}` | {_client(result)} | {' | '.join(map(str, counts))} |"


def _client(result: ClientRunResult) -> str:
    """The client as it names itself, with nothing that a table obeys."""
    return plain(f"{result.client} {result.version}").replace("|", "/").replace("`", "'").rstrip()


def _failures_by_scenario(results: Mapping[str, ClientRunResult]) -> Iterable[str]:
    by_id = {name: {one.scenario.id: one for one in result.scenarios} for name, result in results.items()}
    for scenario in (one.scenario for one in next(iter(results.values())).scenarios):
        row = [by_id[name].get(scenario.id) for name in results]
        if any(one is not None and one.outcome is ScenarioOutcome.FAILED for one in row):
            yield f"| `{scenario.id}` | {scenario.grade} | {' | '.join(map(_cell, row))} |"


def _cell(result: ScenarioResult | None) -> str:
    if result is None:
        return ""
    return f"**{result.kind}**" if result.outcome is ScenarioOutcome.FAILED else SIGNS.get(result.outcome, "")


def _failures(result: ClientRunResult) -> Iterable[str]:
    if result.cut_short is not None:
        yield f"The run was cut short: {_told(result.cut_short)}"
        yield ""
    failed = [one for grade in Grade for one in result.failed(grade)]
    for one in failed:
        yield f"- `{one.scenario.id}` ({one.scenario.grade}, {one.kind}): {_told(one.detail)}"
    for outcome in result.outcomes:
        if outcome.findings:
            yield f"- `{outcome.rule.id}` ({outcome.rule.level}), in {outcome.findings} requests"
    if not failed and not any(outcome.findings for outcome in result.outcomes):
        yield "Nothing fails."


def _told(text: str) -> str:
    """Foreign words as code of one line; ports and tokens differ from run to run and are left out."""
    text = re.sub(r"127\.0\.0\.1:\d+(/t/[\w-]+)?", "127.0.0.1", text)
    text = re.sub(r"\d+\.\d\d s", "... s", text)
    return f"`{plain(text).replace('`', chr(39))}`"


def install(name: str, folder: Path) -> str:
    """Installs an adapter's client into a folder where it is not there; gives the interpreter for it."""
    if name in FROM_PYPI:
        python = folder / name / "bin" / "python"
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", str(folder / name)], check=True)
            subprocess.run([str(python), "-m", "pip", "install", "--quiet", *FROM_PYPI[name]], check=True)
        return str(python)
    if name in FROM_NPM and not (folder / name / "node_modules").exists():
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / "package.json").write_text("{}")
        subprocess.run(["npm", "install", "--silent", *FROM_NPM[name]], cwd=folder / name, check=True)
    return sys.executable


def run(name: str, folder: Path) -> ClientRunResult:
    """Puts one adapter's client through all scenarios."""
    from chatconform.run.adapter import AdapterProcess
    from chatconform.run.bundled import command_of
    from chatconform.run.client import drive

    command = command_of(name, install(name, folder))
    os.chdir(folder / name if name in FROM_NPM else folder)  # Node looks for packages from where it is started
    return drive(partial(AdapterProcess, command))


def main(folder: Path) -> None:
    """Runs all bundled adapters and writes the page."""
    from chatconform.run.bundled import names

    folder.mkdir(parents=True, exist_ok=True)
    results: dict[str, ClientRunResult] = {}
    for name in names():
        results[name] = run(name, folder.absolute())
        told = results[name].summary
        print(f"{name}: {told[ScenarioOutcome.FAILED]} failed, {results[name].seconds:.0f} s", flush=True)
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(results))
    print(f"written: {PAGE}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("give the folder to install the clients into: python tests/adapters/matrix.py FOLDER")
    main(Path(sys.argv[1]))
