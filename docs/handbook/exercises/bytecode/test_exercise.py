from exercise import opcodes


def test_that_an_addition_is_an_instruction():
    assert "BINARY_OP" in opcodes(lambda a, b: a + b)
    assert "BINARY_OP" not in opcodes(lambda a, b: a)


def test_that_each_is_named_once_in_order():
    names = opcodes(lambda a, b: a + b + a * b)
    assert names == sorted(set(names))
