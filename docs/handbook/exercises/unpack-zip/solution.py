"""Unpack an archive that somebody else made."""

import zipfile


def unpack(file, folder, most):
    """Unpack a zip archive into a folder; ValueError if it is not to be trusted."""
    inside = folder.resolve()
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        for member in members:
            if not (inside / member.filename).resolve().is_relative_to(inside):
                raise ValueError(f"{member.filename} leaves the folder")
        if sum(member.file_size for member in members) > most:
            raise ValueError(f"more than {most} bytes")
        archive.extractall(folder)
