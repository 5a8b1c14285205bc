"""Geometry of binned data on the host: axes, pixelisations of the sky, and maps on them.

Geometries are static and hashable, so that compiled functions can depend on them. Files are read
and written in `gjax.io`; what a fit sees is in `gjax.dataset`.
"""
