"""What is measured, each run as ``python -m benchmarks NAME [--quick] [--json]``."""
