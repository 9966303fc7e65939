import pandas as pd
from exercise import make_encoder


def test_that_an_unknown_category_is_no_error():
    encoder = make_encoder().fit(pd.DataFrame({"city": ["Basel", "Bern"]}))
    some = pd.DataFrame({"city": ["Bern", "Zug"]})
    assert encoder.transform(some).tolist() == [[0, 1], [0, 0]]


def test_that_missing_is_a_category():
    some = pd.DataFrame({"city": ["Bern", None]})
    encoder = make_encoder().fit(some)
    assert encoder.get_feature_names_out(["city"]).tolist() == [
        "city_(missing)",
        "city_Bern",
    ]
    assert encoder.transform(some).tolist() == [[0, 1], [1, 0]]
