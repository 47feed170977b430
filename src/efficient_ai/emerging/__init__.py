"""Hypotheses of the field, made small enough to be tested: tickets, learning to learn, sharing, joint design."""

__all__: list[str] = []
