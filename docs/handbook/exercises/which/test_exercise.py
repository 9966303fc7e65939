from exercise import which


def program(folder, name, mode):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("#!/bin/sh\n")
    (folder / name).chmod(mode)
    return str(folder / name)


def test_that_the_first_folder_wins(tmp_path):
    first = program(tmp_path / "a", "train", 0o755)
    second = program(tmp_path / "b", "train", 0o755)
    assert which("train", f"{tmp_path}/a:{tmp_path}/b") == first
    assert which("train", f"{tmp_path}/b:{tmp_path}/a") == second


def test_that_folders_are_no_programs(tmp_path):
    (tmp_path / "a" / "train").mkdir(parents=True)
    second = program(tmp_path / "b", "train", 0o755)
    assert which("train", f"{tmp_path}/a:{tmp_path}/missing:{tmp_path}/b") == second


def test_that_there_may_be_none(tmp_path):
    assert which("train", str(tmp_path)) is None
