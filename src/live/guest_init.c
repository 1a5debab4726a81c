/*
 * The only process of zspec's guest: what its host asks of the kernel, one
 * request at a time over a virtio port.
 *
 * A request is a line "NAME A B PATH_BYTES DATA_BYTES", then the path, then the
 * data. An answer is a line "ERRNO DATA_BYTES", then the data; errno 0 is
 * success. EIO stands for a transfer that the end of a disk cut short.
 *
 * read PATH              the whole file
 * write PATH, data       one write(2)
 * put PATH, data         a file of these bytes, in place of one before
 * pread PATH A B         B bytes from A on, O_DIRECT
 * pwrite PATH A, data    likewise
 * discard PATH A B       BLKDISCARD
 * close                  closes the block device of the last three
 * node PATH, data        another node at PATH, for the device that the data name
 * map A                  A pages of anonymous memory instead of those before
 * touch A, data          writes the page A of it
 * look A                 reads the page A of it, as who may write it does
 * pageout A B            MADV_PAGEOUT of B pages from A on
 * forget A B             MADV_DONTNEED of them: they are zeros again
 * pagemap A B            their entries of /proc/self/pagemap
 * swapon PATH, swapoff PATH
 * settle                 waits until nothing else in the kernel is left to run
 * sleep A                A milliseconds
 *
 * Before the first request it says "ready", or what keeps it from being so.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096
#define MOST (1 << 20)
/* Milliseconds that a guest may take to settle. */
#define SETTLE 20000

struct request {
	char name[16];
	long long a, b;
	size_t path_bytes, data_bytes;
	char path[PAGE];
};

struct answer {
	int error;
	size_t bytes;
};

static int port;
/* What a request brings and what an answer takes back. */
static char *data;
static int device = -1;
static char device_path[PAGE];
static char *memory;
static size_t memory_pages;
/* The module that the kernel does not take, and why; or nothing. */
static char refused[1024];

