"""The settings of `doctor`; read by the command line, so quick to import."""

from pydantic import Field

from ..config import Settings


class DoctorSettings(Settings):
    """Look for what is broken, and say how to mend it; then end with status 1."""

    # Not `json`: pydantic's models have a method of that name.
    as_json: bool = Field(False, description="Print one JSON object, for programs")
    check_template: bool = Field(
        False, description="Ask the template's repository for a newer commit"
    )
