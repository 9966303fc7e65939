"""Tags and branches are found, commits and one's own actions are not."""

from exercise import unpinned

COMMIT = "0123456789" * 4
WORKFLOW = f"""
steps:
  - uses: actions/checkout@{COMMIT} # v5.0.0
  - uses: actions/setup-python@v6
    with: {{ python-version: "3.12" }}
  - name: cache
    uses: actions/cache@main
  # - uses: actions/stale@v9
  - uses: ./.github/actions/own
  - uses: actions/labeler@{COMMIT[:12]}
  - run: 'echo "no action"'
"""


def test_what_can_change_is_named():
    assert unpinned(WORKFLOW) == [
        "actions/setup-python@v6",
        "actions/cache@main",
        f"actions/labeler@{COMMIT[:12]}",
    ]


def test_a_workflow_that_is_pinned_has_none():
    assert unpinned(f"- uses: actions/checkout@{COMMIT}\n") == []
