"""The pytest plugin: options and marks for the suites. It imports nothing until a suite is run."""
