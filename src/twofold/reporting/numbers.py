"""Numbers as text: as many digits as they deserve, a true minus sign, a dash for what is missing."""

from __future__ import annotations

from twofold.studies.result import Row

MISSING = "–"
INTERVALS = {
    "sem": "standard error of the mean",
    "confidence_95": "95 % confidence interval",
    "permutation_99": "99 % permutation interval",
    "bootstrap_95": "95 % bootstrap interval",
    "range": "from the smallest to the largest",
}


def number(value: float | None, decimals: int = 3) -> str:
    """Write a number with so many decimals; a small one keeps two digits.

    Examples
    --------
    >>> number(0.9653), number(-0.03), number(0.00111), number(None), number(123.456, 2)
    ('0.965', '−0.030', '0.0011', '–', '123')
    """
    if value is None:
        return MISSING
    if 0 < abs(value) < 10 ** (1 - decimals) and decimals > 2:
        text = f"{value:.2g}" if abs(value) >= 1e-4 else f"{value:.0e}"
    elif abs(value) >= 100:
        text = f"{value:,.0f}"
    else:
        text = f"{value:.{decimals}f}"
    return text.replace("-", "−")


def error(row: Row, decimals: int = 3) -> str:
    """Write the uncertainty of a row: ± where it is even, from-to where it is not.

    Examples
    --------
    >>> row = dict(table="t", row="r", metric="exact_accuracy", split="test", value=0.5)
    >>> error(Row(**row, low=0.48, high=0.52)), error(Row(**row, low=0.4, high=0.52)), error(Row(**row))
    ('± 0.020', '0.400 to 0.520', '')
    """
    if row.value is None or row.low is None or row.high is None:
        return ""
    below, above = row.value - row.low, row.high - row.value
    if row.interval_kind != "permutation_99" and abs(above - below) <= 0.1 * abs(above + below) / 2:
        half = (above + below) / 2
        for digits in (decimals, decimals + 1):
            if float(text := f"{half:.{digits}f}"):
                return f"± {text}"
        return f"± <{10.0 ** -(decimals + 1):.{decimals + 1}f}" if half > 0 else "± 0"
    return f"{number(row.low, decimals)} to {number(row.high, decimals)}"


def with_error(row: Row, decimals: int = 3) -> str:
    """Write a value and, where it has one, its uncertainty.

    Examples
    --------
    >>> with_error(Row(table="t", row="r", metric="m", split="test", value=0.5, low=0.48, high=0.52))
    '0.500 ± 0.020'
    """
    uncertainty = error(row, decimals)
    if uncertainty and not uncertainty.startswith("±"):
        uncertainty = f"({uncertainty})"
    return f"{number(row.value, decimals)} {uncertainty}".strip()


def duration(seconds: float) -> str:
    """Write how long something took.

    Examples
    --------
    >>> duration(0.32), duration(42.34), duration(199.6), duration(7325)
    ('0.3 s', '42 s', '3 min 20 s', '2 h 2 min')
    """
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
