"""chatconform.strategies."""
