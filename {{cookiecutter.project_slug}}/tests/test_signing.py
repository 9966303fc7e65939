"""Signatures: what the owner of a key has signed, and nothing else, is used."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from {{ cookiecutter.package_name }} import aliases, main, registry, signing
from {{ cookiecutter.package_name }}.files import file_sha256
from {{ cookiecutter.package_name }}.serving.reload import ServedModel
from {{ cookiecutter.package_name }}.signing import SignatureError

from graphs import save as save_graph

Save = Callable[[bool], Path]
Change = Callable[[Path], object]
Output = pytest.CaptureFixture[str]


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    """A private key and its public key."""
    private = tmp_path / "keys" / "release"
    return private, signing.new_key(private)


def test_a_new_key_is_for_its_owner_alone_and_never_written_over(
    keys: tuple[Path, Path],
) -> None:
    private, public = keys
    assert public.name == "release.pub"
    # pragma: allowlist nextline secret
    assert private.read_text("ascii").startswith("-----BEGIN PRIVATE KEY-----")
    assert public.read_text("ascii").startswith("-----BEGIN PUBLIC KEY-----")
    if os.name == "posix":
        assert private.stat().st_mode & 0o777 == 0o600
    before = file_sha256(private)
    with pytest.raises(SignatureError, match="release is there already"):
        signing.new_key(private)
    assert file_sha256(private) == before


def test_a_public_key_alone_is_not_joined_by_another_ones_private_key(
    tmp_path: Path,
) -> None:
    (tmp_path / "release.pub").write_bytes(b"of another key")
    with pytest.raises(SignatureError, match="release.pub is there already"):
        signing.new_key(tmp_path / "release")
    assert [file.name for file in tmp_path.iterdir()] == ["release.pub"]
    assert (tmp_path / "release.pub").read_bytes() == b"of another key"


def test_half_a_pair_is_not_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opens = os.open

    def full(path: Path, flags: int, mode: int) -> int:
        if path.suffix == ".pub":
            raise OSError(28, "No space left on device")
        return opens(path, flags, mode)

    monkeypatch.setattr(os, "open", full)
    with pytest.raises(SignatureError, match="cannot be written: .*No space left"):
        signing.new_key(tmp_path / "release")
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_written_is_said(
    save: Save, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    with pytest.raises(SignatureError, match="cannot be written: .*name another file"):
        signing.new_key(keys[0] / "below a file")
    folder = save(True)
    (folder / registry.SIGNATURE).mkdir()
    with pytest.raises(SignatureError, match="1 cannot be signed: "):
        signing.sign(folder, keys[0])


def test_what_was_signed_is_verified_and_counts_as_whole(
    save: Save, keys: tuple[Path, Path]
) -> None:
    folder = save(True)
    assert signing.sign(folder, keys[0]) == folder / registry.SIGNATURE
    signing.verify(folder, keys[1])
    registry.load_version(folder.parent)
    # Signed again, as after an export.
    (folder / "more").write_bytes(b"")
    signing.sign(folder, keys[0])
    signing.verify(folder, keys[1])


def flip(name: str) -> Change:
    """Return a function that flips one bit of a file."""

    def change(folder: Path) -> None:
        content = bytearray((folder / name).read_bytes())
        content[len(content) // 2] ^= 1
        (folder / name).write_bytes(content)

    return change


def swap_with_manifest(folder: Path) -> None:
    """Replace a file, and its hash in the manifest: no hash tells that."""
    before = file_sha256(folder / "model.bin")
    (folder / "model.bin").write_bytes(b"other weights")
    manifest = folder / registry.MANIFEST
    text = manifest.read_text(encoding="utf-8")
    after = file_sha256(folder / "model.bin")
    manifest.write_text(text.replace(before, after), encoding="utf-8")
    registry.load_version(folder.parent)


def link(folder: Path) -> None:
    """Put a link in the place of a file, to the same content."""
    moved = folder.with_name("model.bin")
    (folder / "model.bin").rename(moved)
    (folder / "model.bin").symlink_to(moved)


def add(name: str) -> Change:
    """Return a function that adds a file."""

    def change(folder: Path) -> None:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"")

    return change


CHANGES: dict[str, Change] = {
    "a byte of the model": flip("model.bin"),
    "a byte of the manifest": flip(registry.MANIFEST),
    "a byte of the signature": flip(registry.SIGNATURE),
    "the model and its hash": swap_with_manifest,
    "a file less": lambda folder: (folder / "model.bin").unlink(),
    "a file more": add("more"),
    "a hidden file more": add(".incomplete-1/model.onnx"),
    "a file of git more": add(".gitignore"),
    "a link": link,
    "no JSON": lambda folder: (folder / registry.SIGNATURE).write_bytes(b"{"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_was_changed_since_is_refused(
    change: Change, save: Save, keys: tuple[Path, Path]
) -> None:
    folder = save(True)
    signing.sign(folder, keys[0])
    change(folder)
    with pytest.raises(SignatureError, match="is not what the owner of .* has signed"):
        signing.verify(folder, keys[1])


def test_another_key_and_no_signature_are_refused(
    save: Save, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    folder = save(True)
    with pytest.raises(SignatureError, match="is not signed.*sign --version 1"):
        signing.verify(folder, keys[1])
    signing.sign(folder, keys[0])
    other = signing.new_key(tmp_path / "other")
    with pytest.raises(SignatureError, match="is not what the owner of .*other.pub"):
        signing.verify(folder, other)


def test_what_is_no_key_is_said(
    save: Save, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    folder = save(True)
    with pytest.raises(SignatureError, match="gone is no private key"):
        signing.sign(folder, tmp_path / "gone")
    with pytest.raises(SignatureError, match="release.pub is no private key"):
        signing.sign(folder, keys[1])
    with pytest.raises(SignatureError, match="release is no public key"):
        signing.verify(folder, keys[0])


def test_without_the_library_the_message_says_what_to_install(
    save: Save, keys: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "model_signing", None)
    folder = save(True)
    signing.verify(folder, None)  # nothing is asked
    with pytest.raises(SignatureError, match="requirements/sign.txt"):
        signing.verify(folder, keys[1])


def test_a_server_with_a_key_serves_what_is_signed(
    tmp_path: Path, keys: tuple[Path, Path]
) -> None:
    model_dir = tmp_path / "model"
    first, second = save_graph(model_dir), save_graph(model_dir)
    aliases.promote(model_dir, 1)
    with pytest.raises(SignatureError, match="is not signed"):
        ServedModel(model_dir, verify_key=keys[1])
    signing.sign(first, keys[0])
    served = ServedModel(model_dir, verify_key=keys[1])
    aliases.promote(model_dir, 2)
    with pytest.raises(SignatureError, match="is not signed"):
        served.refresh()
    assert served.get().version == 1
    signing.sign(second, keys[0])
    served.seen = None
    assert served.refresh()
    assert served.get().version == 2


@pytest.mark.usefixtures("project")
def test_the_commands_make_a_key_sign_and_ask_for_it(
    save: Save, capsys: Output
) -> None:
    def run(*arguments: str, status: int = 0) -> str:
        assert main.main(["registry", *arguments]) == status
        said = capsys.readouterr()
        return said.err if status else said.out

    assert "needs the file of a key" in run("new-key", status=2)
    assert run("new-key", "--sign-key", "k") == "public key: k.pub\n"
    save(True)
    save(True)
    asked = ("--verify-key", "k.pub")
    assert "is not signed" in run("promote", "--version", "1", *asked, status=2)
    for version in ("1", "2"):
        signed = run("sign", "--version", version, "--sign-key", "k")
        assert signed == f"signature: models/model/{version}/model.sig\n"
        run("promote", "--version", version, *asked)
    assert run("verify", *asked).splitlines() == [
        f"version {version}: 2 files, all as written, signed for k.pub"
        for version in (1, 2)
    ]
    Path("models/model/1/model.sig").unlink()
    assert "is not signed" in run("rollback", *asked, status=2)
    unsigned = run("verify", *asked, status=2)
    assert "not as they should be:\n" in unsigned and "is not signed" in unsigned
    # The key is none of the versions' faults.
    wrong_key = run("verify", "--verify-key", "gone", status=2)
    assert wrong_key.count("gone is no public key") == 1
    assert "not as they should be" not in wrong_key
    assert "version 1: 2 files, all as written\n" in run("verify")


def test_model_signing_itself_verifies_it_too(
    save: Save, keys: tuple[Path, Path]
) -> None:
    folder = save(True)
    file = signing.sign(folder, keys[0])
    command = [sys.executable, "-m", "model_signing", "verify", "key", str(folder)]
    command += ["--signature", str(file), "--public_key", str(keys[1])]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
