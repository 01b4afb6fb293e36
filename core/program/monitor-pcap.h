/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Packets of a machine that is watched, as a pcapng file (draft-ietf-opsawg-pcapng) for Wireshark,
 * tcpdump and the like. */
#ifndef TSR_PROGRAM_MONITOR_PCAP_H
#define TSR_PROGRAM_MONITOR_PCAP_H

#include "program/monitor-stream.h"

struct monitor_pcap;

/* path: "-" is standard output. NULL: errno says why. */
struct monitor_pcap *monitor_pcap_new(const char *path);
/* Adds the event, if it is a packet or tells of lost ones. time_ns: since 1970. */
void monitor_pcap_add(struct monitor_pcap *pcap, const struct monitor_event *event,
		      uint64_t time_ns);
/* Hands over what was added. FALSE: errno says why. */
gboolean monitor_pcap_flush(struct monitor_pcap *pcap);
/* FALSE: what was added last is not in the file; errno says why. */
gboolean monitor_pcap_free(struct monitor_pcap *pcap);

#endif
