"""chatconform.schemas."""
