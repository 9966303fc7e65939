"""scripts/find_secrets.py finds what was planted, and says where, not what."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

import find_secrets  # noqa: E402

# In two halves, so that this file is clean itself. They have the form, and no owner.
PLANTED = {
    "AWS Access Key": "AKIA" + "QYLPMN5HFIQR7XYA",
    "GitHub Token": "ghp_" + "wWPw5k4aXcaT4fNP" + "0UcnZwJUVFk6LO0pINUx",
    "Private Key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "Basic Auth Credentials": "https://ada:" + "correct-horse@example.com/",
}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty git repository, and the folder that is worked in."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text(".env\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_secret_is_found_and_not_shown(
    kind: str, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "notes.py").write_text(f'\nX = "{PLANTED[kind]}"\n', encoding="utf-8")
    assert find_secrets.main([]) == 1
    shown = capsys.readouterr().err
    assert f"notes.py:2: {kind}" in shown and "pragma: allowlist secret" in shown
    assert PLANTED[kind] not in shown


def test_only_the_files_that_are_named_are_read(repository: Path) -> None:
    for name in ("a.py", "b.py"):
        text = f'X = "{PLANTED["AWS Access Key"]}"\n'
        (repository / name).write_text(text, encoding="utf-8")
    assert find_secrets.find_secrets(["b.py"], repository) == ["b.py:1: AWS Access Key"]


def test_what_is_marked_as_no_secret_passes(repository: Path) -> None:
    key = PLANTED["AWS Access Key"]
    mark = "# pragma: allowlist"
    text = f'X = "{key}"  {mark} secret\n{mark} nextline secret\nY = "{key}"\n'
    (repository / "notes.py").write_text(text, encoding="utf-8")
    assert find_secrets.main([]) == 0


def test_what_git_ignores_is_not_read_unless_git_has_it(repository: Path) -> None:
    (repository / ".env").write_text(f'X="{PLANTED["AWS Access Key"]}"\n')
    assert find_secrets.main([]) == 0
    subprocess.run(["git", "add", "--force", ".env"], check=True)
    assert find_secrets.find_secrets(find_secrets.files_of(repository), repository) == [
        ".env:1: AWS Access Key"
    ]


def test_a_folder_need_not_be_a_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    (tmp_path / ".gitignore").write_text("/data/\n", encoding="utf-8")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "rows.csv").write_text("1,2\n", encoding="utf-8")
    (tmp_path / "notes.md").write_text("text\n", encoding="utf-8")
    assert sorted(find_secrets.files_of(tmp_path)) == [".gitignore", "notes.md"]


def test_what_git_says_is_shown_when_it_lists_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find_secrets, "LISTS", (("git", "--no-such"),))
    with pytest.raises(SystemExit, match="git cannot list the files: .*--no-such"):
        find_secrets.files_of(tmp_path)


@pytest.mark.parametrize("named", [False, True])
def test_the_sums_in_requirements_are_passed_over(
    named: bool, repository: Path
) -> None:
    (repository / "requirements").mkdir()
    for name in ("requirements/dev.txt", "requirements/notes.py"):
        text = f'X = "{PLANTED["AWS Access Key"]}"\n'
        (repository / name).write_text(text, encoding="utf-8")
    assert find_secrets.main(["requirements/dev.txt"]) == 0
    both = ["requirements/dev.txt", "requirements/notes.py"]
    assert find_secrets.main(both if named else []) == 1


def test_without_git_one_sentence_says_what_to_do(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find_secrets, "LISTS", (("no-such-git", "ls-files"),))
    with pytest.raises(SystemExit, match="git, .* is not on the PATH; install it"):
        find_secrets.files_of(repository)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_a_name_that_is_no_utf_8_is_read_too(repository: Path) -> None:
    name = os.fsdecode(b"caf\xe9.py")
    text = f'X = "{PLANTED["AWS Access Key"]}"\n'
    (repository / name).write_text(text, encoding="utf-8")
    files = find_secrets.files_of(repository)
    assert name in files
    found = find_secrets.find_secrets(files, repository)
    assert found == [f"{name}:1: AWS Access Key"]
