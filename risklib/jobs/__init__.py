"""Work on many files: one file in a worker, many on this machine or on a cluster, and what a store remembers."""
