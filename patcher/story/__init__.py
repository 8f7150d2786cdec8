"""The story of a series: what it stands on, its commits, and all that the other commands say of them."""
