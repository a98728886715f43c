"""What comes between the cells of a frame and plain Pco pages: split, mask, predict; chosen for each array."""
