#include "harness/evidence/shown.h"

#include <netinet/in.h>
#include <string.h>

struct sockaddr_storage shown_address(const struct sockaddr_storage *at, uint16_t port)
{
	struct sockaddr_storage shown = { .ss_family = AF_INET };
	struct sockaddr_in *in = (struct sockaddr_in *)&shown;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&shown;

	if (at->ss_family == AF_INET || at->ss_family == AF_INET6)
		shown = *at;
	else
		in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (port && shown.ss_family == AF_INET6)
		in6->sin6_port = htons(port);
	else if (port)
		in->sin_port = htons(port);
	return shown;
}
