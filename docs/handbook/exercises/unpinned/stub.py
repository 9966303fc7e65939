"""Find actions that can change."""


def unpinned(workflow):
    """Return the actions in a workflow's text that are not pinned to a commit."""
    return []
