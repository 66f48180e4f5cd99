"""chatconform.reports."""
