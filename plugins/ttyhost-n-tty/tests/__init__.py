"""Tests of n_tty: its core alone, and the discipline on a host."""
