"""What works on whole Zarr stores."""
