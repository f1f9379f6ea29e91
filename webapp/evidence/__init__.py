"""Proof that the log was not edited: seals, checkpoints outside of the database, and their verification."""
