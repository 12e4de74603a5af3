"""Dates as the ward writes them: 14-Jul-1964, never 07/14/64."""

DATE_FORMAT = "d-M-Y"
DATETIME_FORMAT = "d-M-Y H:i"
SHORT_DATE_FORMAT = "d-M-Y"
SHORT_DATETIME_FORMAT = "d-M-Y H:i"
TIME_FORMAT = "H:i"
