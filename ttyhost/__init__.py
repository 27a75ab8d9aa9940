"""The tty layer in user space."""
