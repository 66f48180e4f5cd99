"""A real Ray cluster of two nodes on this machine, and recordings of every kind."""

from __future__ import annotations

import gzip
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

GOOD = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1700000000,
    "model": "m",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "Hello.", "refusal": None},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
}
BAD = {**GOOD, "created": "yesterday"}
ASKED = {"model": "m", "messages": [{"role": "user", "content": "Hello."}]}


@pytest.fixture(scope="session")
def ray() -> Any:
    """The package, or a skipped test."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ray = pytest.importorskip("ray", reason="Ray is not installed; the extra chatconform[ray] brings it")
        pytest.importorskip("ray.data", reason="Ray Data is not installed; the extra chatconform[ray] brings it")
    return ray


@pytest.fixture(scope="module")
def cluster(ray: Any, no_cluster_of_others: None) -> Iterator[Any]:  # noqa: ARG001  # it comes first
    """A cluster of two nodes of one processor each, that this process is connected to."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "object_store_memory": 100 << 20})
    cluster.add_node(num_cpus=1, object_store_memory=100 << 20)
    cluster.wait_for_nodes()
    ray.init(address=cluster.address, log_to_driver=False, logging_level="ERROR")
    try:
        yield cluster
    finally:
        ray.shutdown()
        cluster.shutdown()


def exchange(number: int) -> dict[str, Any]:
    """An exchange in the kit's own form; each tenth breaks a rule."""
    answer = {**GOOD, "id": f"chatcmpl-{number}"}
    if number % 10 == 0:
        answer["usage"] = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 4}
    return {"request": {"json": ASKED}, "response": {"json": answer}}


def lines(*values: Any) -> bytes:
    """Values as lines of JSON."""
    return b"".join(orjson.dumps(value) + b"\n" for value in values)


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """A folder with recordings of several forms, packed and not, in which some are wrong."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    bodies = [BAD if number % 7 == 0 else GOOD for number in range(1000)]
    (folder / "bodies.jsonl").write_bytes(lines(*bodies) + b'{"cut": ')
    (folder / "exchanges.jsonl").write_bytes(lines(*map(exchange, range(300))))
    (folder / "packed.jsonl.gz").write_bytes(gzip.compress(lines(*bodies[:50])))
    (folder / "one.json").write_bytes(orjson.dumps(BAD))
    (folder / "stream.sse").write_bytes(b'data: {"id":"x"}\n\ndata: [DONE]\n\n')
    asked = [{"custom_id": str(n), "method": "POST", "url": "/v1/chat/completions", "body": ASKED} for n in range(9)]
    came = [{"id": str(n), "custom_id": str(n), "response": {"status_code": 200, "body": GOOD}} for n in range(9)]
    (folder / "batch_input.jsonl").write_bytes(lines(*asked))
    (folder / "batch_output.jsonl").write_bytes(lines(*came))
    return folder


@pytest.fixture(scope="session")
def no_cluster_of_others() -> Iterator[None]:
    """Hides a cluster that the environment names: it is nobody's to test on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("RAY_ADDRESS", raising=False)
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        yield
