/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Forwarding rules as users write them. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "net-user.h"

#define RULE_MAX 96

static bool parse_port(const char *text, uint16_t *out)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || value < 1 || value > 65535)
		return false;
	*out = (uint16_t)value;
	return true;
}

/* "ADDRESS:PORT"; an empty address: `otherwise` (network order). */
static bool parse_end(char *text, in_addr_t otherwise, struct in_addr *address, uint16_t *port)
{
	char *colon = strrchr(text, ':');

	if (!colon)
		return false;
	*colon = 0;
	address->s_addr = otherwise;
	return (!*text || inet_pton(AF_INET, text, address) == 1) && parse_port(colon + 1, port);
}

static bool parse_rule(char *rule, struct forward *out)
{
	char *dash = strchr(rule, '-');

	out->udp = !strncmp(rule, "udp:", 4);
	if ((!out->udp && strncmp(rule, "tcp:", 4)) || !dash)
		return false;
	*dash = 0;
	return parse_end(rule + 4, htonl(INADDR_LOOPBACK), &out->host, &out->host_port) &&
	       parse_end(dash + 1, htonl(INADDR_ANY), &out->guest, &out->guest_port);
}

bool forward_parse(const char **text, struct forward *out, struct tsr_error *error)
{
	size_t length = strcspn(*text, ";");
	char rule[RULE_MAX];

	snprintf(rule, sizeof(rule), "%.*s", (int)(length < RULE_MAX ? length : RULE_MAX), *text);
	if (length >= RULE_MAX || !parse_rule(rule, out))
		return tsr_error_set(error, TSR_ERROR_INVALID,
				     "hostfwd=%.*s is not tcp:HOST:PORT-GUEST:PORT, such as "
				     "tcp:127.0.0.1:2222-:22",
				     (int)(length < 200 ? length : 200), *text);
	*text += length + ((*text)[length] == ';');
	return true;
}
