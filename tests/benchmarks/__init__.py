"""Tests of the benchmarks: that they measure what they say, and that their sums are right."""
