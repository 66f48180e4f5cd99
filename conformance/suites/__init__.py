"""Test suites for pytest: `pytest --pyargs chatconform.suites`, or imported into a project's own test file.

    from chatconform.suites.test_server import test_rule

The URL then comes from `--chatconform-url`, or from the project's own fixture `chatconform_target`.
"""
