"""Render every preset, with every framework, into a branch of a git repository.

    python tools/demo_branch.py REPOSITORY [BRANCH] [--label v1.2.0]

So that rendered projects can be read in a browser, and two releases compared by `git
diff`. The branch (`demo` by default) shares no commit with the template's own; each run
adds one commit, or none where no file has changed. REPOSITORY is what git can push to:
an address, or a folder.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PRESETS = ROOT / "presets"
# Who commits, where git has not been told.
AUTHOR = {
    "GIT_AUTHOR_NAME": "demo",
    "GIT_AUTHOR_EMAIL": "demo@users.noreply.github.com",
    "GIT_COMMITTER_NAME": "demo",
    "GIT_COMMITTER_EMAIL": "demo@users.noreply.github.com",
}


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder; return what it printed.

    Raises:
        SystemExit: If git fails, with what it said.
    """
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env=AUTHOR | dict(os.environ),
        capture_output=True,
        encoding="utf-8",
    )
    if done.returncode:
        raise SystemExit(f"git {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout


def check_out(folder: Path, repository: str, branch: str) -> None:
    """Make a work tree of the branch as it is, or of a new one without a commit."""
    git(folder, "init", "--quiet", "--initial-branch", branch)
    git(folder, "remote", "add", "origin", repository)
    if git(folder, "ls-remote", "--heads", "origin", branch):
        git(folder, "fetch", "--quiet", "--depth", "1", "origin", branch)
        git(folder, "reset", "--quiet", "--hard", "FETCH_HEAD")


def render(preset: Path, framework: str, folder: Path) -> str:
    """Render one project into a folder; return the project's name."""
    command = [sys.executable, "-m", "cookiecutter", str(ROOT), "--no-input"]
    options = ["--config-file", str(preset), "--output-dir", str(folder)]
    answer = f"framework={framework}"
    subprocess.run([*command, *options, answer], check=True, stdout=subprocess.DEVNULL)
    (project,) = folder.iterdir()
    return project.name


def render_all(folder: Path) -> None:
    """Replace what is in a work tree by the renders and a page that leads to them."""
    for old in folder.iterdir():
        if old.name == ".git":
            continue
        if old.is_dir():
            shutil.rmtree(old)
        else:
            old.unlink()
    questions = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))
    lines = [
        "# Rendered projects\n",
        "What the template makes of its presets; nobody edits this branch.\n",
    ]
    for preset in sorted(PRESETS.glob("*.yaml")):
        for framework in questions["_choices"]["framework"]:
            place = f"{preset.stem}-{framework}"
            (folder / place).mkdir()
            name = render(preset, framework, folder / place)
            lines.append(f"- [{place}]({place}/{name}/)")
    page = "\n".join(lines) + "\n"
    (folder / "README.md").write_text(page, encoding="utf-8", newline="\n")


def publish(repository: str, branch: str, label: str) -> bool:
    """Render everything and push it; return whether anything had changed."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        check_out(folder, repository, branch)
        render_all(folder)
        # The renders ignore what users write; all that is rendered belongs here.
        git(folder, "add", "--all", "--force")
        if not git(folder, "status", "--porcelain"):
            return False
        git(folder, "commit", "--quiet", "--message", f"Render {label}")
        git(folder, "push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")
    return True


def main(arguments: list[str]) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("repository", help="an address or a folder to push to")
    parser.add_argument("branch", nargs="?", default="demo")
    parser.add_argument("--label", default="the template", help="what was rendered")
    given = parser.parse_args(arguments)
    repository = given.repository
    if Path(repository).exists():
        repository = str(Path(repository).resolve())
    changed = publish(repository, given.branch, given.label)
    print(f"{given.branch}: {'pushed' if changed else 'nothing has changed'}")


if __name__ == "__main__":
    main(sys.argv[1:])
