"""Ask a database."""


def scores(database, name):
    """Return the scores of the runs with a name, the best first."""
    query = "SELECT score FROM runs WHERE name = ? ORDER BY score DESC"
    return [score for (score,) in database.execute(query, (name,))]
