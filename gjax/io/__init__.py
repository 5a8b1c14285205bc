"""The only code that opens files: readers and writers for the formats of the field.

Readers name the file, the HDU and the column that are wrong (`gjax.errors.FileFormatError`).
Writers write beside the target and rename, and never replace a file unless told to.
"""
