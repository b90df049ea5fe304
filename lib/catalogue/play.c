#include "catalogue/play.h"

#include "base/digest.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DAY_SECONDS 86400
#define TEXT_MAX 1024 /* bytes; the end of a longer User-Agent does not count */

static void write_network(const char *address, char out[INET6_ADDRSTRLEN])
{
	struct in6_addr network;

	snprintf(out, INET6_ADDRSTRLEN, "%s", address);
	if (inet_pton(AF_INET6, address, &network) != 1)
		return;
	/* ::ffff:192.0.2.1 is one IPv4 host, not a network of many */
	if (!IN6_IS_ADDR_V4MAPPED(&network))
		memset(network.s6_addr + 8, 0, 8);
	inet_ntop(AF_INET6, &network, out, INET6_ADDRSTRLEN);
}

struct play_listener play_listener(const uint8_t secret[32], const char *address, const char *agent,
				   int64_t now_seconds)
{
	char network[INET6_ADDRSTRLEN], text[TEXT_MAX];
	struct play_listener listener;
	uint8_t mac[32];

	write_network(address ? address : "", network);
	snprintf(text, sizeof(text), "%" PRId64 "\n%s\n%s", now_seconds / DAY_SECONDS, network,
		 agent ? agent : "");
	digest_hmac(secret, text, mac);
	digest_hex(mac, sizeof(mac), listener.text);
	return listener;
}
