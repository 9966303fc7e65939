from exercise import describe, main, read_numbers


def test_that_reading_knows_files(tmp_path):
    (tmp_path / "some.txt").write_text("1\n\n2.5\n")
    assert read_numbers(tmp_path / "some.txt") == [1.0, 2.5]


def test_that_describing_knows_numbers():
    assert describe([1.0, 2.0, 3.0]) == {"count": 3, "sum": 6.0, "mean": 2.0}
    assert describe([])["mean"] is None


def test_that_main_puts_them_together(tmp_path, capsys):
    (tmp_path / "some.txt").write_text("1\n2\n3\n")
    assert main(tmp_path / "some.txt") == "3 numbers, sum 6.0, mean 2.0"
    assert capsys.readouterr().out == "3 numbers, sum 6.0, mean 2.0\n"
