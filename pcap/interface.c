#include "pcap/interface.h"

#include <pcap.h> /* libpcap's: no header of this folder has that name */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

enum {
	SNAPSHOT_BYTES = 65535 + 64, /* a whole IP datagram and the link header before it */
	/* (libpcap's immediate mode would take slots of the snapshot length instead of blocks, so few of
	 * them that a busy loopback loses half of its packets.)
	 */
	RING_BYTES = 32 * 1024 * 1024,
};

struct problem {
	char *text;
	size_t size;
};

__attribute__((format(printf, 2, 3))) static bool refuse(
	struct problem *problem, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(problem->text, problem->size, format, args);
	va_end(args);
	return false;
}

static bool refuse_activation(
	struct problem *problem, const char *interface, pcap_t *pcap, int status)
{
	switch (status) {
	case PCAP_ERROR_NO_SUCH_DEVICE:
		return refuse(problem, "%s: no such interface; `any` takes all", interface);
	case PCAP_ERROR_PERM_DENIED:
		return refuse(problem,
			"%s: no permission to capture; it takes root or CAP_NET_RAW "
			"(`setcap cap_net_raw+ep` on the program)",
			interface);
	case PCAP_ERROR_IFACE_NOT_UP:
		return refuse(problem, "%s: the interface is down", interface);
	case PCAP_ERROR: return refuse(problem, "%s: %s", interface, pcap_geterr(pcap));
	default:
		return refuse(problem, "%s: %s (%s)", interface, pcap_statustostr(status),
			pcap_geterr(pcap));
	}
}

static bool interface_activate(pcap_t *pcap, const char *interface, struct problem *problem)
{
	char words[PCAP_ERRBUF_SIZE] = "";

	pcap_set_snaplen(pcap, SNAPSHOT_BYTES);
	pcap_set_buffer_size(pcap, RING_BYTES);
	pcap_set_timeout(pcap, INTERFACE_BLOCK_MS);
	int status = pcap_activate(pcap);
	if (status < 0)
		return refuse_activation(problem, interface, pcap, status);
	if (pcap_setnonblock(pcap, 1, words) != 0)
		return refuse(problem, "%s: %s", interface, words);
	return true;
}

static bool interface_filter(
	pcap_t *pcap, const char *interface, const char *filter, struct problem *problem)
{
	struct bpf_program program;

	if (!filter)
		return true;
	if (pcap_compile(pcap, &program, filter, 1, PCAP_NETMASK_UNKNOWN) != 0)
		return refuse(problem, "%s: no filter for `%s`: %s", interface, filter,
			pcap_geterr(pcap));
	int status = pcap_setfilter(pcap, &program);
	pcap_freecode(&program);
	if (status != 0)
		return refuse(problem, "%s: %s", interface, pcap_geterr(pcap));
	return true;
}

struct pcap *interface_open(
	const char *interface, const char *filter, char *problem, size_t problem_size)
{
	struct problem to = { problem, problem_size };
	char words[PCAP_ERRBUF_SIZE] = "";
	pcap_t *pcap = pcap_create(interface, words);

	if (!pcap) {
		refuse(&to, "%s: %s", interface, words);
		return NULL;
	}
	if (!interface_activate(pcap, interface, &to) ||
		!interface_filter(pcap, interface, filter, &to)) {
		pcap_close(pcap);
		return NULL;
	}
	return pcap;
}
