"""Settled events, handed on in order to whoever collects them: every one at least once."""
