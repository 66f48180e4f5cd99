"""chatconform.reports: results in, text out. One module a format; nothing that a target sent is told unescaped."""

from chatconform.reports.formats import FORMATS, Reportable, ReportError, check_writable, render, write

__all__ = ["FORMATS", "ReportError", "Reportable", "check_writable", "render", "write"]
