"""Errors of pydantic in plain words: what a setting must be."""

from pydantic_core import ErrorDetails

_KINDS = {
    "int": "must be a whole number", "float": "must be a number", "finite": "must be a number",
    "bool": "must be true or false", "string": "must be a text in quotes", "path": "must be a path in quotes",
    "tuple": "must be a list in square brackets", "list": "must be a list in square brackets",
    "frozen": "must be a list in square brackets", "dict": "must be a table", "model": "must be a table",
    "dataclass": "must be a table", "none": "must be left out",
}  # fmt: skip


def allowed(problem: ErrorDetails) -> str:
    """What the value of one of pydantic's errors must be, as the end of a sentence that begins with its key."""
    context = problem.get("ctx", {})
    match problem["type"]:
        case "greater_than_equal":
            return f"must be {context['ge']} or more"
        case "less_than_equal":
            return f"must be {context['le']} or less"
        case "greater_than":
            return f"must be more than {context['gt']}"
        case "less_than":
            return f"must be less than {context['lt']}"
        case "too_short":
            return f"must have at least {context['min_length']} entry"
        case "literal_error" | "enum":
            return f"must be {context['expected']}"
        case "value_error":
            return str(context["error"])
    kind = _KINDS.get(problem["type"].partition("_")[0], "cannot be used")
    text = problem["input"]
    return f"{kind} without quotes" if kind.endswith("number") and isinstance(text, str) and text.isdigit() else kind