static void die(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fprintf(stderr, "zspec guest: ");
	vfprintf(stderr, format, arguments);
	fprintf(stderr, ": %s\n", strerror(errno));
	va_end(arguments);
	sync();
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

static struct answer outcome(long result)
{
	return (struct answer){ result < 0 ? errno : 0, 0 };
}

/* A transfer of some bytes that should have been `whole`. */
static struct answer transferred(ssize_t bytes, size_t whole, int gives)
{
	if (bytes < 0)
		return outcome(-1);
	if ((size_t)bytes < whole)
		return (struct answer){ EIO, 0 };
	return (struct answer){ 0, gives ? whole : 0 };
}

static struct answer read_file(struct request *request)
{
	int file = open(request->path, O_RDONLY);
	struct answer answer = { 0, 0 };
	ssize_t bytes;

	if (file < 0)
		return outcome(-1);
	while ((bytes = read(file, data + answer.bytes,
			     MOST - answer.bytes)) > 0)
		answer.bytes += bytes;
	if (bytes < 0)
		answer = outcome(-1);
	close(file);
	return answer;
}

static struct answer write_file(struct request *request)
{
	int file = open(request->path, O_WRONLY);
	struct answer answer;

	if (file < 0)
		return outcome(-1);
	answer = outcome(write(file, data, request->data_bytes));
	close(file);
	return answer;
}

static struct answer put_file(struct request *request)
{
	int file = open(request->path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	struct answer answer;

	if (file < 0)
		return outcome(-1);
	answer = transferred(write(file, data, request->data_bytes),
			     request->data_bytes, 0);
	close(file);
	return answer;
}

static void close_device(void)
{
	if (device >= 0)
		close(device);
	device = -1;
}

static int open_device(const char *path)
{
	if (device >= 0 && strcmp(path, device_path) == 0)
		return device;
	close_device();
	device = open(path, O_RDWR | O_DIRECT);
	strcpy(device_path, path);
	return device;
}

static struct answer blocks(struct request *request)
{
	uint64_t range[2] = { request->a, request->b };

	if (open_device(request->path) < 0)
		return outcome(-1);
	if (strcmp(request->name, "discard") == 0)
		return outcome(ioctl(device, BLKDISCARD, range));
	if (strcmp(request->name, "pread") == 0)
		return transferred(pread(device, data, request->b, request->a),
				   request->b, 1);
	return transferred(pwrite(device, data, request->data_bytes,
				  request->a), request->data_bytes, 0);
}

static struct answer make_node(struct request *request)
{
	struct stat status;

	data[request->data_bytes] = 0;
	if (stat(data, &status) < 0)
		return outcome(-1);
	/* A driver that is built in may have made one of its own. */
	if (unlink(request->path) < 0 && errno != ENOENT)
		return outcome(-1);
	return outcome(mknod(request->path, status.st_mode, status.st_rdev));
}

static void sleep_for(long long milliseconds)
{
	struct timespec left = { milliseconds / 1000,
				 milliseconds % 1000 * 1000000 };

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		continue;
}

static struct answer sleep_request(struct request *request)
{
	sleep_for(request->a);
	return outcome(0);
}

/*
 * How many tasks run or would, which a kernel's worker does from the moment on
 * that it is given work; this process is one of them.
 */
static int running(void)
{
	FILE *file = fopen("/proc/loadavg", "r");
	int count = -1;

	if (file == NULL)
		return -1;
	if (fscanf(file, "%*s %*s %*s %d/", &count) != 1)
		count = -1;
	fclose(file);
	return count;
}

static struct answer settle(struct request *request)
{
	(void)request;
	for (int waited = 0; waited < SETTLE; waited++) {
		int count = running();

		if (count == 1)
			return outcome(0);
		if (count < 0)
			return (struct answer){ EIO, 0 };
		sleep_for(1);
	}
	return (struct answer){ ETIMEDOUT, 0 };
}

static struct answer map(struct request *request)
{
	if (memory != NULL)
		munmap(memory, memory_pages * PAGE);
	memory_pages = request->a;
	memory = mmap(NULL, memory_pages * PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED) {
		memory = NULL;
		return outcome(-1);
	}
	/* EINVAL is of a kernel that has no huge pages. */
	if (madvise(memory, memory_pages * PAGE, MADV_NOHUGEPAGE) < 0 &&
	    errno != EINVAL)
		return outcome(-1);
	return outcome(0);
}

static struct answer pagemap(struct request *request)
{
	int file = open("/proc/self/pagemap", O_RDONLY);
	uintptr_t first = (uintptr_t)memory / PAGE + request->a;
	struct answer answer;

	if (file < 0)
		return outcome(-1);
	answer = transferred(pread(file, data, request->b * 8, first * 8),
			     request->b * 8, 1);
	close(file);
	return answer;
}

static struct answer on_memory(struct request *request)
{
	char *page = memory + request->a * PAGE;
	size_t pages = request->b;

	if (request->a < 0 || request->a + pages > memory_pages)
		return (struct answer){ EFAULT, 0 };
	if (strcmp(request->name, "pagemap") == 0)
		return pagemap(request);
	if (strcmp(request->name, "pageout") == 0)
		return outcome(madvise(page, pages * PAGE, MADV_PAGEOUT));
	if (strcmp(request->name, "forget") == 0)
		return outcome(madvise(page, pages * PAGE, MADV_DONTNEED));
	if (strcmp(request->name, "look") == 0) {
		/*
		 * A page that is only read may keep its slot, if it is still
		 * in the swap cache after zswap wrote it back.
		 */
		*(volatile char *)page = *(volatile char *)page;
		memcpy(data, page, PAGE);
		return (struct answer){ 0, PAGE };
	}
	if (request->data_bytes != PAGE)
		return (struct answer){ EINVAL, 0 };
	memcpy(page, data, PAGE);
	return outcome(0);
}

static struct answer close_request(struct request *request)
{
	(void)request;
	close_device();
	return outcome(0);
}

static struct answer swap_on(struct request *request)
{
	return outcome(swapon(request->path, 0));
}

static struct answer swap_off(struct request *request)
{
	return outcome(swapoff(request->path));
}

static const struct {
	const char *name;
	struct answer (*run)(struct request *request);
} REQUESTS[] = {
	{ "read", read_file },	 { "write", write_file },
	{ "pread", blocks },	 { "pwrite", blocks },
	{ "put", put_file },	 { "close", close_request },
	{ "discard", blocks },
	{ "node", make_node },	 { "map", map },
	{ "touch", on_memory },	 { "look", on_memory },
	{ "pageout", on_memory }, { "pagemap", on_memory },
	{ "forget", on_memory },
	{ "swapon", swap_on },	 { "swapoff", swap_off },
	{ "settle", settle },	 { "sleep", sleep_request },
};

static struct answer run(struct request *request)
{
	for (size_t nth = 0; nth < sizeof(REQUESTS) / sizeof(*REQUESTS); nth++)
		if (strcmp(request->name, REQUESTS[nth].name) == 0)
			return REQUESTS[nth].run(request);
	return (struct answer){ ENOSYS, 0 };
}

/*
 * Waits until the port can be read or written. It is not left to read(2) and
 * write(2): a write that waits for a host that is gone does so for ever.
 */
static void wait_for_port(short events)
{
	struct pollfd polled = { .fd = port, .events = events };

	if (poll(&polled, 1, -1) < 0 || polled.revents & POLLHUP)
		die("the host is gone");
}

static void receive(char *into, size_t bytes)
{
	while (bytes > 0) {
		ssize_t got = read(port, into, bytes);

		if (got == 0 || (got < 0 && errno != EAGAIN))
			die("the host is gone");
		if (got < 0) {
			wait_for_port(POLLIN);
			continue;
		}
		into += got;
		bytes -= got;
	}
}

static void transmit(const char *from, size_t bytes)
{
	while (bytes > 0) {
		ssize_t sent = write(port, from, bytes);

		if (sent == 0 || (sent < 0 && errno != EAGAIN))
			die("the host does not read");
		if (sent < 0) {
			wait_for_port(POLLOUT);
			continue;
		}
		from += sent;
		bytes -= sent;
	}
}

static void receive_request(struct request *request)
{
	char line[128];
	size_t length = 0;

	do {
		if (length == sizeof(line) - 1)
			die("a request's line is too long");
		receive(line + length, 1);
	} while (line[length++] != '\n');
	line[length] = 0;
	if (sscanf(line, "%15s %lld %lld %zu %zu", request->name, &request->a,
		   &request->b, &request->path_bytes,
		   &request->data_bytes) != 5)
		die("a request is '%s'", line);
	if (request->path_bytes >= PAGE || request->data_bytes > MOST)
		die("a request is too long");
	receive(request->path, request->path_bytes);
	request->path[request->path_bytes] = 0;
	receive(data, request->data_bytes);
}

static void serve(void)
{
	static struct request request;
	struct answer answer;
	char line[64];

	receive_request(&request);
	answer = run(&request);
	transmit(line, sprintf(line, "%d %zu\n", answer.error, answer.bytes));
	transmit(data, answer.bytes);
}

/*
 * Loads the modules that /modules/order lists, a path and then parameters, up
 * to one that the kernel refuses: that is told once there is a port.
 */
static void load_modules(void)
{
	FILE *order = fopen("/modules/order", "r");
	char line[512];

	if (order == NULL)
		die("/modules/order");
	while (refused[0] == 0 && fgets(line, sizeof(line), order) != NULL) {
		char *parameters = strchr(line, ' ');
		int file;

		line[strcspn(line, "\n")] = 0;
		*parameters++ = 0;
		file = open(line, O_RDONLY);
		if (syscall(SYS_finit_module, file, parameters, 0) < 0 &&
		    errno != EEXIST)
			snprintf(refused, sizeof(refused), "%s: %s", line,
				 strerror(errno));
		close(file);
	}
	fclose(order);
}

static void mount_all(void)
{
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	freopen("/dev/console", "w", stderr);
}

/* Waits for the port: the driver finds it after its module is loaded. */
static void open_port(void)
{
	for (int tries = 0; tries < 1000; tries++) {
		port = open("/dev/vport0p1", O_RDWR | O_NONBLOCK);
		if (port >= 0)
			return;
		usleep(10000);
	}
	die("%s", refused[0] ? refused : "/dev/vport0p1");
}

int main(void)
{
	mount_all();
	load_modules();
	/* One byte more: a text that fills it is ended there. */
	data = aligned_alloc(PAGE, MOST + PAGE);
	open_port();
	if (refused[0]) {
		transmit(refused, strlen(refused));
		transmit("\n", 1);
		die("%s", refused);
	}
	/* What the tests page out is mapped later, and not locked. */
	if (data == NULL || mlockall(MCL_CURRENT) < 0)
		die("no memory");
	transmit("ready\n", 6);
	for (;;)
		serve();
}
