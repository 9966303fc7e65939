"""Where tables come from; downloads against a real HTTP server on this machine."""

from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pandas as pd
import pytest

from {{ cookiecutter.package_name }} import datasets, files
from {{ cookiecutter.package_name }}.config import ConfigError
from {{ cookiecutter.package_name }}.datasets import NAMED, DataError, Source
from {{ cookiecutter.package_name }}.files import file_sha256

from loopback import Quiet, address_of, running

CONTENT = b"a,b\n1,x\n2,y\n"


class Server(ThreadingHTTPServer):
    """Serves one table; the first `failures` requests get a 503."""

    failures = 0
    cut = False
    requests = 0

    def locate(self, folder: Path, file: str, sha256: str | None = None) -> Source:
        """Ask for a file of this server."""
        url = f"{address_of(self)}/{file}"
        return datasets.locate(url, folder, "b", "classification", sha256, True)


class Handler(Quiet):
    """Answers from the server's attributes."""

    server: Server

    def do_GET(self) -> None:
        """Send the table, or fail as the test wants it."""
        self.server.requests += 1
        if self.server.failures > 0:
            self.server.failures -= 1
            self.send_error(503)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT[:5] if self.server.cut else CONTENT)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server that runs as long as the test."""
    # pooch waits between its tries; a test need not.
    monkeypatch.setattr("pooch.core.time.sleep", lambda seconds: None)
    with running(Server(("127.0.0.1", 0), Handler)) as server:
        yield server


@pytest.mark.parametrize(
    ("name", "rows", "values"),
    [
        ("breast_cancer", 569, {"benign", "malignant"}),
        ("wine", 178, {"class_0", "class_1", "class_2"}),
        ("iris", 150, {"setosa", "versicolor", "virginica"}),
        ("diabetes", 442, set()),
    ],
)
def test_a_named_table_is_written_as_a_csv_file_once(
    name: str, rows: int, values: set[str], tmp_path: Path
) -> None:
    source = datasets.locate(name, tmp_path)
    assert source.path == tmp_path / f"raw/{name}.csv"
    assert (source.target, source.task) == (NAMED[name].target, NAMED[name].task)
    frame = pd.read_csv(source.path)
    assert len(frame) == rows and frame.columns[-1] == source.target
    if values:
        assert set(frame[source.target]) == values
    written = source.path.stat().st_mtime_ns
    assert datasets.locate(name, tmp_path).path.stat().st_mtime_ns == written


def test_diabetes_has_its_own_units_and_sex_is_a_category(tmp_path: Path) -> None:
    frame = pd.read_csv(datasets.locate("diabetes", tmp_path).path)
    assert set(frame["sex"]) == {"sex1", "sex2"}
    assert frame["age"].between(19, 79).all()


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail(file: Path) -> None:
        file.write_text("half", encoding="utf-8")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        files.write_whole(tmp_path / "table.csv", fail)
    assert list(tmp_path.iterdir()) == []


def test_a_file_needs_its_target_and_its_task_named(tmp_path: Path) -> None:
    file = tmp_path / "houses, 2020.csv"
    file.write_bytes(CONTENT)
    with pytest.raises(ConfigError, match="--target"):
        datasets.locate(str(file), tmp_path)
    with pytest.raises(ConfigError, match="--task classification or --task regression"):
        datasets.locate(str(file), tmp_path, "b")
    source = datasets.locate(str(file), tmp_path, "b", "classification")
    assert (source.name, source.path) == ("houses-2020", file)


@pytest.mark.parametrize(
    ("data", "message"),
    [("absent.csv", "absent.csv is no file, no URL and none of"), (".", "is no file")],
)
def test_what_is_no_table_is_refused(data: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message):
        datasets.locate(data, tmp_path, "b", "classification")


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "table.xlsx"
    file.touch()
    with pytest.raises(DataError, match=r"\.csv, \.csv\.gz, \.parquet"):
        datasets.locate(str(file), tmp_path, "b", "classification")


def test_another_file_than_the_pinned_one_is_refused_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_bytes(CONTENT)
    with pytest.raises(DataError, match="expected SHA-256 0000"):
        datasets.locate(str(file), tmp_path, "b", "classification", "0" * 64)
    right = file_sha256(file)
    source = datasets.locate(str(file), tmp_path, "b", "classification", right)
    assert source.path == file


def test_a_url_is_downloaded_once_with_a_bar(
    server: Server, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        source = server.locate(tmp_path, "a%20table.csv?version=2")
        assert source.name == "a-table" and source.path.parent == tmp_path / "raw"
        assert source.path.read_bytes() == CONTENT
    assert server.requests == 1
    assert "100%" in capfd.readouterr().err


def test_files_of_one_name_and_two_urls_are_kept_apart(
    server: Server, tmp_path: Path
) -> None:
    paths = {server.locate(tmp_path, f"{year}/table.csv").path for year in (1, 2)}
    assert len(paths) == server.requests == 2


def test_a_server_that_fails_for_a_while_is_asked_again(
    server: Server, tmp_path: Path
) -> None:
    server.failures = 2
    assert server.locate(tmp_path, "table.csv").path.read_bytes() == CONTENT


def test_a_download_cut_short_leaves_nothing(server: Server, tmp_path: Path) -> None:
    server.cut = True
    with pytest.raises(DataError, match="cannot download"):
        server.locate(tmp_path, "table.csv")
    assert list(tmp_path.glob("raw/*")) == []


def test_a_download_that_is_not_the_pinned_one_is_removed(
    server: Server, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="and was removed"):
        server.locate(tmp_path, "table.csv", "0" * 64)
    assert list(tmp_path.glob("raw/*")) == []


def test_a_server_that_is_not_there_is_named_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pooch.core.time.sleep", lambda seconds: None)
    url = "http://127.0.0.1:9/table.csv"
    with pytest.raises(DataError, match=r"127\.0\.0\.1:9(.|\n)*--data breast_cancer"):
        datasets.locate(url, tmp_path, "b", "classification")
