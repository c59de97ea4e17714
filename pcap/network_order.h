/* Numbers as they stand in packets: big endian, anywhere in memory. */
#ifndef PCAP_NETWORK_ORDER_H
#define PCAP_NETWORK_ORDER_H

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t network_u16(const uint8_t *at)
{
	uint16_t value;

	memcpy(&value, at, sizeof(value));
	return ntohs(value);
}

static inline uint32_t network_u32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return ntohl(value);
}

#endif
