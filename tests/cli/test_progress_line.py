"""Progress is told where somebody looks, and leaves nothing behind."""

from __future__ import annotations

import io

from chatconform.frontends.cli.progress_line import ProgressLine
from chatconform.run.progress import Progress


class Stream(io.StringIO):
    def __init__(self, is_terminal: bool) -> None:
        super().__init__()
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal


def progress(seconds: float, doing: str = "response.usage") -> Progress:
    return Progress(3, 40, 17, 2, seconds, doing)


def test_a_terminal_sees_one_line_that_is_written_over_and_gone_in_the_end():
    stream = Stream(True)
    with ProgressLine(stream) as line:
        line.tell(progress(0.0))
        line.tell(progress(0.01))
        line.tell(progress(1.0))
    told = stream.getvalue().split("\r\x1b[K")
    assert told == [
        "",
        "3 of 40 cases, 17 requests, 0 s, 2 rules failed: response.usage",
        "3 of 40 cases, 17 requests, 1 s, 2 rules failed: response.usage",
        "",
    ]


def test_a_file_gets_a_line_now_and_then():
    stream = Stream(False)
    with ProgressLine(stream) as line:
        for seconds in range(40):
            line.tell(progress(float(seconds)))
    assert stream.getvalue().splitlines() == [
        "chatconform: 3 of 40 cases, 17 requests, 15 s, 2 rules failed: response.usage",
        "chatconform: 3 of 40 cases, 17 requests, 30 s, 2 rules failed: response.usage",
    ]


def test_what_is_told_cannot_steer_the_terminal():
    stream = Stream(True)
    with ProgressLine(stream) as line:
        line.tell(progress(0.0, "\x1b[2J"))
    assert "\x1b[2J" not in stream.getvalue()


def test_a_stream_that_nobody_reads_does_not_end_the_run():
    class Closed(Stream):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    with ProgressLine(Closed(True)) as line:
        line.tell(progress(0.0))
        line.tell(progress(9.0))
