"""Subcommands that are too long to stand in `cli`: each module has `add`, for its options, and `run`."""
