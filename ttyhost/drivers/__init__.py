"""Drivers: where bytes come from and go to. Pseudo-terminals, null modems, serial devices, OS ptys."""
