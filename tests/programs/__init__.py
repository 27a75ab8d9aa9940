"""Real programs under ``ttyhost run``, beside the same ones on the kernel's pty."""
