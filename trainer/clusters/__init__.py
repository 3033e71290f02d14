"""Settings of `accelerate launch` for machines and clusters, and a script for Slurm."""
