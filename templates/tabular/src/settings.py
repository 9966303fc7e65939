# A text of the command line is what it says in JSON, such as 10 or true; or a text.
Scalar = bool | int | float | str | None
Parameter = Annotated[Json[Scalar] | Scalar, Field(union_mode="left_to_right")]


class DataSettings(Settings):
    """Which table."""

    data: str = Field("breast_cancer", min_length=1)
    """breast_cancer, wine, iris or diabetes, which need no network; a .csv, .csv.gz,
    .parquet or .xlsx file, or its URL; a folder of such files, or a pattern of them"""
    data_sha256: str | None = Field(None, pattern=r"^[0-9a-f]{64}$")
    """What the file's SHA-256 must be"""
    schemas_dir: Path = Path("configs/schemas")
    """Where the schemas of tables are kept"""
    in_memory_mb: int = Field(500, ge=0)
    """Larger tables are read in chunks, not at once"""


class Reading(BaseModel, extra="forbid", frozen=True, use_attribute_docstrings=True):
    """How a table is written; its schema keeps it, and so does a version."""

    id_columns: tuple[str, ...] = ()
    """Columns that no model sees; predict writes them beside its predictions"""
    na_values: tuple[Annotated[str, Field(coerce_numbers_to_str=True)], ...] = ()
    """Texts that mean a missing value, like the empty one: NA, ?"""
    sep: str = Field(",", min_length=1, max_length=1)
    """What separates the cells of a CSV file"""
    encoding: str = "utf-8"
    """Encoding of a CSV file, such as cp1252 or utf-16"""
    decimal: Literal[".", ","] = "."
    """Decimal mark of numbers"""
    thousands: str | None = Field(None, pattern="^[,. '\u00a0\u202f]$")
    """What groups the digits of numbers: the comma of 1,000"""
    percent: bool = False
    """Read 5% as the number 5"""
    date_format: str | None = Field(None, min_length=1)
    """How dates are written, such as %d.%m.%Y; ISO 8601 is always read"""

    @property
    def missing(self) -> frozenset[str | float]:
        """What means a missing value: texts, `MISSING` too, and numbers."""
        found: set[str | float] = {"", "(missing)", *self.na_values}
        for text in self.na_values:
            if text.removeprefix("-").replace(".", "", 1).isdecimal():
                found.add(float(text))
        return frozenset(found)


# "None" of the command line is a text that may mean a missing value.
class SchemaSettings(DataSettings, Reading, cli_parse_none_str="(nothing)"):
    """Find out what the columns of a table hold; write it to a file to keep."""

    target: str | None = Field(None, min_length=1)
    """Column to predict; needed for a file of yours"""
    task: Literal["classification", "regression"] | None = None
    """Whether that is a class or a number; the same"""
    drop: tuple[str, ...] = ()
    """Columns to leave out"""
    force: bool = False
    """Replace a schema that is there"""


class FitSettings(DataSettings):
    """What decides how a model is fitted."""

    test_data: str | None = Field(None, min_length=1)
    """Table to test on, of the same schema; a part of data if not given"""
    test_fraction: float = Field(0.2, ge=0.01, le=0.9)
    """Part of the table that only evaluate reads"""
    split: Literal["random", "stratified", "group", "time"] = "stratified"
    """How rows are parted, for the folds too: the classes alike, groups kept together,
    or the last ones to test on; a regression has no classes: random"""
    split_column: str | None = Field(None, min_length=1)
    """Column of the groups, or of the time"""
    seed: int = Field(1, ge=0, lt=2**32)
    """Same seed, same model"""
    estimator: str = Field("linear", pattern=r"^\w+(\.\w+)*$")
    """A name in estimators.py, such as forest; or a class's import path"""
    parameters: dict[str, Parameter] = {}
    """Parameters of the estimator, such as C=0.5"""
    metric: str | None = Field(None, min_length=1)
    """What is to be best, a scorer of scikit-learn; accuracy or r2 if not given"""
    folds: int = Field(5, ge=2, le=100)
    """Parts of the cross-validation"""
    threads: int = Field(1, ge=0, le=1024)
    """Threads per computation; 0: as many as cores"""


class TrainSettings(FitSettings):
    """Train a model and keep it as a new version."""

    epochs: int = Field(1, ge=1, le=10_000)
    """Passes over a table that is read in chunks"""


class TuneSettings(FitSettings):
    """Search for the best parameters; goes on with a search that was stopped."""

    trials: int = Field(30, ge=1, le=100_000)
    """Parameters to try, the earlier ones included"""


class EvaluateSettings(Settings, cli_shortcuts={"input": "data"}):
    """Score a model on its test set, or on any file of labelled rows."""

    input: Path | None = None
    """Labelled file to score it on, instead of its test set"""
    version: Version = None
    """Version to score; the newest if not given"""


class PredictSettings(Settings):
    """Predict the rows of a file; write row and prediction as CSV."""

    input: Path
    """What it may be of setting data, but a name or a URL"""
    output: Path | None = None
    """CSV file to write; the terminal if not given"""
    version: Version = None
    """Version to use; the newest if not given"""
