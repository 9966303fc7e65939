"""How many workers for so many requests: prints the tables of capacity.md.

A worker answers what waits, all together: FIXED seconds, and EACH for a request; one
batch in 100 has a PAUSE. These three follow from RESULTS.md.
"""

import math
import random
import re
from pathlib import Path

import simpy
from simpy.events import ProcessGenerator

LOADS = 1_000, 100_000, 1_000_000  # requests a second
TARGET = 0.020  # seconds that 99 of 100 requests are to stay under
IN_HAND = 256  # of the server's settings: requests above it are refused
SPREAD = 0.7  # of what a worker can do is planned with: no model knows everything
ZONES, SPIKE = 3, 10  # one zone may be lost; so many times the load
MEMORY = 0.25  # GiB of a worker, as deployment.yaml asks for; and one core
PRICES = 0.04, 0.005  # dollars for a core and for a GiB an hour: an example
SECONDS = 3  # that a worker is played

RESULTS = Path(__file__).with_name("RESULTS.md").read_text("utf-8")
CELLS = re.sub("[, ms]", "", RESULTS.partition("| This template |")[2]).split("|")
RATES = dict(zip((1, 16, 64), map(float, CELLS[0:6:2])))  # by the number of clients
P99S = dict(zip(RATES, (float(cell) / 1000 for cell in CELLS[1:6:2])))
# One client has batches of one, sixteen clients of sixteen: two equations.
EACH = (16 / RATES[16] - 1 / RATES[1]) / 15
PAUSE = P99S[1] - EACH
FIXED = max(0.0, 1 / RATES[1] - EACH - PAUSE / 100)


class Worker:
    """A worker that is played for some seconds."""

    def __init__(self, rate: float = 0, clients: int = 0) -> None:
        """Play: strangers come at a rate, or clients ask again when answered."""
        self.env, self.random = simpy.Environment(), random.Random(1)
        self.waiting: list[tuple[float, simpy.Event]] = []
        self.took: list[float] = []
        self.in_hand = self.refused = 0
        self.woken = self.env.event()
        strangers = [self.strangers(rate)] if rate else map(self.client, range(clients))
        for process in (self.work(), *strangers):
            self.env.process(process)
        self.env.run(SECONDS)
        self.p99 = sorted(self.took)[int(0.99 * len(self.took))]
        self.lost = self.refused / (self.refused + len(self.took))

    def ask(self) -> simpy.Event:
        """Ask for a prediction; return what happens when it is answered."""
        answered = self.env.event()
        if self.in_hand == IN_HAND:
            self.refused += 1
            return answered.succeed()
        self.in_hand += 1
        self.waiting.append((self.env.now, answered))
        if not self.woken.triggered:
            self.woken.succeed()
        return answered

    def strangers(self, rate: float) -> ProcessGenerator:
        """Come independently of each other, and of the answers."""
        while True:
            yield self.env.timeout(self.random.expovariate(rate))
            self.ask()

    def client(self, _: int) -> ProcessGenerator:
        """Ask, wait for the answer, ask again."""
        while True:
            yield self.ask()

    def work(self) -> ProcessGenerator:
        """Answer what waits, all at once."""
        while True:
            if not self.waiting:
                self.woken = self.env.event()
                yield self.woken
            batch, self.waiting = self.waiting, []
            pause = PAUSE * (self.random.random() < 0.01)
            yield self.env.timeout(FIXED + EACH * len(batch) + pause)
            self.in_hand -= len(batch)
            for began, answered in batch:
                self.took.append(self.env.now - began)
                answered.succeed()


def tables() -> str:
    """Return the tables of the page: the model, a worker's limit, what is needed."""
    names = "Clients | a second: model | measured | p99: model | measured"
    lines = [f"| {names} |", "| ---: " * 5 + "|"]
    for clients, rate in RATES.items():
        run = Worker(clients=clients)
        shown = (
            f"{len(run.took) / SECONDS:,.0f} | {rate:,.0f} | {1000 * run.p99:.1f} ms"
        )
        lines += [f"| {clients} | {shown} | {1000 * P99S[clients]:.1f} ms |"]
    lines += ["", "| Requests a second | p99 | refused |", "| ---: | ---: | ---: |"]
    most = 0.0
    for rate in (share / EACH for share in (0.5, 0.7, 0.8, 0.9, 1, 1.5, SPIKE)):
        run = Worker(rate)
        most = rate if run.p99 <= TARGET and not run.lost else most
        lines += [f"| {rate:,.0f} | {1000 * run.p99:.1f} ms | {run.lost:.0%} |"]
    names = (
        "Requests a second | workers | with a zone lost | memory | $ an hour | spike"
    )
    lines += ["", f"| {names} |", "| ---: " * 6 + "|"]
    for load in LOADS:
        needed, spike = (math.ceil(x / most) for x in (load / SPREAD, load * SPIKE))
        safe = math.ceil(needed / (ZONES - 1)) * ZONES
        cost = safe * (PRICES[0] + MEMORY * PRICES[1])
        shown = f"{safe:,} | {safe * MEMORY:,.1f} GiB | {cost:,.2f} | {spike:,}"
        lines += [f"| {load:,} | {needed:,} | {shown} |"]
    return "\n".join(lines)


if __name__ == "__main__":
    print(tables())
