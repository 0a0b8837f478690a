"""Conformance suites that ship, for the parts of others too."""
