"""Efficient AI: the library behind the book, for compressing and measuring models, the reader's own included."""

__version__ = "0.1.0"
