"""Every server answers the golden requests of the protocols that it speaks.

The same bytes go to our own server and to the real ones, so what one of their clients
may rely on is what ours gives. The real servers run in environments of their own, made
of wheels from PyPI the first time.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from serving.contract import Case, ask, ignored_keys, pairs, unlike, without
from serving.real_servers import SERVERS

pytestmark = [
    pytest.mark.generated,
    pytest.mark.skipif(os.name == "nt", reason="the servers are for Linux and macOS"),
]

PAIRS = pairs(SERVERS)


@pytest.fixture(scope="module")
def address_of(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[str], str]]:
    """Return `address_of(server)`, which starts it, and ends the one before."""
    running: dict[str, str] = {}
    with ExitStack() as stack:

        def get(name: str) -> str:
            if name not in running:
                stack.close()
                running.clear()
                server = SERVERS[name](tmp_path_factory.mktemp(name))
                running[name] = stack.enter_context(server)
            return running[name]

        yield get


@pytest.mark.parametrize(
    ("server", "case"), PAIRS, ids=[f"{name}-{case.name}" for name, case in PAIRS]
)
def test_the_answer_is_the_golden_one(
    server: str, case: Case, address_of: Callable[[str], str]
) -> None:
    answer = ask(address_of(server), case)
    assert answer.status == case.status, answer.body
    assert answer.is_binary() == case.is_binary()
    ignored = ignored_keys(server, case)
    found = without(answer.content(), ignored)
    assert unlike(without(case.response(), ignored), found) == []
