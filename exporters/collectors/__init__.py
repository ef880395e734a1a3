"""One module a source: each takes its reader as a parameter, with a fake beside it for tests."""
