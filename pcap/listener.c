#include "pcap/listener.h"

#include <arpa/inet.h>
#include <stdio.h>

void flow_end_text(const struct flow *flow, enum flow_from which, char text[static FLOW_END_TEXT])
{
	const struct flow_end *end = &flow->ends[which];
	char address[INET6_ADDRSTRLEN] = "?";

	inet_ntop(flow->ipv6 ? AF_INET6 : AF_INET, end->address, address, sizeof(address));
	snprintf(text, FLOW_END_TEXT, flow->ipv6 ? "[%s]:%u" : "%s:%u", address,
		(unsigned)end->port);
}
