"""What a version is worth, for people: the command `report`.

command.py      the command: reads the version, writes both files
settings.py     its settings
rows.py         the test rows, and how one of them is shown
scored.py       what the model says of them, beside what is true
intervals.py    how far another test set could move a score
class_scores.py the scores of a classification; classes.py, its sections
sections.py     what every report shows: data, training, mistakes, slices
origins.py      the same: explanations, speed, files, environment
charts.py       figures that follow the page's colours
blocks.py       what a page is made of
page.py         blocks to HTML, by report.html.jinja and report.css
card.py         the model card, by model_card.md.jinja
"""
