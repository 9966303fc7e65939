"""What a version is worth, for people: the command `report`.

Read command.py first; scores.py has the scores and their intervals, charts.py the
figures, card.py the model card, and the .jinja files what both look like.
"""
