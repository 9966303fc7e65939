import pandas as pd
from exercise import kinds


def test_each_kind():
    frame = pd.DataFrame(
        {"city": ["Bern"], "age": [30], "member": [True], "price": [1.5]}
    )
    frame["note"] = pd.Series(["new"], dtype=object)
    assert kinds(frame) == {
        "number": ["age", "price"],
        "text": ["city", "note"],
        "bool": ["member"],
    }
