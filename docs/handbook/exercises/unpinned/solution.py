"""Find actions that can change."""

import re


def unpinned(workflow):
    """Return the actions in a workflow's text that are not pinned to a commit."""
    actions = re.findall(r"^\s*(?:- )?uses:\s*(\S+)", workflow, re.MULTILINE)
    return [
        action
        for action in actions
        if not action.startswith("./") and not re.search(r"@[0-9a-f]{40}$", action)
    ]
