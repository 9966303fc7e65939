from exercise import merged


def test_that_inner_dictionaries_are_merged():
    defaults = {"seed": 1, "log": {"level": "INFO", "file": "a.log"}}
    result = merged(defaults, {"log": {"level": "DEBUG"}})
    assert result == {"seed": 1, "log": {"level": "DEBUG", "file": "a.log"}}
    assert defaults["log"]["level"] == "INFO"


def test_that_nothing_is_shared():
    defaults, settings = {"layers": [64]}, {"tags": ["new"]}
    result = merged(defaults, settings)
    result["layers"].append(32)
    result["tags"].append("best")
    assert defaults == {"layers": [64]} and settings == {"tags": ["new"]}
