"""The cases, each in a file that defines ``CASES``."""
