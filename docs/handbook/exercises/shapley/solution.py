"""Share a gain fairly."""

from itertools import permutations


def shapley(value, players):
    """Return each player's average gain over all orders, by player."""
    gains = dict.fromkeys(players, 0.0)
    orders = list(permutations(players))
    for order in orders:
        there = frozenset()
        for player in order:
            gains[player] += value(there | {player}) - value(there)
            there |= {player}
    return {player: gain / len(orders) for player, gain in gains.items()}
