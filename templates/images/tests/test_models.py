def test_the_course_s_calls_do_what_its_one_file_script_does() -> None:
    set_seed(1)
    (x_train, y_train), (x_test, y_test) = load_mnist_data()
    x_train, x_test = preprocess_data(x_train, x_test)
    model = build_mnist_model()
    compile_model(model)
    history = train_model(model, x_train, y_train, epochs=5, validation_split=0.2)
    test_loss, test_acc = evaluate_model(model, x_test, y_test)
    assert len(getattr(history, "history", history)["val_accuracy"]) == 5
    assert 0 < test_loss < 1
    set_seed(1)
    script = plain_script(x_train, y_train, x_test, y_test)
    assert test_acc == pytest.approx(script, abs=0.04)


def test_training_lowers_the_loss_and_learns(stripes: Arrays) -> None:
    model = small_model()
    history = fit(model, stripes, epochs=15)
    assert history["val_loss"][-1] < history["val_loss"][0] / 2
    loss, accuracy = evaluate_model(model, *stripes)
    assert loss < 0.5 and accuracy > 0.95


def test_the_same_seed_gives_the_same_weights_and_another_does_not(
    stripes: Arrays,
) -> None:
    trained = []
    for seed in (1, 1, 2):
        model = small_model(seed)
        fit(model, stripes, seed=seed)
        trained.append(state(model))
    assert trained[0] == trained[1] != trained[2]


def test_the_images_of_a_class_can_count_more(stripes: Arrays) -> None:
    model = small_model()
    fit(model, stripes, class_weight={0: 1.0, 1: 0.0, 2: 0.0})
    assert (models.predict_probabilities(model, stripes[0]).argmax(axis=1) == 0).all()


@pytest.mark.parametrize("length", [0, 100, None])
def test_a_damaged_or_missing_file_is_refused(
    length: int | None, tmp_path: Path
) -> None:
    file = tmp_path / models.MODEL_FILE
    if length is not None:
        models.save_model(small_model(), tmp_path)
        file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(ProjectError, match="model.* is damaged, or carries code"):
        models.load_model(tmp_path)


def test_exports_take_raw_pixels_of_any_number_of_images(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 17, (7, *SHAPE))
    inputs = adapter.Inputs(shape=(6, 5), max_value=16)
    model = build_mnist_model(SHAPE, 3)
    native = models.predict_probabilities(model, preprocess_data(pixels, max_value=16))
    feeds = adapter.feeds(pixels, inputs)
    found = export.export_model(model, tmp_path, inputs, feeds, native)
    assert found["exports"].keys() == FORMATS
    assert max(found["exports"].values()) < 1e-6
    graph = onnx.load_model(tmp_path / "model.onnx").graph
    assert [value.name for value in graph.input] == ["images"]
    assert [value.name for value in graph.output] == [export.PROBABILITIES]
    alone = adapter.feeds(pixels[:1], inputs)
    outputs = export.run_onnx(tmp_path / "model.onnx", alone)
    np.testing.assert_allclose(outputs, native[:1], atol=1e-6)
    (tmp_path / "2").mkdir()
    with pytest.raises(ProjectError, match="onnx is up to"):
        wrong = native[:, ::-1]
        export.export_model(model, tmp_path / "2", inputs, feeds, wrong)
