"""The command line by way of ``python -m pcodec_numcodecs``."""

from .cli import main

if __name__ == "__main__":
    raise SystemExit(main())
