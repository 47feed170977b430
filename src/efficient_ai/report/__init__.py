"""A report on the reader's own model: opened in a process of its own, measured, and written as one page."""
