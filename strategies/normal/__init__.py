"""Any JSON Schema, read into one normal form: alternatives of one JSON type each, without unions or references."""
