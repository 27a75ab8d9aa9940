"""Any bytes at all, chosen by coverage: what the codecs and n_tty's core promise for every input."""
