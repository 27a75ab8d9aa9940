/* Ptys of the kernel it runs on, at the command of whoever is on stdin and stdout: a line asks,
 * a line answers. See guestpty.py, which is the other end.
 *
 *   o                            open a pty, both ends non-blocking: its number
 *   c N E                        close end E (m or s) of pty N
 *   n N s                        open the slave of pty N again
 *   a HEX                        so begins what the next "w" writes
 *   w N E HEX   r N E SIZE       write, read
 *   p N E       q N E            what poll says, what FIONREAD says
 *   f N E QUEUE x N E ACTION     tcflush, tcflow
 *   k N E ON   g N E SIGNAL      packet mode, TIOCSIG
 *   z N E ROWS COLS  j N E CHAR  the size of the window, TIOCSTI
 *   i N E COMMAND                an ioctl with 0 for its argument
 *   t N E WHEN IFLAG OFLAG CFLAG LFLAG HEX      tcsetattr, the characters in hex
 *
 * Answers: "+" and a number, "=" and bytes in hex, "!" and an errno.
 */
#define _GNU_SOURCE
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { PTYS = 512, LINE = 4096, BYTES = 8192 };
enum { EVENTS = POLLIN | POLLPRI | POLLOUT | POLLRDNORM | POLLWRNORM };

static int ends[PTYS][2];

static int open_slave(int n)
{
	ends[n][1] = ioctl(ends[n][0], TIOCGPTPEER, O_RDWR | O_NOCTTY | O_NONBLOCK);
	return ends[n][1] < 0 ? -1 : n;
}

static int open_pty(int n)
{
	int unlock = 0, master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK);

	if (master < 0 || ioctl(master, TIOCSPTLCK, &unlock) < 0)
		return -1;
	ends[n][0] = master;
	return open_slave(n);
}

static size_t from_hex(const char *hex, unsigned char *bytes, size_t limit)
{
	size_t n = 0;
	unsigned int byte;

	while (n < limit && sscanf(hex + 2 * n, "%2x", &byte) == 1)
		bytes[n++] = byte;
	return n;
}

static int settings(int fd, const char *args)
{
	struct termios termios;
	unsigned int when, flags[4];
	char hex[2 * NCCS + 1];

	if (sscanf(args, "%u %u %u %u %u %38s", &when, &flags[0], &flags[1], &flags[2], &flags[3], hex) != 6) {
		errno = EINVAL;
		return -1;
	}
	memset(&termios, 0, sizeof termios);
	termios.c_iflag = flags[0];
	termios.c_oflag = flags[1];
	termios.c_cflag = flags[2];
	termios.c_lflag = flags[3];
	from_hex(hex, termios.c_cc, NCCS);
	return ioctl(fd, TCSETS + when, &termios);
}

static int resize(int fd, const char *args)
{
	struct winsize size = { 0 };

	if (sscanf(args, "%hu %hu", &size.ws_row, &size.ws_col) != 2) {
		errno = EINVAL;
		return -1;
	}
	return ioctl(fd, TIOCSWINSZ, &size);
}

static void say_bytes(const unsigned char *bytes, long size)
{
	putchar('=');
	for (long i = 0; i < size; i++)
		printf("%02x", bytes[i]);
	putchar('\n');
}

static void obey(char *line)
{
	static unsigned char bytes[BYTES];
	static size_t begun;
	static int opened;
	int n = 0, at = 0, number = 0;
	char end = 'm';
	long result = -1;

	sscanf(line + 1, "%d %c %n", &n, &end, &at);
	const char *args = line + 1 + at;
	int fd = ends[(unsigned int)n % PTYS][end == 's'];
	struct pollfd one = { .fd = fd, .events = EVENTS };

	number = atoi(args);
	errno = 0;
	switch (line[0]) {
	case 'o': result = open_pty(opened++ % PTYS); break;
	case 'c': result = close(fd); break;
	case 'n': result = open_slave(n % PTYS); break;
	case 'a': result = begun += from_hex(line + 2, bytes + begun, BYTES - begun); break;
	case 'w':
		result = write(fd, bytes, begun + from_hex(args, bytes + begun, BYTES - begun));
		begun = 0;
		break;
	case 'r': result = read(fd, bytes, number < BYTES ? number : BYTES); break;
	case 'p': result = poll(&one, 1, 0) < 0 ? -1 : one.revents; break;
	case 'q': result = ioctl(fd, FIONREAD, &number) < 0 ? -1 : number; break;
	case 'f': result = ioctl(fd, TCFLSH, number); break;
	case 'x': result = ioctl(fd, TCXONC, number); break;
	case 'k': result = ioctl(fd, TIOCPKT, &number); break;
	case 'g': result = ioctl(fd, TIOCSIG, number); break;
	case 'i': result = ioctl(fd, number, 0); break;
	case 'j': result = ioctl(fd, TIOCSTI, &number); break;
	case 'z': result = resize(fd, args); break;
	case 't': result = settings(fd, args); break;
	default: errno = ENOSYS;
	}
	if (result < 0)
		printf("!%d\n", errno);
	else if (line[0] == 'r')
		say_bytes(bytes, result);
	else
		printf("+%ld\n", result);
}

int main(void)
{
	static char line[LINE], out[1 << 16];

	setvbuf(stdout, out, _IOFBF, sizeof out);
	while (fgets(line, sizeof line, stdin)) {
		obey(line);
		fflush(stdout);
	}
	return 0;
}
