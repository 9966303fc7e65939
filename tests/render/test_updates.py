"""Updates by cruft: nothing is lost, and what cruft writes is what cookiecutter writes.

The template is this one; `history` adds a release to it. Tests that run the updated
project are in tests/generated/test_updated_projects.py.
"""

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from conftest import ROOT, bake_into, choices, files_below
from updating import NEXT_VERSION, RELEASED, REMOVED, History, Repository

ODD = {
    "project_name": 'Zoë\'s "digits" {{ 7*7 }} 手写 \\ 🎉',
    "project_slug": "digits",
    "project_description": '`touch pwned` $(touch pwned) {% raw %} # it\'s "odd"',
    "author_name": "Zoë O’Brien {{cookiecutter.package_name}}",
}
UTILS = "src/digits/utils.py"
MODELS = "src/digits/models.py"
FIRST, AFTER = RELEASED
MINE = '"""Mine: '
TRAIN = "configs/train.yaml"
OWN_FUNCTION = '\n\ndef own() -> str:\n    """Return mine."""\n    return "mine"\n'


@pytest.fixture(name="created", scope="module")
def create(history: History, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Return a committed project of the older release, with odd answers."""
    project = history.create(tmp_path_factory.mktemp("created"), ODD)
    project.commit("Render")
    return project


@pytest.fixture(name="project")
def copy(created: Repository, tmp_path: Path) -> Repository:
    """Return a copy of it, to be changed."""
    path = shutil.copytree(created.path, tmp_path / created.path.name, symlinks=True)
    return Repository(path, created.home)


@pytest.fixture(name="edited")
def edit(project: Repository) -> Repository:
    """Return a project whose user has worked on it."""
    project.write(UTILS, project.read(UTILS) + OWN_FUNCTION)
    project.write(MODELS, project.read(MODELS) + OWN_FUNCTION)
    project.write(TRAIN, project.read(TRAIN) + "# mine\n")
    project.write("src/digits/mine.py", '"""Mine."""\n')
    project.git("rm", "--quiet", ".editorconfig")
    project.commit("Work")
    return project


def tree(folder: Path) -> dict[str, tuple[bytes, bool]]:
    """Return each file's bytes, and whether it can be executed."""
    return {
        name: ((folder / name).read_bytes(), os.access(folder / name, os.X_OK))
        for name in files_below(folder)
    }


@pytest.mark.parametrize("framework", choices()["framework"])
def test_cruft_writes_the_bytes_that_cookiecutter_writes(
    history: History, tmp_path: Path, framework: str
) -> None:
    answers = {**ODD, "framework": framework}
    baked = bake_into(tmp_path, **answers)  # type: ignore[arg-type]
    assert baked.exit_code == 0, baked.stderr
    (tmp_path / "cruft").mkdir()
    created = history.create(tmp_path / "cruft", answers)
    record = created.path / ".cruft.json"
    state = json.loads(record.read_text("utf-8"))
    assert state["commit"] == history.older
    record.unlink()
    assert tree(created.path) == tree(baked.path)
    assert not list(tmp_path.rglob("pwned"))


def test_the_project_remembers_its_answers_and_the_templates_version(
    project: Repository,
) -> None:
    remembered = json.loads(project.read(".cookiecutter.json"))
    assert remembered.pop("_template_version")
    asked = json.loads(project.read(".cruft.json"))["context"]["cookiecutter"]
    assert remembered == {k: v for k, v in asked.items() if k[:1] != "_"}
    assert {**remembered, **ODD} == remembered


def test_an_update_keeps_the_users_work_and_brings_the_templates(
    history: History, edited: Repository
) -> None:
    # The hook removes files of this name from renders that do not need it.
    edited.write(".gitlab-ci.yml", "# mine\n")
    edited.commit("A file of a choice that was not made")
    edited.cruft("check", status=1)
    shown = edited.cruft("update", "--skip-apply-ask")
    assert "Traceback" not in shown and "The newer hook ran" in shown
    assert "Created" not in shown
    edited.cruft("check")

    assert edited.status() == {
        ".cookiecutter.json": "M ",
        ".cruft.json": " M",
        REMOVED: "D ",
        "pyproject.toml": "M ",
        "src/digits/novel.py": "A ",
        UTILS: "M ",
    }
    assert edited.read(UTILS).endswith(OWN_FUNCTION)
    assert AFTER in edited.read(UTILS)
    assert edited.read(MODELS).endswith(OWN_FUNCTION)
    assert edited.read(TRAIN).endswith("\n# mine\n")
    assert edited.read("src/digits/mine.py") == '"""Mine."""\n'
    assert edited.read(".gitlab-ci.yml") == "# mine\n"
    assert not (edited.path / ".editorconfig").exists()
    assert "DIGITS" in edited.read("src/digits/novel.py")
    assert 'help = "Greet nobody"' in edited.read("pyproject.toml")

    state = json.loads(edited.read(".cruft.json"))
    assert state["commit"] == history.newer
    remembered = json.loads(edited.read(".cookiecutter.json"))
    assert remembered.pop("_template_version") == NEXT_VERSION
    assert {**remembered, **ODD, "team": "nobody"} == remembered
    assert not list(edited.path.parent.rglob("pwned"))


def test_without_work_of_the_user_an_update_is_a_new_render(
    history: History, project: Repository, tmp_path: Path
) -> None:
    project.cruft("update", "--skip-apply-ask")
    project.commit("Update")
    (tmp_path / "new").mkdir()
    anew = history.create(tmp_path / "new", ODD, history.newer)
    updated = {
        name: file for name, file in tree(project.path).items() if name[:5] != ".git/"
    }
    expected = tree(anew.path)
    assert updated.pop(".cruft.json") != expected.pop(".cruft.json")  # another checkout
    assert updated == expected


def test_a_conflict_is_marked_where_it_is(project: Repository) -> None:
    project.write(UTILS, project.read(UTILS).replace(FIRST, MINE, 1))
    project.commit("Work on the line that the release changes")
    shown = project.cruft("update", "--skip-apply-ask")
    assert f"Applied patch to '{UTILS}' with conflicts" in shown
    assert project.status()[UTILS] == "UU"
    text = project.read(UTILS)
    assert f"<<<<<<< ours\n{MINE}" in text and f"\n=======\n{AFTER}" in text
    assert project.status()["src/digits/novel.py"] == "A "


def test_a_file_that_both_changed_and_removed_is_a_conflict(
    project: Repository,
) -> None:
    own = project.read(REMOVED) + "# mine\n"
    project.write(REMOVED, own)
    project.commit("Work on a file that the release removes")
    shown = project.cruft("update", "--skip-apply-ask")
    assert f"error: {REMOVED}: patch does not apply" in shown
    assert REMOVED not in project.status()
    assert project.read(REMOVED) == own


def test_without_git_a_conflict_is_a_file_of_what_was_refused(
    history: History, tmp_path: Path
) -> None:
    project = history.create(tmp_path, ODD)
    project.write(UTILS, project.read(UTILS).replace(FIRST, MINE, 1))
    shown = project.cruft("update", "--skip-apply-ask")
    assert "may have *.rej files" in shown
    assert MINE in project.read(UTILS)
    assert f"+{AFTER}" in project.read(f"{UTILS}.rej")
    assert "DIGITS" in project.read("src/digits/novel.py")


def test_work_that_is_not_committed_stops_an_update(edited: Repository) -> None:
    edited.write(MODELS, "# not committed\n")
    before = tree(edited.path)
    shown = edited.cruft("update", "--skip-apply-ask", status=1)
    assert "working tree is clean" in shown
    assert tree(edited.path).keys() == before.keys()
    assert edited.read(MODELS) == "# not committed\n"


def test_the_difference_from_the_template_is_the_users_work(
    edited: Repository,
) -> None:
    shown = edited.cruft("diff", "--exit-code", status=1)
    assert "Created" not in shown
    changed = [line for line in shown.splitlines() if line.startswith("diff --git")]
    assert [line.rpartition("/")[2] for line in changed] == [
        "train.yaml",
        "models.py",
        "utils.py",
    ]


def test_an_answer_can_be_changed_later(edited: Repository) -> None:
    edited.cruft(
        "update",
        "--skip-apply-ask",
        "--variables-to-update",
        json.dumps({"ci_provider": "gitlab"}),
    )
    status = edited.status()
    assert (status[".github/workflows/ci.yml"], status[".gitlab-ci.yml"]) == (
        "D ",
        "A ",
    )
    assert edited.read(UTILS).endswith(OWN_FUNCTION)
    remembered = json.loads(edited.read(".cookiecutter.json"))
    assert remembered["ci_provider"] == "gitlab"


def test_an_extra_can_be_added_and_removed_later(edited: Repository) -> None:
    def extras(answer: str) -> set[str]:
        variables = json.dumps({"extras": answer})
        edited.cruft("update", "--skip-apply-ask", "--variables-to-update", variables)
        edited.commit(f"Extras: {answer}")
        assert edited.read(UTILS).endswith(OWN_FUNCTION)
        folders = ("serving", "explaining", "reporting", "monitoring")
        return {
            name for name in folders if (edited.path / "src/digits" / name).is_dir()
        }

    assert extras("serve,report") == {"serving", "reporting"}
    assert "reporting.command" in edited.read("src/digits/main.py")
    assert extras("none") == set()
    assert "reporting" not in edited.read("src/digits/main.py")
    assert edited.read("src/digits/mine.py") == '"""Mine."""\n'


def test_a_wrong_answer_stops_an_update_before_it_touches_the_project(
    edited: Repository,
) -> None:
    before = tree(edited.path)
    shown = edited.cruft(
        "update",
        "--skip-apply-ask",
        "--variables-to-update",
        json.dumps({"license": "gpl"}),
        status=1,
    )
    assert "Nothing was created" in shown and "Traceback" not in shown
    assert edited.status() == {}
    assert tree(edited.path).keys() == before.keys()


def commands(text: str) -> list[str]:
    """Return the shell commands of a Markdown file, a text for each block."""
    return re.findall(r"^```bash\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


@pytest.mark.skipif(os.name == "nt", reason="its commands are for bash")
def test_the_how_to_works_as_it_is_written(history: History, tmp_path: Path) -> None:
    source = history.template.path
    template = Repository(tmp_path / "template", history.template.home)
    history.template.git("clone", "--quiet", str(source), str(template.path))
    template.git("reset", "--quiet", "--hard", history.older)
    folder = Repository(tmp_path, history.template.home)
    how_to = (ROOT / "docs/how-to/update.md").read_text("utf-8")
    how_to = how_to.replace("TEMPLATE", str(template.path))
    how_to = how_to.replace("COMMIT", history.older)
    create, link, update, change, add, differ = commands(how_to)

    folder.answer(create)
    project = Repository(tmp_path / "handwritten-digits", folder.home)
    project.git("rm", "--quiet", ".cruft.json")
    project.commit("As if it was made by cookiecutter")
    project.answer(link)
    assert json.loads(project.read(".cruft.json"))["commit"] == history.older

    template.git("reset", "--quiet", "--hard", history.newer)
    assert "src/handwritten_digits/novel.py" in project.answer(update)
    project.commit("Update")
    project.answer(change)
    assert project.status()[".gitlab-ci.yml"] == "A "
    project.commit("Change an answer")
    project.answer(add)
    assert project.status()["src/handwritten_digits/monitoring/command.py"] == "A "
    project.commit("Add an extra")
    assert "diff --git" not in project.answer(differ)
