import pandas as pd
from exercise import filled


def test_that_the_medians_are_those_of_the_training_set():
    train = pd.DataFrame({"age": [20.0, None, 40.0], "rooms": [1.0, 2.0, None]})
    test = pd.DataFrame({"age": [None, 90.0], "rooms": [None, None]}, dtype=float)
    first, second = filled(train, test)
    assert first["age"].tolist() == [20, 30, 40]
    assert second.to_dict("list") == {"age": [30, 90], "rooms": [1.5, 1.5]}
    assert train["age"].isna().sum() == 1 and test["age"].isna().sum() == 1
