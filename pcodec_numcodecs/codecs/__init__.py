"""Plug-ins: Pco as a codec of numcodecs (Zarr v2) and of Zarr v3, and encodings for xarray."""
