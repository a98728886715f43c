"""Lossless numeric compression for Zarr: the Pco format in pure Python and NumPy."""

__version__ = "0.1.0.dev0"
