"""Unpack an archive that somebody else made."""

import zipfile


def unpack(file, folder, most):
    """Unpack a zip archive into a folder; ValueError if it is not to be trusted."""
    with zipfile.ZipFile(file) as archive:
        archive.extractall(folder)
