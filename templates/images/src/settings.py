class TrainSettings(Settings):
    """Train a model and keep it as a new version."""

    dataset: str = "digits"
    """digits (offline), mnist, fashion_mnist; or a folder with one for each class"""
    image_size: int = Field(32, ge=4, le=4096)
    """Height and width that pictures of a folder are scaled to"""
    colours: bool = True
    """Whether these are read in colour, or their brightness alone"""
    data_url: str | None = Field(None, pattern=r"^https?://\S+$")
    """Mirror to download from"""
    validation_fraction: float = Field(0.2, ge=0.01, le=0.5)
    """Part of the training set to validate on"""
    seed: int = Field(1, ge=0, lt=2**32)
    """Same seed, same weights"""
    network: Literal["mlp", "cnn"] = "mlp"
    """Which one of models.py"""
    hidden_units: int = Field(128, ge=1, le=65_536)
    """Width of the hidden layer"""
    dropout: float = Field(0.2, ge=0, lt=1)
    """Part of the hidden units left out in training"""
    augment: bool = False
    """Train on images that are mirrored, turned and shifted at random"""
    class_weights: Literal["none", "balanced"] = "none"
    """Whether the images of rare classes count more"""
    epochs: int = Field(100, ge=1, le=100_000)
    """Passes over the training set"""
    batch_size: int = Field(256, ge=1, le=65_536)
    """Images per gradient step"""
    learning_rate: float = Field(0.006, gt=0, le=1)
    """Step size of Adam at the start"""
    #% if cookiecutter.framework == "pytorch"
    # Nothing is chosen in silence: the same settings mean the same kind of machine.
    device: Literal["cpu", "cuda", "mps"] = "cpu"
    """Where to train; a GPU pays off with larger networks"""
    #% endif
    resume: bool = False
    """Go on with the last unfinished training"""


class EvaluateSettings(Settings):
    """Score a model on its test set."""

    version: Version = None
    """Version to score; the newest if not given"""


class PredictSettings(Settings):
    """Classify the images of a file."""

    input: Path
    """Picture, folder of pictures, CSV file (one image a row), .npy file (n, h, w)"""
    output: Path | None = None
    """CSV file to write; the terminal if not given"""
    drop: tuple[str, ...] = ()
    """CSV columns that are not pixels"""
    version: Version = None
    """Version to use; the newest if not given"""
