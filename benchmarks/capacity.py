"""How many workers for so many requests: the tables and the plot of capacity.md.

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
MOST_ROWS, IMAGES = 256, 64  # of a batch, likewise; of a long request
SPREAD = 0.7  # of what a worker can do is planned with: no model knows everything
ZONES, SPIKE = 3, 10  # one zone may be lost; so many times the load
MEMORY = 0.25  # GiB of a worker, as deployment.yaml asks for; and one core
PRICES = 0.04, 0.005  # dollars for a core and for a GiB an hour: an example
SECONDS = 3  # that a worker is played
HEAD = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 400" role="img"
font-family="sans-serif" font-size="15" stroke-width="2">
<title>Requests a second by the number of clients: model and measurement</title>
<rect width="720" height="400" rx="8" fill="#ffffff"/>
<text x="60" y="25">Requests a second: lines are played, points are measured</text>
<text x="360" y="375" text-anchor="middle">clients</text>"""

RESULTS = Path(__file__).with_name("RESULTS.md").read_text("utf-8")
PLOT = Path(__file__).parents[1] / "docs" / "images" / "capacity.svg"
CELLS = re.sub("[, ms]", "", RESULTS.partition("| This template |")[2]).split("|")
RATES = dict(zip((1, 16, 64), map(float, CELLS[0:6:2])))  # by the number of clients
P99S = dict(zip(RATES, (float(cell) / 1000 for cell in CELLS[1:6:2])))
# One client has batches of one, sixteen clients of sixteen: two equations.
EACH = (16 / RATES[16] - 1 / RATES[1]) / 15
PAUSE = P99S[1] - EACH
FIXED = max(0.0, 1 / RATES[1] - EACH - PAUSE / 100)
# Long requests a second, by one worker and by two, by the number of clients.
ROWS = re.findall(r"(?m)^\| (\d+) \| (\d+) \| (\d+) \|$", RESULTS)
MEASURED = {int(row[0]): [*map(int, row[1:])] for row in ROWS}


class Worker:
    """A worker that is played for some seconds."""

    def __init__(self, rate: float = 0, clients: int = 0, long: bool = False) -> None:
        """Play: strangers come at a rate, or clients ask again when answered.

        A long request has IMAGES, and takes what it took a worker with one client.
        """
        self.costs = (0, 1 / MEASURED[1][0], 0) if long else (FIXED, EACH, PAUSE)
        self.most = MOST_ROWS // (IMAGES if long else 1)
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
            batch, self.waiting = self.waiting[: self.most], self.waiting[self.most :]
            fixed, each, pause = self.costs
            pause *= self.random.random() < 0.01
            yield self.env.timeout(fixed + each * len(batch) + pause)
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


def played() -> dict[int, list[float]]:
    """Return what the model says instead of `MEASURED`; workers share the clients."""
    found = {}
    for clients in MEASURED:
        parts = [(clients + 1) // 2, clients // 2]
        runs = [len(Worker(clients=n, long=True).took) for n in (clients, *parts) if n]
        found[clients] = [runs[0] / SECONDS, sum(runs[1:]) / SECONDS]
    return found


def workers() -> str:
    """Return the table of one and two workers."""
    names = "Clients | one worker: model | measured | two workers: model | measured"
    lines = [f"| {names} |", "| ---: " * 5 + "|"]
    for clients, rates in played().items():
        pairs = zip(rates, MEASURED[clients])
        cells = (f"{model:,.0f} | {seen:,}" for model, seen in pairs)
        lines.append(f"| {clients} | {' | '.join(cells)} |")
    return "\n".join(lines)


def plot() -> str:
    """Return a picture of that table: lines are played, points are measured."""
    top = 100 * math.ceil(max(map(max, MEASURED.values())) / 100)
    model, width = played(), 600 / (len(MEASURED) - 1)
    drawn = []
    for step in range(0, top + 1, 100):
        y = 320 - 280 * step / top
        drawn.append(f'<path d="M60 {y:.0f}H660" stroke="#e2e8f0"/>')
        drawn.append(f'<text x="50" y="{y + 5:.0f}" text-anchor="end">{step}</text>')
    for n, clients in enumerate(MEASURED):
        x = f'x="{60 + n * width:.0f}" y="345" text-anchor="middle"'
        drawn.append(f"<text {x}>{clients}</text>")
    for which, colour, name in ((0, "#1d4ed8", "one"), (1, "#b45309", "two")):
        line = ""
        for n, clients in enumerate(MEASURED):
            across = 60 + n * width
            line += f"{across:.0f},{320 - 280 * model[clients][which] / top:.0f} "
            up = 320 - 280 * MEASURED[clients][which] / top
            spot = f'cx="{across:.0f}" cy="{up:.0f}" r="5"'
            drawn.append(f'<circle {spot} fill="{colour}"/>')
        drawn.append(f'<polyline points="{line}" fill="none" stroke="{colour}"/>')
        place = f'x="360" y="{245 - 110 * which}" fill="{colour}"'
        drawn.append(f"<text {place}>{name} worker{'s' * which}</text>")
    return "\n".join([HEAD, *drawn, "</svg>", ""])


if __name__ == "__main__":
    print(tables(), workers(), sep="\n\n")
    PLOT.write_text(plot(), encoding="utf-8", newline="\n")
